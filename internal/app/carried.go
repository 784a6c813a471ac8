package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.uber.org/zap"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// askPatience is how long list and show wait for Temporal: what they say of the ledger
// they say without it, too.
const askPatience = 3 * time.Second

// listedWithin is how soon a workflow that began stands in Temporal's lists.
const listedWithin = time.Minute

// carriage is what Temporal says of the open returns of the ledger.
type carriage struct {
	Uncarried []uncarried `json:"uncarried,omitempty"` // open, and no workflow runs for them
	Unknown   bool        `json:"unknown,omitempty"`   // Temporal did not answer
	Back      string      `json:"back_within,omitempty"`
}

type uncarried struct {
	Shop   string      `json:"shop"`
	Return returns.Key `json:"return"`
}

// backWithin is after how long a sweep has taken up a return that nobody carries.
func (h *house) backWithin() time.Duration { return (overdueSweeps + 1) * h.cfg.Periods.SweepTikTok }

// askTemporal connects to Temporal for a command that can do without it.
func (h *house) askTemporal(ctx context.Context) error {
	if h.temporal != nil {
		return nil
	}
	c, namespace, err := dial(ctx, zap.NewNop())
	if err != nil {
		return err
	}
	h.temporal, h.namespace, h.waker.temporal = c, namespace, c
	h.closers = append(h.closers, c.Close)
	return nil
}

// carriage asks which open returns no workflow carries, in one shop or all.
func (h *house) carriage(ctx context.Context, only string) (carriage, error) {
	all := carriage{Back: span(h.backWithin())}
	patience, stop := context.WithTimeout(ctx, askPatience)
	defer stop()
	if h.askTemporal(patience) != nil {
		return carriage{Unknown: true}, nil
	}
	for _, s := range h.shops(only) {
		open, err := h.uncarried(patience, s.Name)
		if patience.Err() != nil || errors.Is(err, errNotListed) {
			return carriage{Unknown: true}, nil
		}
		if err != nil {
			return carriage{}, err
		}
		for _, key := range open {
			all.Uncarried = append(all.Uncarried, uncarried{s.Name, key})
		}
	}
	return all, nil
}

var errNotListed = errors.New("temporal does not list what runs")

// uncarried are a shop's open returns for which no workflow runs.
func (h *house) uncarried(ctx context.Context, shop string) ([]returns.Key, error) {
	var open []returns.Key
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		open, err = tx.OpenReturnsDecidedBefore(ctx, shop, h.now().Add(-listedWithin))
		return err
	})
	if err != nil || len(open) == 0 {
		return nil, err
	}
	running, err := h.waker.Running(ctx, shop)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotListed, err)
	}
	return slices.DeleteFunc(open, func(key returns.Key) bool { return running[messages.ReturnID(shop, key)] }), nil
}

// mostNamed bounds how many returns a sentence names.
const mostNamed = 10

func (c carriage) text() string {
	switch {
	case c.Unknown:
		return "Temporal does not answer: whether somebody carries the returns is not known.\n"
	case len(c.Uncarried) == 0:
		return ""
	}
	var names []string
	for _, u := range c.Uncarried[:min(len(c.Uncarried), mostNamed)] {
		names = append(names, fmt.Sprintf("%s of %s", u.Return, u.Shop))
	}
	if more := len(c.Uncarried) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("No workflow carries %s: cancelled or terminated in Temporal, or forgotten there. Each comes back by itself within %s, with starter backfill --yes at once: %s\n",
		count(len(c.Uncarried), "open return"), c.Back, strings.Join(names, ", "))
}

// carrier says in a sentence why no workflow carries an open return; empty if one does.
func (h *house) carrier(ctx context.Context, of ledger.ReturnRef) string {
	ctx, stop := context.WithTimeout(ctx, askPatience)
	defer stop()
	err := h.askTemporal(ctx)
	if err != nil {
		return "Temporal does not answer: whether a workflow carries it is not known"
	}
	d, err := h.temporal.DescribeWorkflowExecution(ctx, messages.ReturnID(of.Shop, of.Key), "")
	why := "there is none in Temporal"
	_, none := errors.AsType[*serviceerror.NotFound](err)
	switch info := d.GetWorkflowExecutionInfo(); {
	case none:
	case err != nil:
		return "Temporal does not answer: whether a workflow carries it is not known"
	case info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return ""
	default:
		why = strings.ToLower(info.GetStatus().String()) + " " + fromNow(info.GetCloseTime().AsTime(), h.now())
	}
	return fmt.Sprintf("%s: nobody carries it. It comes back by itself within %s; at once with: starter recheck %s --shop %s", why, span(h.backWithin()), of.Key, of.Shop)
}

// checkCarriage counts the returns that nobody carries, and names what cannot go on.
func (c *checkup) checkCarriage(ctx context.Context) {
	w := &waker{temporal: c.temporal}
	failing, err := w.failing(ctx, "")
	_, old := errors.AsType[*serviceerror.InvalidArgument](err)
	switch {
	case old:
		c.note("Temporal", "this Temporal does not say which workflows cannot go on: one is noticed an hour after it should have looked")
	case err != nil:
		c.problem("Temporal", "%v", err)
	}
	for id, cause := range failing {
		c.problem("Temporal", "workflow %s cannot go on: its next step fails again and again (%s). The worker's log says why; \"starter list --kind workflow-stuck\" says what to do", id, cause)
	}
	for _, s := range c.cfg.Shops {
		area := "shop " + s.Name
		c.waker = w
		open, err := c.uncarried(ctx, s.Name)
		if err != nil {
			c.problem(area, "%v", err)
			continue
		}
		if len(open) > 0 {
			c.note(area, "no workflow carries %s: cancelled or terminated in Temporal, or forgotten there. Each comes back by itself within %s while worker and starter run; at once with \"starter backfill --yes\"",
				count(len(open), "open return"), span(c.backWithin()))
		}
		var stuck []returns.Key
		err = c.ledger.Read(ctx, func(tx *ledger.Tx) error {
			stuck, err = tx.KnownStuck(ctx, s.Name)
			return err
		})
		switch {
		case err != nil:
			c.problem(area, "%v", err)
		case len(stuck) > 0:
			c.problem(area, "%s cannot go on: see \"starter list --shop %s --kind workflow-stuck\"", count(len(stuck), "workflow"), s.Name)
		}
	}
}
