// Package bench measures what a return costs and how fast returns go. Every
// number comes from the books of the platforms' sandboxes, from the server's own
// counter and histories, or from the ledger, and each figure says how it was got.
// A target that is missed is printed as missed.
package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/server/common/headers"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/local/demo"
)

// Options say what to measure.
type Options struct {
	Quick    bool
	Limit    time.Duration // for all figures together; what does not fit is not measured
	Only     []string      // figures by name; none: all
	Command  string        // printed with the figures
	Log      *zap.Logger
	Progress func(what string)
}

// sizes are how much of everything is run.
type sizes struct {
	few, many      int // returns of the two runs that a marginal figure is taken from
	atOnce         int // returns that go through it side by side, each with a product of its own
	sweeps         int // runs of each schedule that are counted
	days           []day
	speedFew       int // returns at once of the two runs of a speed, in memory
	speedMany      int
	fileFew        int // the same with Temporal in a file
	fileMany       int
	outageReturns  int
	outageFor      time.Duration
	webhooksASec   int
	webhookSeconds int
}

// A normal day has 400 returns: at ten times that, half an hour brings 83.
var (
	full = sizes{
		few: 12, many: 36, atOnce: 12, sweeps: 8,
		days:     []day{{100, 2000, false}, {400, 2000, false}, {2000, 20000, false}, {500, 500, true}},
		speedFew: 40, speedMany: 160, fileFew: 40, fileMany: 160,
		outageReturns: 83, outageFor: 30 * time.Second, webhooksASec: 200, webhookSeconds: 60,
	}
	quick = sizes{
		few: 2, many: 4, atOnce: 4, sweeps: 2,
		days:     []day{{20, 2000, false}, {100, 100, true}},
		speedFew: 2, speedMany: 6,
		outageReturns: 6, outageFor: 5 * time.Second, webhooksASec: 100, webhookSeconds: 2,
	}
)

// bench is one run of all figures.
type bench struct {
	Options
	sizes
	dir    string
	perRMA callsPerStep // measured by the cost, used by the days
}

// figures are all questions in the order in which they are asked: the days are
// made of what the cost has measured.
var figures = []struct {
	name string
	ask  func(*bench, context.Context) (Figure, error)
}{
	{"cost", (*bench).cost},
	{"days", (*bench).daysOfCalls},
	{"speed-memory", (*bench).speedInMemory},
	{"speed-file", (*bench).speedInFile},
	{"outage", (*bench).outage},
	{"webhooks", (*bench).webhooks},
}

// Names are the figures that can be asked for.
func Names() []string {
	var all []string
	for _, f := range figures {
		all = append(all, f.name)
	}
	return all
}

// Run measures. A figure that could not be taken says so in its place.
func Run(ctx context.Context, o Options) (*Report, error) {
	b := &bench{Options: o, sizes: full}
	if o.Quick {
		b.sizes = quick
	}
	dir, err := os.MkdirTemp("", "returnbridge-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench data: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	b.dir = dir
	limited, stop := context.WithTimeoutCause(ctx, o.Limit, fmt.Errorf("the %s for all figures were over", o.Limit))
	defer stop()
	began := time.Now()
	r := &Report{Command: o.Command, Quick: o.Quick, At: began.UTC(), Machine: thisMachine(), Versions: theseVersions(), Figures: []Figure{}}
	for _, f := range figures {
		if !b.wanted(f.name) {
			continue
		}
		b.say("measuring " + f.name)
		since := time.Now()
		figure, err := f.ask(b, limited)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("bench: %w", ctx.Err())
		}
		if err != nil && limited.Err() != nil {
			err = context.Cause(limited)
		}
		if err != nil {
			figure.doubt("not measured: %s", err)
		}
		if len(figure.Values) == 0 && err == nil {
			continue // not of this size
		}
		figure.Name, figure.Seconds = f.name, time.Since(since).Seconds()
		if figure.Problems == nil {
			figure.Problems = []string{}
		}
		r.Figures = append(r.Figures, figure)
	}
	r.Seconds, r.Machine.LoadAfter = time.Since(began).Seconds(), load()
	return r, nil
}

