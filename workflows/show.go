package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// attributes are the search attributes as last written.
type attributes struct {
	stage, order, tiktokReturn string
	kinds, owners, skus        []string
	deadline, inspected        time.Time
}

// show lets people see where the return stands: details for one return, search
// attributes for lists. Attributes are billed, so only changes are written, all
// in one call.
func (r *returnRun) show(ctx workflow.Context, ended bool) {
	workflow.SetCurrentDetails(ctx, details(r.plan, r.next()))
	now := r.attributes(ended)
	if asks := !slices.Equal(now.kinds, r.shown.kinds); !asks && (!r.quiet() || canWait(r.shown, now, ended)) {
		return // about to change again; only what people must answer cannot wait
	}
	updates := changes(r.shown, now)
	if len(updates) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes were not written", "error", err)
		return
	}
	r.shown = now
}

// canWait tells whether nothing has changed that is worth a write of its own: the
// id of TikTok's return goes with the next stage.
func canWait(was, now attributes, ended bool) bool {
	if !ended && was.tiktokReturn == "" {
		was.tiktokReturn = now.tiktokReturn
	}
	return len(changes(was, now)) == 0
}

// attributes are what people search by. A return that has ended waits for nobody
// and for no deadline, whatever it showed last: lists by stage, kind or owner must
// not find it.
func (r *returnRun) attributes(ended bool) attributes {
	a := attributes{stage: string(r.plan.Stage), order: r.plan.OrderID, skus: r.plan.SKUs, inspected: r.plan.InspectedAt}
	if len(r.plan.TikTokReturnIDs) > 0 {
		a.tiktokReturn = r.plan.TikTokReturnIDs[0]
	}
	if ended {
		a.stage = string(returns.StageClosed)
		return a
	}
	a.deadline = r.plan.SellerDeadline
	for _, e := range r.plan.Exceptions {
		if !slices.Contains(a.kinds, string(e.Kind)) {
			a.kinds = append(a.kinds, string(e.Kind))
		}
		if !slices.Contains(a.owners, string(e.Owner)) {
			a.owners = append(a.owners, string(e.Owner))
		}
	}
	return a
}

// shownBefore are the attributes that were there at the start: a run that goes on
// from another inherits its attributes and has to take back what is over.
func shownBefore(sa temporal.SearchAttributes) attributes {
	var a attributes
	a.stage, _ = sa.GetKeyword(messages.AttrStage)
	a.order, _ = sa.GetKeyword(messages.AttrOrder)
	a.tiktokReturn, _ = sa.GetKeyword(messages.AttrTikTokReturn)
	a.kinds, _ = sa.GetKeywordList(messages.AttrExceptionKinds)
	a.owners, _ = sa.GetKeywordList(messages.AttrExceptionOwners)
	a.skus, _ = sa.GetKeywordList(messages.AttrSKUs)
	a.deadline, _ = sa.GetTime(messages.AttrDeadline)
	a.inspected, _ = sa.GetTime(messages.AttrInspectedAt)
	return a
}

func changes(was, now attributes) []temporal.SearchAttributeUpdate {
	var updates []temporal.SearchAttributeUpdate
	add := func(changed bool, u temporal.SearchAttributeUpdate) {
		if changed {
			updates = append(updates, u)
		}
	}
	add(was.stage != now.stage, messages.AttrStage.ValueSet(now.stage))
	add(was.order != now.order, messages.AttrOrder.ValueSet(now.order))
	add(was.tiktokReturn != now.tiktokReturn, messages.AttrTikTokReturn.ValueSet(now.tiktokReturn))
	add(!slices.Equal(was.kinds, now.kinds), messages.AttrExceptionKinds.ValueSet(now.kinds))
	add(!slices.Equal(was.owners, now.owners), messages.AttrExceptionOwners.ValueSet(now.owners))
	add(!slices.Equal(was.skus, now.skus), messages.AttrSKUs.ValueSet(now.skus))
	for _, t := range []struct {
		key      temporal.SearchAttributeKeyTime
		was, now time.Time
	}{{messages.AttrDeadline, was.deadline, now.deadline}, {messages.AttrInspectedAt, was.inspected, now.inspected}} {
		set := t.key.ValueSet(t.now)
		if t.now.IsZero() {
			set = t.key.ValueUnset()
		}
		add(!t.was.Equal(t.now), set)
	}
	return updates
}

// details is the return's story as a short page.
func details(p returns.Plan, next returns.Wake) string {
	var b strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	write("**%s** — %s\n\n", p.Stage, p.Summary)
	for _, e := range p.Exceptions {
		write("- `%s` (%s", e.Kind, e.Owner)
		if returns.Known(e.Amount) {
			write(", %s", e.Amount)
		}
		write("): %s\n", e.Sentence)
	}
	if len(p.Exceptions) > 0 {
		write("\n")
	}
	if len(p.Units) > 0 {
		write("| unit | inspection | authorised | refund | stock |\n| --- | --- | --- | --- | --- |\n")
		for _, u := range p.Units {
			write("| %s | %s | %s | %s | %s |\n", u.SKU, u.Inspection, u.Authorised, u.Refund, u.Stock)
		}
		write("\n")
	}
	if !p.SellerDeadline.IsZero() {
		write("TikTok decides by itself at %s.  \n", p.SellerDeadline.UTC().Format(time.RFC3339))
	}
	if !next.At.IsZero() {
		write("Looks again at %s: %s.  \n", next.At.UTC().Format(time.RFC3339), next.Why)
	}
	write("Decided at %s by rules %s.\n", p.DecidedAt.UTC().Format(time.RFC3339), p.Rules)
	return b.String()
}
