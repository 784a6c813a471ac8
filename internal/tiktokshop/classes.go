package tiktokshop

import (
	"net/http"

	"returnbridge/internal/platform"
)

// Some entries of the table are questions, not answers.
const (
	// transient: a read may simply be made again, a write may have happened.
	transient platform.Class = "transient"
	// parameter: something in the call is not as TikTok wants it.
	parameter platform.Class = "parameter"
	// inside: the reason is in extra_errors.
	inside platform.Class = "inside"
)

// Codes that speak of TikTok's state, not of the call (contract 1.7).
const (
	CodeTooMany      = "36009002"
	CodeHourUsed     = "36009037" // a development shop's calls of this hour are used (contract 1.8), with HTTP 429
	CodeInternal     = "36009003"
	CodeTimeout      = "36009007"
	CodeTooManyStock = "12052109" // the inventory module's own limit, with HTTP 200
)

// classes says what each documented code means for the caller (contract 1.7).
// "Once, then a human" and "wait" are for the caller to count; the class is the
// first step.
var classes = map[string]platform.Class{
	// Transport and auth.
	CodeTooMany: platform.Retry, CodeHourUsed: platform.Retry, CodeInternal: transient, CodeTimeout: transient,
	"36009009": platform.Permanent, "36009010": platform.Permanent, "36009014": platform.Permanent,
	"36009021": platform.Permanent, "36009022": platform.Permanent, "36009023": platform.Permanent,
	"36009033": platform.Human, "36009043": platform.Human, "36009044": platform.Human,
	invalidCredential: parameter,
	"101000":          platform.Human,
	"105001":          platform.RefreshToken, "105002": platform.RefreshToken,
	"105004": platform.Human, "105005": platform.Human,
	"106001": platform.Permanent, "106013": platform.Permanent,
	"11050001": parameter, "98001004": parameter,
	"36004001": platform.Human, "36004004": platform.Human, // 1.2: authorise again

	// Returns, refunds, cancellations.
	"25001001": parameter,
	"25001003": platform.StateChanged, "25001010": platform.StateChanged, "25001011": platform.StateChanged,
	"25001014": platform.Permanent, "25001015": platform.Permanent, "25001016": platform.Permanent,
	"25001057": platform.Permanent, "25001020": platform.Permanent,
	"25001021": platform.StateChanged,
	"25001028": platform.Retry,
	"25001042": transient, "25001044": transient,
	"25001045": platform.StateChanged, "25001046": platform.Human, "25001051": platform.StateChanged,
	"25001058": platform.Retry,
	"25005005": platform.StateChanged, "25005010": platform.Permanent, "25005011": platform.StateChanged,
	"25005020": platform.Permanent, "25005021": platform.Permanent,
	"25007002": platform.Retry, "25007006": platform.Permanent, "25007007": platform.StateChanged,
	"25011010": platform.StateChanged, "25011011": platform.StateChanged, "25011012": platform.StateChanged,
	"25011013": platform.StateChanged, "25011014": platform.StateChanged,
	"25011023": platform.Human, "25011025": platform.StateChanged, "25011026": platform.Human,
	"25011032": platform.StateChanged, "25011035": platform.StateChanged,
	"25020003": platform.StateChanged, "25020004": platform.Permanent, "25020005": platform.Human,
	"25020008": transient, "25020009": platform.StateChanged, "25020010": platform.StateChanged,
	"25020011": platform.StateChanged, "25020012": platform.StateChanged,
	// Labels: not in the contract, from the API reference of the upload. There is
	// one already; no PDF; no such return; another seller's.
	"25021022": platform.StateChanged, "25021023": platform.Permanent,
	"25023001": platform.Permanent, "25023002": platform.Human,

	// Orders.
	"10002014": platform.Retry, "10002015": platform.Retry, "10006402": platform.Retry,
	"10037002": platform.Retry, "10037003": platform.Retry, "10037004": platform.Retry,
	"21008111": platform.Human, "21001001": parameter,
	"21011044": platform.StateChanged, "21011007": platform.StateChanged,

	// Inventory.
	"12052990": inside,
	"12019022": platform.Human, "12052097": platform.Human, "12052115": platform.Human, "12052530": platform.Human,
	"12052531": platform.Human, "12052532": platform.Human, "12052403": platform.Human,
	"12019028": platform.Permanent, "12052533": platform.Permanent, // not all warehouses named: read the set again
	"12052037": platform.Human,
	"12019024": platform.Permanent, "12052055": platform.Permanent,
	"12052031": platform.Permanent, "12052032": platform.Permanent, "12052260": platform.Permanent,
	"12052556": platform.Permanent, "12052036": platform.Permanent, "12052553": platform.Permanent,
	"12052048": platform.Human, "12052050": platform.Permanent, "12052141": platform.Human,
	"12052393": platform.StateChanged,
	"12052700": platform.Human, "12052704": platform.Human,
	"12052849": platform.Permanent, "12052850": platform.Permanent,
	"12052901": platform.StateChanged, "12052921": platform.Human,
	CodeTooManyStock: platform.Retry,
	"12052180":       platform.Permanent, // 1.9: a product search of more than 10,000
}

// classOf is the class of one failure. A code nobody documented goes to a
// person, unless the HTTP status says that TikTok only has too much to do.
func (a answer) classOf(f failure) platform.Class {
	switch class := classes[f.code]; class {
	case "", inside:
		if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
			return classOfStatus(a.status, a.write)
		}
		return platform.Human
	case transient:
		return lostAnswer(a.write)
	case parameter:
		// A parameter refused in the middle of a walk is the page token, which died
		// (see Page): a new walk has a new one, and if not, its first page is refused.
		if a.walking || aboutTime(f.code, f.message) {
			return platform.Retry
		}
		return platform.Permanent
	default:
		return class
	}
}

// lostAnswer is the class of a call of which nobody knows what became.
func lostAnswer(write bool) platform.Class {
	if write {
		return platform.OutcomeUnknown
	}
	return platform.Retry
}

// classOfStatus judges an answer without an envelope: throttled (1.8) and
// refused calls did not happen, anything else might have.
func classOfStatus(status int, write bool) platform.Class {
	switch status {
	case http.StatusTooManyRequests:
		return platform.Retry
	case http.StatusUnauthorized:
		return platform.RefreshToken // 1.6: 401 goes with token trouble
	case http.StatusForbidden:
		return platform.Human
	}
	return lostAnswer(write)
}

// classOfToken: where tokens come from, refreshing one is no way out; a seller
// has to authorise again.
func classOfToken(class platform.Class) platform.Class {
	if class == platform.RefreshToken {
		return platform.Human
	}
	return class
}

// gravest picks the class that decides when several parts of one call failed:
// first read what happened, then ask a person, and only then try again.
func gravest(a, b platform.Class) platform.Class {
	for _, c := range []platform.Class{
		platform.OutcomeUnknown, platform.Human, platform.Permanent, platform.StateChanged, platform.RefreshToken,
	} {
		if a == c || b == c {
			return c
		}
	}
	return platform.Retry
}
