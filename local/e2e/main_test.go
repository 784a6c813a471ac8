package e2e

import (
	"flag"
	"os"
	"testing"
)

// atOnce is how many tests run beside each other: they mostly wait.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
