// Command starter brings events in, and holds the commands for people.
package main

import (
	"os"

	"returnbridge/internal/app"
)

func main() {
	if app.StarterCommand().Execute() != nil {
		os.Exit(1)
	}
}
