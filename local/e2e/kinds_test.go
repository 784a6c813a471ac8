package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/notify"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Every kind of exception, provoked by what shoppers, staff and platforms do, by the
// configuration and by people's commands, never by writing the ledger. Each stands
// open for the right return or shop, with its owner and its money, opens once for
// its cause, and most of them are answered or mended in the end.

// story provokes one kind of exception in one of the houses.
type story struct {
	kind  returns.Kind
	house string
	short bool // told in the short run too
	tell  func(*tale)
}

func allStories() []story {
	return slices.Concat(storiesOfLinks, storiesOfValues, storiesOfCases, storiesOfRefusals, storiesOfStock, storiesOfClocks, storiesOfShops, storiesOfReads)
}

// withoutStory are the kinds that no story provokes, and why.
var withoutStory = map[returns.Kind]string{
	returns.AlertsFail: "a sink has to fail for an hour by the ledger's clock, and no period shortens that: activities/notify_test.go does it with a clock of its own",
}

// A new kind of exception must bring its story.
func TestEachKindOfExceptionHasOneStory(t *testing.T) {
	t.Parallel()
	told := map[returns.Kind]int{}
	for _, s := range allStories() {
		told[s.kind]++
		if _, known := kindHouses[s.house]; !known {
			t.Errorf("the story of %s is told in a house %q that is not there", s.kind, s.house)
		}
	}
	for kind := range returns.Catalogue {
		if why := withoutStory[kind]; why != "" {
			continue
		}
		if told[kind] != 1 {
			t.Errorf("%s has %d stories", kind, told[kind])
		}
		delete(told, kind)
	}
	for kind := range told {
		t.Errorf("a story is about %q, which is no kind of exception", kind)
	}
}

func TestEachKindOfExceptionIsOpenedByItsCause(t *testing.T) {
	t.Parallel()
	byHouse := map[string][]story{}
	for _, s := range allStories() {
		if s.short || *allKinds {
			byHouse[s.house] = append(byHouse[s.house], s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byHouse)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := kindHouses[name](t)
			for _, s := range byHouse[name] {
				t.Run(string(s.kind), func(t *testing.T) {
					t.Parallel()
					k := &tale{house: &house{House: h.House, t: t}, kind: s.kind, shops: h.shops, heard: h.heard}
					s.tell(k)
					k.wantEachOpenedOnce()
				})
			}
		})
	}
}

// tale is a story under way.
type tale struct {
	*house
	kind  returns.Kind
	shops map[string]*otherShop
	heard *heard             // what people are told
	about []ledger.ReturnRef // what it is about
}

// at is one of the shops beside the house's own.
func (k *tale) at(shop string) place { return k.shops[shop].place }

// buys gives a new shopper a delivered order of a product that nobody else buys.
func (k *tale) buys(units int) *shopper { k.t.Helper(); return k.buysIn(k.home(), units) }

func (k *tale) buysIn(at place, units int) *shopper {
	k.t.Helper()
	return k.buysAt(at, k.sells(at, demo.Product{SellerSKU: "SKU-" + string(k.kind), Price: "24.99"}), units)
}

// sells lists a product.
func (k *tale) sells(at place, p demo.Product, parts ...tiktoksandbox.Part) demo.Product {
	k.t.Helper()
	sku := tiktoksandbox.SKU{SellerSKU: p.SellerSKU, Price: p.Price, Parts: parts}
	if len(parts) == 0 {
		sku.Stock = map[string]int{at.warehouse: 100}
	}
	id, skus, err := k.TikTok.AddProduct(tiktoksandbox.Product{Title: p.SellerSKU, ShopID: at.tiktok, SKUs: []tiktoksandbox.SKU{sku}})
	k.must(err)
	p.ID, p.SKU = id, skus[0]
	return p
}

