package bench

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/local/demo"
	"returnbridge/local/devserver"
)

// ofShops finds what schedules run for a shop, whether it has returns or not.
const ofShops = "WorkflowType IN ('" + messages.SweepReturnGO + "', '" + messages.SweepTikTok + "', '" + messages.RefreshToken + "')"

// fixedCost adds what a shop costs by the day without any return: what a run of
// its schedules costs, times the runs of a day at the default periods.
func (b *bench) fixedCost(ctx context.Context, f *Figure) error {
	often := 2 * time.Second
	h, err := b.house(ctx, "fixed", demo.HouseOptions{Configure: func(c *config.Config) {
		c.Periods.SweepReturnGO, c.Periods.SweepReturnGOOpen, c.Periods.SweepTikTok, c.Periods.RefreshToken = often, often, often, often
	}})
	if err != nil {
		return err
	}
	defer h.Close()
	before, ran, err := whileResting(ctx, h, 1)
	if err != nil {
		return err
	}
	after, runs, err := whileResting(ctx, h, ran+3*b.sweeps)
	if err != nil {
		return err
	}
	p := defaults(1)
	aDay := 0
	for _, every := range []time.Duration{p.SweepReturnGO, p.SweepTikTok, p.RefreshToken} {
		aDay += int(24 * time.Hour / every)
	}
	kinds := minus(after.Actions, before.Actions)
	each := per(sum(kinds), runs-ran)
	f.add(
		plain("billed actions of one run of a schedule (sweep or token)", each, "actions"),
		plain("runs of a shop's schedules a day, at default periods", float64(aDay), "runs"),
		plain("fixed cost of a shop a day", each*float64(aDay), "actions"),
	)
	t := byKind(fmt.Sprintf("billed actions of a schedule's run, by kind (%d runs of a shop without returns)", runs-ran), runs-ran, kinds)
	t.Columns = []string{"a run"}
	f.Tables = append(f.Tables, t)
	return nil
}

// whileResting reads the server's counter at a moment when no scheduled run is
// under way and at least so many have ended.
func whileResting(ctx context.Context, h *demo.House, least int) (f devserver.Figures, ended int, err error) {
	err = until(ctx, "scheduled runs", func() (bool, error) {
		first, err := h.Server.Figures(ctx)
		if err != nil {
			return false, err //nolint:wrapcheck // it names the endpoint
		}
		runs, err := allRuns(ctx, h.Client, ofShops)
		if err != nil {
			return false, err
		}
		for _, r := range runs {
			if r.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				return false, nil
			}
		}
		again, err := allRuns(ctx, h.Client, ofShops)
		if err != nil {
			return false, err
		}
		f, err = h.Server.Figures(ctx)
		ended = len(runs)
		return err == nil && ended >= least && len(again) == ended && f.ActionsTotal == first.ActionsTotal, err //nolint:wrapcheck // it names the endpoint
	})
	return f, ended, err
}
