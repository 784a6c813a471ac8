package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// What a platform's own event says is a lower bound of what its reads must show.
// Reads may come from a cache, and searches lag behind (TikTok contract 5): while
// one does not show what a newer event told, nothing that cannot be undone rests on
// it. It is made again, and after a while people are told.

// lag is an event that the reads of its platform do not show yet.
type lag struct {
	returns.Told
	told  string // what the event said, for people
	shown string // what the reads say instead
	// doubtful is the money event of a return that nothing else names: whether its id is
	// that of a return is assumed (T24). It keeps back only what makes a new one.
	doubtful bool
}

// lagging are the events that the reads do not show. Of each thing only the newest
// event counts: an older one may come late. One that does not say when it happened
// outranks no other.
func lagging(r returns.Record) []lag {
	var all []lag
	for i, e := range r.Told {
		newer := slices.ContainsFunc(r.Told[i+1:], func(o returns.Told) bool {
			return o.Dated && o.What == e.What && o.TikTokReturnID == e.TikTokReturnID && o.TransactionID == e.TransactionID
		})
		if newer || goneByRead(r, e) {
			continue
		}
		if l, behind := behind(r, e); behind {
			all = append(all, l)
		}
	}
	return all
}

// goneByRead reports whether a person said, since the event came, that the reads are
// right and it is not.
func goneByRead(r returns.Record, e returns.Told) bool {
	return slices.ContainsFunc(r.Said, func(a returns.Answer) bool {
		return a.Kind == returns.EventNotShown && a.Answer == returns.AnswerGoByRead && a.Subject == subjectOfEvent(e) && !a.At.Before(e.ReceivedAt)
	})
}

// subjectOfEvent names what an event says: an answer about it speaks for no other.
func subjectOfEvent(e returns.Told) string {
	return strings.Join([]string{string(e.What), e.TikTokReturnID + e.TransactionID, e.Status}, " ")
}

// behind reports whether the reads do not show an event.
func behind(r returns.Record, e returns.Told) (lag, bool) {
	l := lag{Told: e}
	switch e.What {
	case returns.ToldRMA:
		if r.RMA == nil || showsStatus(*r.RMA, e) {
			return l, false
		}
		l.told, l.shown = "the RMA is "+e.Status, r.RMA.Status
	case returns.ToldTransaction:
		if r.RMA == nil || r.RMA.Status == returns.RMAGone ||
			slices.ContainsFunc(r.RMA.Transactions, func(t returns.Transaction) bool { return t.ID == e.TransactionID }) {
			return l, false
		}
		l.told, l.shown = "the RMA has transaction "+e.TransactionID, "none of that id"
	case returns.ToldReturn, returns.ToldPaid:
		i := slices.IndexFunc(r.TikTokReturns, func(t returns.TikTokReturn) bool { return t.ID == e.TikTokReturnID })
		if i >= 0 && showsReturn(r.TikTokReturns[i], e) {
			return l, false
		}
		l.doubtful = i < 0 && e.What == returns.ToldPaid
		l.told, l.shown = fmt.Sprintf("return %s is %s", e.TikTokReturnID, cmp.Or(e.Status, "there")), "no return of that id"
		if i >= 0 {
			l.shown = r.TikTokReturns[i].Status
		}
	}
	return l, l.told != ""
}

// rmaProgress is the order in which an RMA goes forward (ReturnGO contract 3.2): a
// read that shows a later stage shows the earlier ones. Out of it there is no order.
var rmaProgress = []string{returns.RMAPending, returns.RMAApproved, returns.RMAReceived, returns.RMAValidated, returns.RMADone}

