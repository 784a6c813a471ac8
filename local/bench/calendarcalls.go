package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
)

// wants adds to the calls of an RMA, and makes what can be made now. An RMA that
// waits already has one time at which it goes on.
func (c *calendar) wants(ctx context.Context, r *rma, w want) error {
	waits := r.news+r.money > 0
	r.news += w.news
	r.money += w.money
	if waits {
		return nil
	}
	return c.carryOn(ctx, r)
}

// carryOn makes the calls of an RMA one by one, reads first, until one is put off.
func (c *calendar) carryOn(ctx context.Context, r *rma) error {
	for r.news > 0 {
		out, err := inActivity[messages.PlanResult](c.acts.LookReturnGO, messages.LookInput{Shop: demo.ShopName, Key: returns.RMAKey(r.id)})
		at := out.Later.At
		if again := retryDelay(err); again > 0 {
			at, err = c.now.Add(again), nil
		}
		if err != nil {
			return fmt.Errorf("look: %w", err)
		}
		if !at.IsZero() {
			c.refused["news"]++
			c.at(at, func(ctx context.Context) error { return c.carryOn(ctx, r) })
			return nil
		}
		r.news--
	}
	for r.money > 0 {
		put, err := c.forMoney(ctx, r)
		if err != nil {
			return err
		}
		if put {
			c.refused["money"]++
			c.at(c.midnight(), func(ctx context.Context) error { return c.carryOn(ctx, r) })
			return nil
		}
		r.money--
	}
	return nil
}

// forMoney is one call of the deciding read or, the last of them, the write-back.
// TikTok has paid in between.
func (c *calendar) forMoney(ctx context.Context, r *rma) (putOff bool, err error) {
	if r.money > 1 || !r.transaction || r.settled {
		_, err = c.money.RMA(ctx, r.id)
		return isPutOff(err), unlessPutOff(err)
	}
	books, _ := c.sandbox.RMA(r.id)
	t := books.Transactions[0]
	_, err = c.money.SetTransaction(ctx, t.ID, returngo.TransactionUpdate{Status: returns.TransactionSuccess, Reference: "4030000000000000001"})
	if err != nil {
		return isPutOff(err), unlessPutOff(err)
	}
	r.settled = true
	c.paid++
	return false, c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		seen, _, err := tx.RMASeen(ctx, demo.ShopName, r.id)
		if err != nil {
			return err
		}
		for i := range seen.Transactions { // the echo of our own write is no news
			seen.Transactions[i].Status = returns.TransactionSuccess
		}
		return tx.SaveRMA(ctx, demo.ShopName, seen, c.now)
	})
}

// retryDelay is when Temporal would try a failed activity again, as it asked.
func retryDelay(err error) time.Duration {
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return e.NextRetryDelay()
	}
	return 0
}

// isPutOff tells whether the day had no room for a call.
func isPutOff(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.Code == returngo.CodeQuotaKept
}

func unlessPutOff(err error) error {
	if isPutOff(err) {
		return nil
	}
	return err
}

func (c *calendar) sweep(context.Context) error {
	out, err := inActivity[messages.SweepResult](c.acts.SweepReturnGO, messages.ShopInput{Shop: demo.ShopName, ReturnGOKey: calendarName})
	if again := retryDelay(err); again > 0 {
		c.at(c.now.Add(again), c.sweep)
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if out.PutOff {
		c.sweepsPutOff++
	}
	return nil
}

// callsByPurpose are the calls of the day that has just ended.
func (c *calendar) callsByPurpose(ctx context.Context) (map[string]int, error) {
	calls := map[string]int{}
	err := c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		hours, err := tx.QuotaUse(ctx, calendarName, c.now.Add(-time.Hour))
		for _, u := range hours {
			calls[u.Purpose] += u.Used
		}
		return err
	})
	return calls, err
}

func (c *calendar) waiting() (n int) {
	for _, r := range c.all {
		if r.news+r.money > 0 {
			n++
		}
	}
	return n
}

// lost are authorised refunds that ReturnGO's books do not show as settled.
func (c *calendar) lost() (n int) {
	books := c.sandbox.Books()
	for _, r := range c.all {
		settled := slices.ContainsFunc(books.RMAs[r.id].Transactions, func(t returngosandbox.Transaction) bool { return t.Status == returns.TransactionSuccess })
		if r.transaction && !settled {
			n++
		}
	}
	return n
}

// forecast is what `starter quota` says of the day.
type forecast struct {
	ByMidnight int       `json:"by_midnight"`
	PutOff     int       `json:"put_off"`
	RunsOut    time.Time `json:"runs_out"`
}

func (c *calendar) forecast(ctx context.Context) (forecast, error) {
	var text bytes.Buffer
	cfg := &config.Config{Ledger: c.path, ReturnGO: []config.ReturnGOKey{{Name: calendarName, CallsPerDay: c.day.quota}}}
	err := app.Quota(ctx, cfg, app.Deps{Now: func() time.Time { return c.now }}, app.Output{Writer: &text, JSON: true})
	if err != nil {
		return forecast{}, err //nolint:wrapcheck // the command's own words
	}
	var report struct {
		Keys []forecast `json:"keys"`
	}
	if err := json.Unmarshal(text.Bytes(), &report); err != nil || len(report.Keys) != 1 {
		return forecast{}, fmt.Errorf("forecast: %w", err)
	}
	return report.Keys[0], nil
}

// inActivity runs an activity as a worker would, without a server.
func inActivity[Out any](do, in any) (out Out, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(do)
	value, err := env.ExecuteActivity(do, in)
	if err != nil {
		return out, err //nolint:wrapcheck // the activity's own
	}
	return out, value.Get(&out) //nolint:wrapcheck // it has just been encoded
}
