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
func (r *returnRun) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(r.plan))
	now := r.attributes()
	if !r.quiet() && slices.Equal(now.kinds, r.shown.kinds) {
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

func (r *returnRun) attributes() attributes {
	a := attributes{
		stage: string(r.plan.Stage), order: r.plan.OrderID, skus: r.plan.SKUs,
		deadline: r.plan.SellerDeadline, inspected: r.plan.InspectedAt,
	}
	if len(r.plan.TikTokReturnIDs) > 0 {
		a.tiktokReturn = r.plan.TikTokReturnIDs[0]
	}
	for _, e := range r.plan.Exceptions {
		a.kinds = append(a.kinds, string(e.Kind))
		if !slices.Contains(a.owners, string(e.Owner)) {
			a.owners = append(a.owners, string(e.Owner))
		}
	}
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
	if !was.deadline.Equal(now.deadline) {
		add(!now.deadline.IsZero(), messages.AttrDeadline.ValueSet(now.deadline))
		add(now.deadline.IsZero(), messages.AttrDeadline.ValueUnset())
	}
	add(!was.inspected.Equal(now.inspected) && !now.inspected.IsZero(), messages.AttrInspectedAt.ValueSet(now.inspected))
	return updates
}

// details is the return's story as a short page.
func details(p returns.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** — %s\n\n", p.Stage, p.Summary)
	for _, e := range p.Exceptions {
		fmt.Fprintf(&b, "- `%s` (%s): %s\n", e.Kind, e.Owner, e.Sentence)
	}
	if len(p.Exceptions) > 0 {
		b.WriteString("\n")
	}
	if len(p.Units) > 0 {
		b.WriteString("| unit | inspection | authorised | refund | stock |\n| --- | --- | --- | --- | --- |\n")
		for _, u := range p.Units {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", u.SKU, u.Inspection, u.Authorised, u.Refund, u.Stock)
		}
		b.WriteString("\n")
	}
	if !p.SellerDeadline.IsZero() {
		fmt.Fprintf(&b, "TikTok decides by itself at %s.  \n", p.SellerDeadline.UTC().Format(time.RFC3339))
	}
	if !p.Wake.At.IsZero() {
		fmt.Fprintf(&b, "Looks again at %s: %s.  \n", p.Wake.At.UTC().Format(time.RFC3339), p.Wake.Why)
	}
	fmt.Fprintf(&b, "Decided at %s by rules %s.\n", p.DecidedAt.UTC().Format(time.RFC3339), p.Rules)
	return b.String()
}