// showsStatus reports whether a read of an RMA is as new as an event: it shows its
// status, a later stage, an end, or a change after it. A word that is no status of
// ours tells nothing: what the events' fields hold is assumed (A25). Not every change moves the
// RMA's own time (ReturnGO contract 3.8), so that an earlier time proves nothing.
func showsStatus(rma returns.RMA, e returns.Told) bool {
	switch {
	case e.Status == "" || rma.Status == e.Status || rma.UpdatedAt.After(e.At):
		return true
	case rma.Status == returns.RMARejected || rma.Status == returns.RMACanceled || rma.Status == returns.RMAGone:
		return true // nothing is done on it any more
	}
	if e.Status == returns.RMARejected || e.Status == returns.RMACanceled {
		return false
	}
	return slices.Index(rmaProgress, rma.Status) >= slices.Index(rmaProgress, e.Status)
}

// showsReturn reports whether a read of a TikTok return is as new as an event.
func showsReturn(t returns.TikTokReturn, e returns.Told) bool {
	if e.What == returns.ToldPaid {
		return t.Paid()
	}
	if t.Status == e.Status || t.UpdatedAt.After(e.At) || t.Paid() || !(returns.TikTokReturn{Status: e.Status}).KnownStatus() {
		return true
	}
	told := slices.Index(tiktokProgress, e.Status)
	return t.UpdatedAt.Equal(e.At) && told >= 0 && slices.Index(tiktokProgress, t.Status) >= told
}

// tiktokProgress is the order in which a TikTok return goes forward (TikTok contract
// 2.4). It counts within one second only: TikTok's times are whole seconds, and of two
// moves in the same one the first may be told last.
var tiktokProgress = []string{
	returns.TikTokPending, returns.TikTokRejected, returns.TikTokAwaitingShip, returns.TikTokShipped, returns.TikTokParcelRejected,
	returns.TikTokCancelled, returns.TikTokApproved,
}

// keepsUp reports whether an act may rest on what was read. If not, the platform
// that lags behind is read again, and people are told when that takes long.
func (d *desk) keepsUp(a returns.Act) bool {
	if a.Kind == returns.ActRestock {
		return true // the goods are here, whatever the event says
	}
	lags := slices.DeleteFunc(slices.Clone(d.lags), func(l lag) bool { return l.doubtful && !a.Route.Creates() })
	d.waitForReads(lags)
	return len(lags) == 0
}

// waitForReads has the platforms read again that do not show what they told.
func (d *desk) waitForReads(lags []lag) {
	for _, l := range lags {
		d.wait(fmt.Sprintf("an event of %s says that %s; when asked it shows %s: waiting until both agree", l.Platform, l.told, l.shown))
		d.wakeAt(d.growing(lagLook, l.ReceivedAt), "read "+string(l.Platform)+" again", l.Platform)
		if d.due(l.ReceivedAt.Add(d.Policy.TroubleRetry), "tell people that reads lag behind") {
			since := l.At.UTC().Format(time.RFC3339)
			d.raiseAbout(string(l.Platform), returns.ReadsLag, returns.Money{}, "an event of %s at %s says that %s; when asked it shows %s", l.Platform, since, l.told, l.shown)
			d.raiseAbout(subjectOfEvent(l.Told), returns.EventNotShown, returns.Money{}, "an event of %s at %s says that %s; when asked it shows %s. Nothing is paid on this return until both agree", l.Platform, since, l.told, l.shown)
		}
	}
}

// heardOfMore reports whether ReturnGO told of a change to the RMA that its reads do
// not show: a return that would end waits for it.
func (d *desk) heardOfMore() bool {
	lags := slices.DeleteFunc(slices.Clone(d.lags), func(l lag) bool { return l.Platform != returns.ReturnGO })
	d.waitForReads(lags)
	return len(lags) > 0
}

// lagLook is how soon a platform is first read again whose reads lag behind: searches
// do so for half a minute (TikTok contract 5).
const lagLook = 15 * time.Second

// toldOfUnknownReturn reports whether TikTok told of a return on the order that no
// read shows: it may be the one whose creation was not answered.
func (d *desk) toldOfUnknownReturn() bool {
	return slices.ContainsFunc(d.lags, func(l lag) bool {
		return l.TikTokReturnID != "" && d.tiktokReturn(l.TikTokReturnID) == nil
	})
}
