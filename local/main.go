// Command local runs everything on one machine with nothing installed: an
// embedded Temporal server, sandboxes of both platforms, and the demo.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"returnbridge/local/bench"
	"returnbridge/local/demo"
)

func main() {
	root := &cobra.Command{Use: "local", Short: "returnbridge on one machine, for development"}
	root.AddCommand(demo.Command(), demo.HistoriesCommand(), bench.Command())
	if root.Execute() != nil {
		os.Exit(1)
	}
}
