package returngosandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// ControlHandler offers the control methods as POST /_sandbox/<name> with a
// JSON body. It belongs on a listener of its own (A31).
func (s *Sandbox) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	for name, act := range s.controls() {
		mux.HandleFunc("POST /_sandbox/"+name, act)
	}
	return mux
}

// onRMABody names the RMA an act is about, with what the act may need.
type onRMABody struct {
	RMAID, Reason, Address, Tracking, Carrier string
	Items                                     []ItemValidation
}

func (s *Sandbox) controls() map[string]http.HandlerFunc {
	none := obj{}
	about := func(act func(onRMABody) error) http.HandlerFunc {
		return control(func(in onRMABody) (any, error) { return none, act(in) })
	}
	all := map[string]http.HandlerFunc{
		"approve":  about(func(in onRMABody) error { return s.Approve(in.RMAID) }),
		"reject":   about(func(in onRMABody) error { return s.Reject(in.RMAID) }),
		"cancel":   about(func(in onRMABody) error { return s.Cancel(in.RMAID, in.Reason) }),
		"reopen":   about(func(in onRMABody) error { return s.Reopen(in.RMAID) }),
		"label":    about(func(in onRMABody) error { return s.Label(in.RMAID, in.Address, in.Tracking) }),
		"ship":     about(func(in onRMABody) error { return s.Ship(in.RMAID, in.Tracking, in.Carrier) }),
		"receive":  about(func(in onRMABody) error { return s.Receive(in.RMAID) }),
		"validate": about(func(in onRMABody) error { return s.Validate(in.RMAID, in.Items) }),
		"done":     about(func(in onRMABody) error { return s.Done(in.RMAID) }),
		"rma": control(func(in onRMABody) (any, error) {
			r, found := s.RMA(in.RMAID)
			if !found {
				return nil, fmt.Errorf("no RMA %q", in.RMAID)
			}
			return r, nil
		}),
		"books":      control(func(struct{}) (any, error) { return s.Books(), nil }),
		"deliveries": control(func(struct{}) (any, error) { return s.Deliveries(), nil }),
		"tick":       control(func(struct{}) (any, error) { s.Tick(); return none, nil }),
	}
	s.addSeedControls(all)
	s.addMoneyControls(all)
	s.addWeatherControls(all)
	return all
}

func (s *Sandbox) addSeedControls(all map[string]http.HandlerFunc) {
	all["key"] = control(func(in struct {
		APIKey string
		Shops  []string
	}) (any, error) {
		s.AddKey(in.APIKey, in.Shops...)
		return obj{}, nil
	})
	all["order"] = control(func(in struct {
		Shop  string
		Order Order
	}) (any, error) {
		return obj{}, s.AddOrder(in.Shop, in.Order)
	})
	all["create-rma"] = control(func(in struct {
		Shop string
		RMA  RMASpec
	}) (any, error) {
		id, items, err := s.CreateRMA(in.Shop, in.RMA)
		return obj{"rmaId": id, "itemIds": items}, err
	})
	all["policies"] = control(func(in struct {
		Shop  string
		Rules []PolicyRule
	}) (any, error) {
		return obj{}, s.SetPolicies(in.Shop, in.Rules)
	})
	all["inspection-mandatory"] = control(func(in struct {
		Shop      string
		Mandatory bool
	}) (any, error) {
		return obj{}, s.SetInspectionMandatory(in.Shop, in.Mandatory)
	})
	all["track"] = control(func(in struct{ Shop, TrackerID, Status string }) (any, error) {
		return obj{}, s.Track(in.Shop, in.TrackerID, in.Status)
	})
}

func (s *Sandbox) addMoneyControls(all map[string]http.HandlerFunc) {
	all["request-refund"] = control(func(in struct {
		RMAID string
		TransactionSpec
	}) (any, error) {
		id, err := s.RequestTransaction(in.RMAID, in.TransactionSpec)
		return obj{"transactionId": id}, err
	})
	all["settle-refund"] = control(func(in struct {
		TransactionID, Reference string
		Success                  bool
	}) (any, error) {
		return obj{}, s.SettleRefund(in.TransactionID, in.Success, in.Reference)
	})
	all["cancel-transaction"] = control(func(in struct{ TransactionID string }) (any, error) {
		return obj{}, s.CancelTransaction(in.TransactionID)
	})
}

func (s *Sandbox) addWeatherControls(all map[string]http.HandlerFunc) {
	all["fault"] = control(func(in struct {
		Endpoint, Kind, RetryAfter, Field, About string
		Status, Count, DelayMillis               int
		AfterWrite, Echo                         bool
	}) (any, error) {
		return obj{}, s.AddFault(Fault{Endpoint: in.Endpoint, Kind: in.Kind, Status: in.Status, AfterWrite: in.AfterWrite, Echo: in.Echo,
			Field: in.Field, About: in.About, Count: in.Count, RetryAfter: in.RetryAfter, Delay: millis(in.DelayMillis)})
	})
	all["clear-faults"] = control(func(struct{}) (any, error) { s.ClearFaults(); return obj{}, nil })
	all["webhook-faults"] = control(func(in struct {
		Loss, Duplicate, Delay, Reorder float64
		MaxDelayMillis                  int
	}) (any, error) {
		s.SetWebhookFaults(WebhookFaults{Loss: in.Loss, Duplicate: in.Duplicate, Delay: in.Delay, Reorder: in.Reorder, MaxDelay: millis(in.MaxDelayMillis)})
		return obj{}, nil
	})
	all["limits"] = control(func(in struct {
		APIKey            string
		PerSecond, PerDay int
	}) (any, error) {
		if in.APIKey != "" {
			return obj{}, s.SetKeyLimits(in.APIKey, in.PerSecond, in.PerDay)
		}
		s.SetLimits(in.PerSecond, in.PerDay)
		return obj{}, nil
	})
	all["switches"] = control(func(in struct{ StrictSchema, LastUpdatedFull bool }) (any, error) {
		s.SetSwitches(in.StrictSchema, in.LastUpdatedFull)
		return obj{}, nil
	})
	all["reads-behind"] = control(func(in struct{ Seconds float64 }) (any, error) {
		s.ReadsBehind(time.Duration(in.Seconds * float64(time.Second)))
		return obj{}, nil
	})
	all["notify"] = control(func(in Notice) (any, error) { return obj{}, s.Notify(in) })
	all["clock"] = control(func(in struct{ At time.Time }) (any, error) {
		if in.At.IsZero() {
			return nil, fmt.Errorf("at is required")
		}
		s.SetClock(in.At)
		return obj{}, nil
	})
	all["advance"] = control(func(in struct{ Seconds int }) (any, error) {
		s.Advance(time.Duration(in.Seconds) * time.Second)
		return obj{}, nil
	})
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// control reads In, acts, and answers with the result or 400 and the reason.
func control[In any](act func(In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		var result any
		err := decoder.Decode(&in)
		if err == nil {
			result, err = act(in)
		}
		w.Header().Set("content-type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			result = obj{"error": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(result)
	}
}