// opened waits until the story's kind is open for a return or a shop, with its owner
// and this amount ("" for none), alone or beside what comes with it. It stays as it
// is while all is looked at again.
func (k *tale) opened(of ledger.ReturnRef, amount string, beside ...returns.Kind) ledger.KeptException {
	k.t.Helper()
	k.about = append(k.about, of)
	var e ledger.KeptException
	k.until(fmt.Sprintf("%s of %s", k.kind, of.Key), func() bool {
		i := slices.IndexFunc(k.kept(of), func(e ledger.KeptException) bool { return e.Kind == k.kind && e.ClosedAt.IsZero() })
		if i >= 0 {
			e = k.kept(of)[i]
		}
		return i >= 0
	})
	k.t.Logf("%s asks %s about %s: %s", e.Kind, e.Owner, e.Amount, e.Sentence)
	if want := returns.Catalogue[k.kind].Owner; e.Owner != want {
		k.t.Errorf("%s belongs to %s, want %s", k.kind, e.Owner, want)
	}
	got := ""
	if returns.Known(e.Amount) {
		got = e.Amount.String()
	}
	if got != amount {
		k.t.Errorf("%s is about %q, want %q", k.kind, got, amount)
	}
	k.told(e, of)
	if id := messages.ReturnID(of.Shop, of.Key); k.attributes(id) != nil {
		k.signal(id, returns.Command{Name: returns.CommandRecheck, Who: somebody, Why: "to see whether it stays"})
	}
	k.afterSweep()
	for _, now := range k.kept(of) {
		switch {
		case !now.ClosedAt.IsZero(), now.Kind == returns.AuthorisationEnds: // a sandbox's year is some hours
		case now.Kind == k.kind && !now.OpenedAt.Equal(e.OpenedAt) && now.Same(e.Exception):
			k.t.Errorf("%s lost its age: opened at %s and at %s", k.kind, e.OpenedAt, now.OpenedAt)
		case now.Kind != k.kind && !slices.Contains(beside, now.Kind):
			k.t.Errorf("%s is open as well: %s", now.Kind, now.Sentence)
		}
	}
	return e
}

// told waits until the exception's owner has been sent one message about it, by the
// owner's own sink, that names the kind, the money and the answers; and that nobody
// else has.
func (k *tale) told(e ledger.KeptException, of ledger.ReturnRef) {
	k.t.Helper()
	k.until(fmt.Sprintf("%s is told of %s", e.Owner, e.Kind), func() bool { return len(k.heard.opened(of, k.kind)) > 0 })
	for _, m := range k.heard.opened(of, k.kind) {
		if m.path != "/"+string(e.Owner) || m.about.Owner != e.Owner {
			k.t.Errorf("%s of %s was told to %s, as a matter of %s", e.Kind, e.Owner, m.path, m.about.Owner)
		}
		wants := []string{string(e.Kind), returns.Catalogue[k.kind].Meaning}
		if returns.Known(e.Amount) {
			wants = append(wants, notify.Money(e.Amount))
		}
		for _, a := range returns.Catalogue[k.kind].Answers {
			wants = append(wants, "- "+string(a)+": ")
		}
		for _, want := range wants {
			if !strings.Contains(m.text, want) {
				k.t.Errorf("the message to %s says nothing of %q:\n%s", e.Owner, want, m.text)
			}
		}
		if !slices.Equal(m.about.Answers, returns.Catalogue[k.kind].Answers) || returns.Known(e.Amount) && !returns.SameMoney(m.about.Amount, e.Amount) {
			k.t.Errorf("the message to %s names the answers %v and %s, want %s", e.Owner, m.about.Answers, m.about.Amount, e.Amount)
		}
	}
}

// kept are all exceptions that a return or a shop ever had.
func (h *house) kept(of ledger.ReturnRef) (all []ledger.KeptException) {
	h.t.Helper()
	h.must(h.ReadLedger(h.t.Context(), func(tx *ledger.Tx) (err error) {
		all, err = tx.KeptExceptions(h.t.Context(), of)
		return err
	}))
	return all
}

// closes waits until the story's exception is closed, and expects by what: by an
// answer, or "healed".
func (k *tale) closes(of ledger.ReturnRef, by string) {
	k.t.Helper()
	var last ledger.KeptException
	k.until(fmt.Sprintf("%s of %s is closed", k.kind, of.Key), func() bool {
		for _, e := range k.kept(of) {
			if e.Kind == k.kind {
				last = e
			}
		}
		return !last.ClosedAt.IsZero()
	})
	if got, _, _ := strings.Cut(last.ClosedBy, " by "); got != by {
		k.t.Errorf("%s was closed by %q, want %q", k.kind, last.ClosedBy, by)
	}
}

