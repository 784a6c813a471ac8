package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"returnbridge/internal/app"
)

// How many tests run beside each other, for they mostly wait: of a short run, and of
// one that tells every story.
const (
	atOnce    = "4"
	allAtOnce = "16"
)

// allKinds tells the story of every kind of exception, not only of some (make kinds).
var allKinds = flag.Bool("kinds", false, "tell the story of every kind of exception")

// asStarter makes this binary the starter: a command that people type, in a process
// and with a Temporal of its own.
const asStarter = "E2E_AS_STARTER"

func TestMain(m *testing.M) {
	if os.Getenv(asStarter) != "" { //nolint:forbidigo // says that this process is no test
		if err := app.StarterCommand().Execute(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	n := atOnce
	if *allKinds {
		n = allAtOnce
	}
	if err := flag.Set("test.parallel", n); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
