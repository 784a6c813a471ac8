package tiktoksandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Handler serves the Open API and the token endpoints.
func (s *Sandbox) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, problem := readBody(r)
		answer, pause := s.answer(r, body, problem)
		w.Header().Set("Date", s.date())
		if answer.then != nil {
			answer.then()
		}
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
			case <-s.running.Done():
			}
		}
		answer.write(w)
	})
}

// date is the moment of an answer by the platform's own clock.
func (s *Sandbox) date() string {
	defer s.enter()()
	return s.now().Add(s.skew).UTC().Format(http.TimeFormat)
}

func (s *Sandbox) count(name string) { s.books.Calls[name]++ }

// answer computes the whole answer under the lock; the pause is served outside.
func (s *Sandbox) answer(r *http.Request, body []byte, problem *apiError) (reply, time.Duration) {
	defer s.enter()()
	requestID := s.newRequestID()
	if problem != nil {
		return failure(requestID, problem), 0
	}
	gate := s.gate
	if strings.HasPrefix(r.URL.Path, tokenPath) {
		gate = s.tokenGate
	}
	c, problem := gate(r, body, requestID)
	if c != nil {
		s.count(c.route.name)
	}
	if problem != nil {
		return failure(requestID, problem), 0
	}
	// Faults strike calls that passed the gate: a badly signed call must always
	// hear that it was badly signed.
	if fault := s.takeFault(c.route.name, slices.Concat([]byte(r.URL.String()), body)); fault != nil {
		return s.answerWithFault(c, fault)
	}
	return s.perform(c), 0
}

// perform runs the business logic, replaying answers by idempotency key.
func (s *Sandbox) perform(c *call) reply {
	if stored, problem := s.replayed(c); problem != nil {
		return failure(c.requestID, problem)
	} else if stored != nil {
		return success(c.requestID, stored)
	}
	data, problem := c.route.handle(s, c)
	if problem != nil {
		return failure(c.requestID, problem)
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("tiktoksandbox: unencodable data: %v", err))
	}
	s.remember(c, encoded)
	answer := success(c.requestID, json.RawMessage(encoded))
	if len(c.read) > 0 {
		answer.then = s.afterRead(c.read)
	}
	return answer
}

func (s *Sandbox) newRequestID() string {
	s.counter["request"]++
	return fmt.Sprintf("%s%020X", s.now().UTC().Format("20060102150405"), s.counter["request"])
}

// replay is a remembered answer (T12).
type replay struct {
	fingerprint string
	data        json.RawMessage
	at          time.Time
}

// honoured reports whether the platform still knows a key that was used at a moment.
func (s *Sandbox) honoured(at time.Time) bool {
	return s.keyLife < 0 || s.now().Before(at.Add(s.period(s.keyLife)))
}

// replayed looks for the key: the same key and body within the key's life gets the
// first answer and no second effect; the same key for another request is 25001001.
// A key whose life is over is as good as new.
func (s *Sandbox) replayed(c *call) (json.RawMessage, *apiError) {
	key := c.query.Get("idempotency_key")
	if !c.route.keyed || key == "" || s.keyLife == 0 {
		return nil, nil
	}
	if len(key) > 255 {
		return nil, fail(25001001, "`idempotency_key` is longer than 255 characters.")
	}
	known := s.replays[c.shop.ID+" "+key]
	if known == nil || !s.honoured(known.at) {
		return nil, nil
	}
	if known.fingerprint != c.fingerprint() {
		return nil, fail(25001001, "`idempotency_key` was used for another request.")
	}
	return known.data, nil
}

// remember keeps answers of calls that took effect. A refusal changed nothing,
// so the same key may try again.
func (s *Sandbox) remember(c *call, data []byte) {
	key := c.query.Get("idempotency_key")
	if !c.route.keyed || key == "" {
		return
	}
	s.replays[c.shop.ID+" "+key] = &replay{fingerprint: c.fingerprint(), data: data, at: s.now()}
}

// fingerprint names the request: endpoint, case and the exact bytes.
func (c *call) fingerprint() string {
	return c.route.name + " " + c.id + " " + string(bytes.TrimSpace(c.body))
}

// OnInventoryRead calls hook after every Inventory Search was answered for, and
// before the reader has the numbers: the place for a sale between read and write
// (section 5 item 4). The hook may use every control method.
func (s *Sandbox) OnInventoryRead(hook func(skuIDs []string)) {
	defer s.enter()()
	s.onRead = hook
}

// SetKeyLife changes from now on, for keys already used too, how long a key is
// honoured (T12): 0 not at all, negative for ever. It is multiplied by
// PeriodFactor, as Options.KeyLife is.
func (s *Sandbox) SetKeyLife(life time.Duration) {
	defer s.enter()()
	s.keyLife = life
}

// IgnoreIdempotencyKeys makes keys unknown, or gives them the life of the options again.
func (s *Sandbox) IgnoreIdempotencyKeys(ignore bool) {
	if ignore {
		s.SetKeyLife(0)
		return
	}
	s.SetKeyLife(s.options.KeyLife)
}

func (s *Sandbox) authorizedShops(c *call) (any, *apiError) {
	list := []object{}
	for _, one := range s.shopsOf(c.grant) {
		list = append(list, object{"id": one.ID, "name": one.Name, "region": one.Region,
			"seller_type": "LOCAL", "cipher": one.Cipher, "code": one.Region + one.ID[len(one.ID)-8:]})
	}
	return object{"shops": list}, nil
}