func (b *bench) wanted(name string) bool {
	if len(b.Only) == 0 {
		return true
	}
	for _, o := range b.Only {
		if o == name || name == "cost" && o == "days" {
			return true
		}
	}
	return false
}

func (b *bench) say(what string) {
	if b.Progress != nil {
		b.Progress(what)
	}
}

// shrunk is by how much platforms' and merchant's periods are shortened, both
// alike: 48 hours are 8 minutes.
const shrunk = 1.0 / 360

// house starts a house of its own for a figure. Its periods are the defaults of
// production times shrunk, so that a clock rings as seldom as it would there; only
// windows too short to survive that keep the demo's length.
func (b *bench) house(ctx context.Context, name string, o demo.HouseOptions) (*demo.House, error) {
	o.Dir, o.Log, o.UIPort, o.Seed, o.PeriodFactor = filepath.Join(b.dir, name), b.Log, -1, 1, shrunk
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("bench data: %w", err)
	}
	more := o.Configure
	o.Configure = func(c *config.Config) {
		short := c.Periods
		c.Periods = defaults(shrunk)
		c.Periods.HTTPTimeout, c.Periods.RelayWindow, c.Periods.RelayTakeover = short.HTTPTimeout, short.RelayWindow, short.RelayTakeover
		c.Periods.SettleWindow, c.Periods.CreateSettle, c.Periods.ProofWait = short.SettleWindow, short.CreateSettle, short.ProofWait
		c.Periods.TroubleRetry = short.TroubleRetry
		c.Periods.SweepReturnGO, c.Periods.SweepReturnGOOpen, c.Periods.SweepTikTok = never, never, never
		c.Periods.RefreshToken, c.Periods.RefreshAhead = time.Minute, 2*time.Minute // a token lives 28 minutes
		if more != nil {
			more(c)
		}
	}
	h, err := demo.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("house: %w", err)
	}
	return h, nil
}

// open is a house in which nothing runs by schedule.
func (b *bench) open(ctx context.Context, name string, o demo.HouseOptions) (*demo.House, error) {
	h, err := b.house(ctx, name, o)
	if err != nil {
		return nil, err
	}
	for _, schedule := range []string{messages.SweepReturnGO, messages.SweepTikTok, messages.RefreshToken} {
		handle := h.Client.ScheduleClient().GetHandle(ctx, schedule+"/"+demo.ShopName)
		if err := handle.Pause(ctx, client.SchedulePauseOptions{Note: "not while this is measured"}); err != nil {
			h.Close()
			return nil, fmt.Errorf("pause %s: %w", schedule, err)
		}
	}
	return h, nil
}

// defaults are production's default periods, as the configuration's tags give
// them, times factor.
func defaults(factor float64) config.Periods {
	var p config.Periods
	for field, value := range reflect.ValueOf(&p).Elem().Fields() {
		d, err := time.ParseDuration(field.Tag.Get("default"))
		if err != nil {
			panic("bench: period " + field.Name + " has no default: " + err.Error())
		}
		value.SetInt(int64(float64(d) * factor))
	}
	return p
}

// defaultPace is production's pace, likewise.
func defaultPace() config.Pace {
	var p config.Pace
	for field, value := range reflect.ValueOf(&p).Elem().Fields() {
		n, err := strconv.ParseInt(field.Tag.Get("default"), 10, 64)
		if err != nil {
			panic("bench: pace " + field.Name + " has no default: " + err.Error())
		}
		value.SetInt(n)
	}
	return p
}

// never is a period that does not come round while a figure is taken.
const never = 10000 * time.Hour

func thisMachine() Machine {
	return Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpu(), LoadBefore: load()}
}

// cpu and load are known on Linux only; elsewhere they stay empty.
func cpu() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) >= 3 {
		return strings.Join(fields[:3], " ")
	}
	return ""
}

func theseVersions() Versions {
	return Versions{Go: runtime.Version(), SDK: temporal.SDKVersion, Server: headers.ServerVersion}
}
