package demo

import (
	"os"
	"strings"
	"testing"

	"returnbridge/internal/ledger"
)

var midway = Progress{
	Done: 12, Total: 40, OpenExceptions: 3, CallsToTikTok: 1812, CallsToReturnGO: 640,
	Stages: []ledger.StageCount{{Stage: "awaiting inspection", Returns: 9}, {Stage: "awaiting parcel", Returns: 11}, {Stage: "closed", Returns: 12}, {Stage: "writing back", Returns: 3}},
}

func TestTheProgressFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		200: " 10 s  12 of 40 returns done | exceptions 3 | calls: TikTok 1812, ReturnGO 640 | awaiting inspection 9, awaiting parcel 11, closed 12, writing back 3",
		100: " 10 s  12 of 40 returns done | exceptions 3 | calls: TikTok 1812, ReturnGO 640",
		80:  " 10 s  12 of 40 returns done | exceptions 3 | calls: TikTok 1812, ReturnGO 640",
		40:  " 10 s  12 of 40 returns done",
		20:  " 10 s  12 of 40 ret",
	} {
		var said strings.Builder
		progress := printProgress(&said, func() int { return width })
		for range 10 {
			progress(midway)
		}
		lines := strings.Split(said.String(), "\r\x1b[K")
		last := lines[len(lines)-1]
		if last != want || len(last) >= width || strings.Contains(said.String(), "\n") {
			t.Errorf("%d columns: %q", width, last)
		}
	}
}

func TestTheProgressElsewhereIsPlainLines(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/said")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	progress := printProgress(file, widthOf(file))
	for range 12 {
		progress(midway)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if said := string(text); strings.Count(said, "\n") != 2 || strings.ContainsAny(said, "\r\x1b") || !strings.Contains(said, " 12 of 40 returns done | ") {
		t.Errorf("said %q", said)
	}
}
