package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/notify"
)

// Alerts are the ways to people, and what each is told.
type Alerts struct {
	Policy ledger.AlertPolicy
	Send   ledger.SendPolicy
	Sinks  map[string]notify.Sink // by name
	Writer notify.Writer
}

// AlertClaim is how long a message belongs to whoever sends it: a sending with what
// two machines' clocks differ fits in twice.
const AlertClaim = 2 * time.Minute

// roundOfAlerts is how long a round begins further messages: it ends before the next.
const roundOfAlerts = 40 * time.Second

// Notify is one round of telling people. Each sink is served beside the others: one
// that is slow or down delays only itself. A sink that fails is no error here: what it
// was to tell waits in the ledger.
func (a *Activities) Notify(ctx context.Context, _ messages.NotifyInput) (messages.NotifyResult, error) {
	var out messages.NotifyResult
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.GatherAlerts(ctx, a.Alerts.Policy) })
	if err != nil {
		return out, retryable(ctx, err)
	}
	began := time.Now() // of the real clock: it bounds this attempt
	results := make([]messages.NotifyResult, len(a.Alerts.Policy.Sinks))
	var group errgroup.Group
	for i, s := range a.Alerts.Policy.Sinks {
		group.Go(func() (err error) {
			for more := true; more && err == nil && time.Since(began) < roundOfAlerts; {
				more, err = a.tellOne(ctx, s, &results[i])
			}
			return err
		})
	}
	err = group.Wait()
	for _, r := range results {
		out.Sent, out.Failed = out.Sent+r.Sent, out.Failed+r.Failed
	}
	if err == nil {
		err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.TellOfSinks(ctx) })
	}
	return out, orRetry(ctx, err)
}

// tellOne sends the next message of a sink; false if there is none now.
func (a *Activities) tellOne(ctx context.Context, s ledger.Sink, out *messages.NotifyResult) (bool, error) {
	var claim ledger.Claim
	var due bool
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		claim, due, err = tx.ClaimMessage(ctx, s, a.Alerts.Send)
		return err
	})
	if err != nil || !due {
		return false, err
	}
	log := activity.GetLogger(ctx)
	failed := a.Alerts.Sinks[s.Name].Send(ctx, a.write(claim))
	if failed != nil {
		out.Failed++
		log.Warn("a sink did not take a message; it is sent again later", "sink", s.Name, "message", claim.ID, "sort", string(claim.Sort), "why", failed.Error())
		return false, a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MessageFailed(ctx, claim, failed.Error()) })
	}
	out.Sent++
	log.Info("people were told", "sink", s.Name, "message", claim.ID, "sort", string(claim.Sort), "alerts", len(claim.Alerts), "again", claim.Again)
	return true, a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MessageSent(ctx, claim) })
}

func (a *Activities) write(c ledger.Claim) notify.Message {
	w := a.Alerts.Writer
	switch c.Sort {
	case ledger.MessageDay:
		return w.Day(c.ID, c.Day)
	case ledger.MessageDigest:
		return w.Digest(c.ID, c.Alerts, c.Again)
	}
	return w.Cause(c.ID, c.Alerts, c.Again)
}
