package returngo

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"returnbridge/internal/platform"
)

// Codes of a 429, in platform.Error.Code. A 429 in other words has none.
const (
	// CodeQuotaDay: the key's calls of the day are used up, and RetryAfter says
	// when the next day begins.
	CodeQuotaDay = "quota-day"
	// CodeQuotaBurst: too many calls at once; wait and spread.
	CodeQuotaBurst = "quota-burst"
)

// CodeQuotaKept is the code of a call that we did not send (Options.Allow).
const CodeQuotaKept = "quota-kept"

const (
	maxMessage    = 300            // characters of the platform's words that we keep
	maxRetryAfter = 24 * time.Hour // the longest quota window there is
)

// class says what a status means (ReturnGO contract 1.6). A bad query or filter
// is a 400 too (A08).
func (c call) class(status int) platform.Class {
	switch {
	case status == http.StatusTooManyRequests:
		return platform.Retry
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status < 400:
		return platform.Human // a redirect is a wrong base URL
	case status == http.StatusRequestTimeout, status >= 500:
		return c.lost()
	case c.nature == moves && (status == http.StatusBadRequest || status == http.StatusConflict):
		return platform.StateChanged
	}
	return platform.Permanent
}

// lost is the class of a call whose answer tells nothing: a read may be made
// again, a write may have happened.
func (c call) lost() platform.Class {
	if c.nature == reads {
		return platform.Retry
	}
	return platform.OutcomeUnknown
}

func tooLong(c call) platform.Class {
	if c.nature == reads {
		return platform.Permanent
	}
	return platform.OutcomeUnknown
}

// fails is a failure before anything was sent.
func (c call) fails(class platform.Class, message string) *platform.Error {
	return &platform.Error{Platform: "returngo", Endpoint: c.endpoint, Class: class, Message: message}
}

func (c call) neverSent(cause error) *platform.Error {
	e := c.fails(platform.Retry, "not sent: "+cause.Error())
	e.Cause = cause
	return e
}

// unreadable is a failure in the body of a 2xx; the message holds none of it.
func (c call) unreadable(a answer, class platform.Class, message string, cause error) *platform.Error {
	e := c.fails(class, message)
	e.HTTPStatus, e.RequestID, e.Cause = a.status, a.requestID, cause
	return e
}

// noAnswer is a failure of the transport; from says who was asked.
func (cl *Client) noAnswer(c call, from string, w *way, err error) *platform.Error {
	class := c.lost()
	if w.nothingSent(err) {
		class = platform.Retry
	}
	err = plain(err)
	e := c.fails(class, "no answer from "+from+": "+cl.presentable(err.Error()))
	e.NoAnswer, e.Cause = true, err
	return e
}

// refused is an answer with another status than 2xx.
func (cl *Client) refused(c call, a answer, h http.Header, body []byte) *platform.Error {
	e := c.fails(c.class(a.status), cl.message(h.Get("content-type"), body))
	e.HTTPStatus, e.RequestID = a.status, a.requestID
	e.RetryAfter = retryAfter(h.Get("retry-after"), a.at)
	if a.status == http.StatusTooManyRequests {
		e.Code = quotaCode(e.Message)
	}
	if e.Code == CodeQuotaDay && e.RetryAfter == 0 {
		e.RetryAfter = untilMidnight(a.at)
	}
	return e
}

// quotaCode tells the two standard bodies of the gateway apart (A04). They must
// match whole: "rate limit exceeded" is no reason to wait until tomorrow.
func quotaCode(message string) string {
	switch strings.ToLower(message) {
	case "limit exceeded":
		return CodeQuotaDay
	case "too many requests":
		return CodeQuotaBurst
	}
	return ""
}

// untilMidnight is how long the quota of the day stays used up: it is one per
// key, and counted anew from 00:00 UTC (A03).
func untilMidnight(now time.Time) time.Duration {
	now = now.UTC()
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC).Sub(now)
}

// message finds the platform's words: {"statusCode","message"}, {"message"},
// {"error"} or plain text (A07). It only informs, it never decides.
func (cl *Client) message(contentType string, body []byte) string {
	var said struct {
		Message text `json:"message"`
		Error   text `json:"error"`
	}
	switch {
	case looksLikeHTML(contentType, body):
		return "an HTML page"
	case json.Unmarshal(body, &said) == nil:
		if said.Message != "" {
			return cl.presentable(string(said.Message))
		}
		return cl.presentable(string(said.Error))
	case json.Valid(body):
		return ""
	}
	return cl.presentable(string(body))
}

// private is what an error must not show even if ReturnGO says it: URLs (ours
// hold tokens) and e-mail addresses.
var private = regexp.MustCompile(`(?i)https?:[^\s"']*|[^\s"'<>]+@[^\s"'<>]+`)

// presentable makes foreign words fit for a log: one line, short, without the
// key, URLs and addresses.
func (cl *Client) presentable(words string) string {
	words = strings.ReplaceAll(words, cl.key, "[removed]")
	words = private.ReplaceAllString(words, "[removed]")
	return clip(words, maxMessage)
}

// clip makes one line of at most so many characters.
func clip(words string, most int) string {
	words = strings.Join(strings.Fields(strings.ToValidUTF8(words, "?")), " ")
	if r := []rune(words); len(r) > most {
		words = string(r[:most-1]) + "…"
	}
	return words
}

// retryAfter reads seconds or an HTTP date; ReturnGO documents none, and it is
// honoured if it appears.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
