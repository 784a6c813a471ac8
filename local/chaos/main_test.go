package chaos

import (
	"flag"
	"os"
	"strings"
	"testing"

	"returnbridge/internal/app"
	"returnbridge/internal/ledger/ledgertest"
)

var long = flag.Bool("long", false, "the long form: every step boundary, more returns, more kills")

// atOnce is how many tests run beside each other: they mostly wait.
const atOnce = "8"

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" { //nolint:forbidigo // says that this process is no test
		if err := runChild(file); err != nil {
			_, _ = os.Stderr.WriteString("child: " + err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	if words := os.Getenv(typedWords); words != "" { //nolint:forbidigo // says that this process is no test
		starter := app.StarterCommand()
		starter.SetArgs(strings.Split(words, "\n"))
		if starter.Execute() != nil {
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(ledgertest.Main(m))
}

// either is the size of a test in its short and its long form.
func either[T any](short, whole T) T {
	if *long {
		return whole
	}
	return short
}
