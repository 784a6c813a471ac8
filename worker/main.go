// Command worker runs the workflows and activities.
package main

import (
	"os"

	"returnbridge/internal/app"
)

func main() {
	if app.WorkerCommand().Execute() != nil {
		os.Exit(1)
	}
}
