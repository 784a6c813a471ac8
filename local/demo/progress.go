package demo

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"golang.org/x/term"
)

// printProgress keeps one live line on a terminal, which is so many columns wide, and
// prints a line now and then elsewhere (0).
func printProgress(out io.Writer, width func() int) func(Progress) {
	seconds := 0
	return func(p Progress) {
		seconds++
		switch columns := width(); {
		case columns > 0:
			// A line that fills the last column already begins the next one.
			say(out, "\r\x1b[K%s", progressLine(p, seconds, columns-1))
		case seconds%5 == 0:
			say(out, "%s\n", progressLine(p, seconds, math.MaxInt))
		}
	}
}

// progressLine says where a run stands, in at most so many columns: what does not fit
// is left out, the least important first.
func progressLine(p Progress, seconds, columns int) string {
	line := fmt.Sprintf("%3d s  %d of %d returns done", seconds, p.Done, p.Total)
	var stages []string
	for _, s := range p.Stages {
		stages = append(stages, fmt.Sprintf("%s %d", s.Stage, s.Returns))
	}
	for _, part := range []string{
		fmt.Sprintf("exceptions %d", p.OpenExceptions),
		fmt.Sprintf("calls: TikTok %d, ReturnGO %d", p.CallsToTikTok, p.CallsToReturnGO),
		strings.Join(stages, ", "),
	} {
		if longer := line + " | " + part; part != "" && len(longer) <= columns { // all of it is ASCII
			line = longer
		}
	}
	return line[:min(len(line), columns)]
}

// widthOf asks how wide the terminal is that out writes to; 0: it is none. People
// change the width, so it is asked each time.
func widthOf(out io.Writer) func() int {
	return func() int {
		f, isFile := out.(*os.File)
		if !isFile || !term.IsTerminal(int(f.Fd())) {
			return 0
		}
		const usual = 80
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width < 2 {
			return usual
		}
		return width
	}
}
