// Command local runs everything on one machine with nothing installed: an
// embedded Temporal server, sandboxes of both platforms, and the demo; or the
// sandboxes alone, for a worker and a starter of one's own.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"returnbridge/local/bench"
	"returnbridge/local/demo"
	"returnbridge/local/sandbox"
)

func main() {
	root := &cobra.Command{Use: "local", Short: "returnbridge on one machine, for development"}
	root.AddCommand(demo.Command(), demo.HistoriesCommand(), sandbox.Command(), bench.Command())
	if root.Execute() != nil {
		os.Exit(1)
	}
}