const (
	healed   = "healed"
	somebody = "somebody"
)

// says answers the story's exception, and expects to be heard.
func (k *tale) says(of ledger.ReturnRef, answer returns.AnswerName, amount ...returns.Money) {
	k.t.Helper()
	k.saysTo(k.kind, of, answer, amount...)
	k.closes(of, string(answer))
}

// saysTo answers an exception of another kind.
func (k *tale) saysTo(kind returns.Kind, of ledger.ReturnRef, answer returns.AnswerName, amount ...returns.Money) {
	k.t.Helper()
	c := returns.Command{Name: returns.CommandResolve, Exception: kind, Answer: answer, Reference: "ticket 7", Who: somebody, Why: "agreed with the customer"}
	if len(amount) > 0 {
		c.Amount = amount[0]
	}
	_, err := k.tell(messages.ReturnID(of.Shop, of.Key), c)
	k.must(err)
}

// wantEachOpenedOnce expects that the story's cause, which came once, opened its
// exception once, that its owner was told of it once, and nothing else was opened twice.
func (k *tale) wantEachOpenedOnce() {
	k.t.Helper()
	if told := k.heard.opened(k.about[0], k.kind); len(told) != 1 {
		k.t.Errorf("%s was told %d times: %+v", k.kind, len(told), told)
	}
	for _, of := range k.about {
		opened := map[string]int{}
		for _, e := range k.kept(of) {
			what := string(e.Kind)
			if e.Kind != k.kind { // the story's own is opened once, whatever it is about
				what += " " + e.Subject
			}
			if opened[what]++; opened[what] > 1 {
				k.t.Errorf("%s of %s was opened once more at %s: %+v", e.Kind, of.Key, e.OpenedAt.Format(time.TimeOnly), k.kept(of))
			}
		}
	}
}

func (k *tale) shopRef(shop string, p returns.Platform) ledger.ReturnRef {
	return ledger.ReturnRef{Shop: shop, Key: returns.ShopKey(p)}
}

// starter runs a command that people type, and gives what it said.
func (k *tale) starter(args ...string) string {
	k.t.Helper()
	cmd := exec.CommandContext(k.t.Context(), os.Args[0], append(args, "--config", k.configFile())...)
	cmd.Env = append(os.Environ(), asStarter+"=1", "TEMPORAL_ADDRESS="+k.Server.Address(), "TEMPORAL_NAMESPACE="+k.Server.Namespace()) //nolint:forbidigo // passed on to a process of our own
	said, err := cmd.CombinedOutput()
	if err != nil {
		k.t.Fatalf("starter %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return string(said)
}

func (s *shopper) ref() ledger.ReturnRef { return ledger.ReturnRef{Shop: s.place.name, Key: s.key()} }

// clock is the TikTok return's own, while it has no RMA.
func (s *shopper) clock() ledger.ReturnRef {
	return ledger.ReturnRef{Shop: s.place.name, Key: returns.TikTokKey(s.tiktokReturnID)}
}

// worth is the price of all units together, less something, as people read it.
func (s *shopper) worth(less string) string { return s.money(less).String() }

func (s *shopper) money(less string) returns.Money {
	m, err := returns.NewMoney(s.price(less), s.place.currency)
	s.must(err)
	return m
}

// comesByPost brings a return without a TikTok return to its inspection.
func (s *shopper) comesByPost() {
	s.t.Helper()
	s.opensRMA()
	s.ships()
	s.arrives()
}

// comesByTikTok is the same with one of the buyer's.
func (s *shopper) comesByTikTok() {
	s.t.Helper()
	s.opensTikTokReturn()
	s.comesByPost()
}

// paidUpTo waits until TikTok has paid all of an amount.
func (s *shopper) paidUpTo(amount string) {
	s.t.Helper()
	s.until("TikTok paid "+amount, func() bool { got, _ := s.paid(); return got == amount })
}

// notInParcel is an inspection that finds none of the units.
func (s *shopper) notInParcel(itemIDs ...string) {
	s.t.Helper()
	var found []returngosandbox.ItemValidation
	for _, id := range itemIDs {
		found = append(found, returngosandbox.ItemValidation{ItemID: id, Reason: "Not in parcel", Location: demo.Location})
	}
	s.must(s.ReturnGO.Validate(s.rmaID, found))
}
