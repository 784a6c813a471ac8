package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"returnbridge/local/demo"
)

// wire stands between the program and both platforms. It remembers what went
// over it, puts into TikTok's answers the buyer whom the sandbox leaves out
// (TikTok contract 2.2), and answers some calls itself.
type wire struct {
	mu          sync.Mutex
	said        strings.Builder // requests and answers
	misfortunes []misfortune
}

// misfortune answers the next call to a path of TikTok, knowing the request's
// line and headers.
type misfortune struct {
	path   string
	status int
	answer func(request string) string
}

func (w *wire) between(o *demo.HouseOptions) {
	o.AroundReturnGO = func(platform http.Handler) http.Handler {
		return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
			w.hears(fmt.Sprint(r.URL, r.Header))
			platform.ServeHTTP(overheard{to, w}, r)
		})
	}
	o.AroundTikTok = func(platform http.Handler) http.Handler {
		return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
			request := fmt.Sprint(r.Method, " ", r.URL, " ", r.Header)
			w.hears(request)
			answer := httptest.NewRecorder()
			if m, struck := w.strikes(r.URL.Path); struck {
				answer.WriteHeader(m.status)
				_, _ = answer.WriteString(m.answer(request))
			} else {
				platform.ServeHTTP(answer, r)
			}
			body := withBuyer(answer.Body.Bytes())
			w.hears(string(body))
			maps.Copy(to.Header(), answer.Header())
			to.Header().Del("content-length")
			to.WriteHeader(answer.Code)
			_, _ = to.Write(body)
		})
	}
}

type overheard struct {
	http.ResponseWriter
	by *wire
}

func (o overheard) Write(p []byte) (int, error) {
	o.by.hears(string(p))
	return o.ResponseWriter.Write(p)
}

func (o overheard) Unwrap() http.ResponseWriter { return o.ResponseWriter }

func (w *wire) hears(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.WriteString(text + "\n")
}

func (w *wire) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

func (w *wire) suffers(m ...misfortune) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.misfortunes = append(w.misfortunes, m...)
}

func (w *wire) strikes(path string) (misfortune, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.misfortunes, func(m misfortune) bool { return strings.Contains(path, m.path) })
	if at < 0 {
		return misfortune{}, false
	}
	m := w.misfortunes[at]
	w.misfortunes = slices.Delete(w.misfortunes, at, at+1)
	return m, true
}

func (w *wire) recovered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.misfortunes) == 0
}

// withBuyer adds what TikTok says of the buyer to every order in an answer.
func withBuyer(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil {
		return body
	}
	addBuyer(tree)
	whole, err := json.Marshal(tree)
	if err != nil {
		return body
	}
	return whole
}

func addBuyer(node any) {
	switch v := node.(type) {
	case map[string]any:
		if _, isOrder := v["line_items"]; isOrder {
			v["recipient_address"] = map[string]any{"name": recipient, "phone_number": phone, "full_address": street, "address_line1": street}
			v["buyer_email"], v["buyer_message"], v["user_id"] = email, message, buyerID
		}
		for _, child := range v {
			addBuyer(child)
		}
	case []any:
		for _, child := range v {
			addBuyer(child)
		}
	}
}
