package tiktoksandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// ControlHandler serves the control methods as JSON POSTs under /_sandbox/, for
// programs that are not in this process. The README lists them.
func (s *Sandbox) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	for name, handle := range s.controls() {
		mux.HandleFunc("POST /_sandbox/"+name, handle)
	}
	return mux
}

// target names what most controls act on; each uses its own part of it.
type target struct {
	ID        string        `json:"id"`
	Tracking  string        `json:"tracking"`
	Decision  string        `json:"decision"`
	Reason    string        `json:"reason"`
	Status    string        `json:"status"`
	Amount    string        `json:"amount"`
	LineID    string        `json:"line_id"`
	LineIDs   []string      `json:"line_ids"`
	IDs       []string      `json:"ids"`
	ForBuyer  bool          `json:"for_buyer"`
	Accept    bool          `json:"accept"`
	Hold      bool          `json:"hold"`
	SKU       string        `json:"sku"`
	Warehouse string        `json:"warehouse"`
	Units     int           `json:"units"`
	Cause     string        `json:"cause"`
	Topic     int           `json:"topic"`
	URL       string        `json:"url"`
	Ignore    bool          `json:"ignore"`
	Request   ReturnSpec    `json:"request"`
	Ahead     time.Duration `json:"ahead"`
	Held      bool          `json:"held"`
	Locked    bool          `json:"locked"`
	Life      time.Duration `json:"life"`
	Behind    time.Duration `json:"behind"`
	Lag       time.Duration `json:"lag"`
	Calls     int           `json:"calls"`
}

func (s *Sandbox) controls() map[string]http.HandlerFunc {
	controls := map[string]http.HandlerFunc{
		"shop": answerWith(func(in Shop) (any, error) {
			access, refresh := s.AddShop(in)
			return object{"access_token": access, "refresh_token": refresh}, nil
		}),
		"warehouse": answerWith(func(in Warehouse) (any, error) { return withID(s.AddWarehouse(in)) }),
		"product": answerWith(func(in Product) (any, error) {
			id, skus, err := s.AddProduct(in)
			return object{"id": id, "sku_ids": skus}, err
		}),
		"rate":            answerWith(func(in RateLimit) (any, error) { return nil, s.SetRateLimit(in) }),
		"notify":          answerWith(func(in Notice) (any, error) { return nil, s.Notify(in) }),
		"stock/foreign":   answerWith(func(in ForeignWriter) (any, error) { return nil, s.StartForeignWriter(in) }),
		"stock/window":    answerWith(func(in Window) (any, error) { return nil, s.InNextWindow(in.SKU, in.Steps...) }),
		"order":           answerWith(func(in OrderSpec) (any, error) { return withID(s.PlaceOrder(in)) }),
		"order/delivered": answerWith(func(in OrderSpec) (any, error) { return withID(s.DeliveredOrder(in)) }),
		"return":          answerWith(func(in ReturnSpec) (any, error) { return withID(s.OpenReturn(in)) }),
		"product/parts":   answerWith(func(in Recipe) (any, error) { return nil, s.SetParts(in.SKU, in.Parts) }),
		"fault":           answerWith(func(in Fault) (any, error) { return nil, s.AddFault(in) }),
		"readings":        answerWith(func(in Readings) (any, error) { s.SetReadings(in); return nil, nil }),             //nolint:nilnil // there is nothing to tell
		"weather":         answerWith(func(in WebhookWeather) (any, error) { s.SetWebhookWeather(in); return nil, nil }), //nolint:nilnil // there is nothing to tell
	}
	for name, do := range s.targetControls() {
		controls[name] = answerWith(do)
	}
	return controls
}

func (s *Sandbox) targetControls() map[string]func(target) (any, error) {
	return map[string]func(target) (any, error){
		"order/pay":         func(in target) (any, error) { return nil, s.PayOrder(in.ID, in.Hold) },
		"order/ready":       func(in target) (any, error) { return nil, s.ReadyToShip(in.ID) },
		"order/ship":        func(in target) (any, error) { return nil, s.ShipOrder(in.ID) },
		"order/deliver":     func(in target) (any, error) { return nil, s.DeliverOrder(in.ID) },
		"order/complete":    func(in target) (any, error) { return nil, s.CompleteOrder(in.ID) },
		"order/cancel":      func(in target) (any, error) { return withID(s.CancelOrder(in.ID, in.LineIDs...)) },
		"order/buyercancel": func(in target) (any, error) { return withID(s.BuyerRequestsCancel(in.ID)) },
		"order/refundable":  func(in target) (any, error) { return nil, s.SetRefundable(in.ID, in.LineID, in.Amount) },
		"order/refund":      func(in target) (any, error) { return withID(s.SellerCenterRefunds(in.ID, in.LineIDs, in.Amount)) },
		"order/show":        func(in target) (any, error) { return s.Order(in.ID) },
		"order/returns":     func(in target) (any, error) { return s.ReturnsOf(in.ID), nil },

		"return/ship":        func(in target) (any, error) { return nil, s.BuyerShips(in.ID, in.Tracking) },
		"return/deliver":     func(in target) (any, error) { return nil, s.ParcelDelivered(in.ID) },
		"return/withdraw":    func(in target) (any, error) { return nil, s.BuyerWithdraws(in.ID) },
		"return/edit":        func(in target) (any, error) { return withID(s.BuyerEdits(in.ID, in.Request)) },
		"return/answeroffer": func(in target) (any, error) { return nil, s.BuyerAnswersOffer(in.ID, in.Accept) },
		"return/dispute":     func(in target) (any, error) { return nil, s.BuyerDisputes(in.ID) },
		"return/operator":    func(in target) (any, error) { return nil, s.OperatorDecides(in.ID, in.ForBuyer) },
		"return/arbitration": func(in target) (any, error) { return nil, s.SetArbitration(in.ID, in.Status) },
		"return/quickrefund": func(in target) (any, error) { return nil, s.QuickRefund(in.ID) },
		"return/combine":     func(in target) (any, error) { return withID(s.CombineReturns(in.IDs...)) },
		"return/approve":     func(in target) (any, error) { return nil, s.SellerCenterApproves(in.ID, in.Decision) },
		"return/reject":      func(in target) (any, error) { return nil, s.SellerCenterRejects(in.ID, in.Decision, in.Reason) },
		"return/show":        func(in target) (any, error) { return s.Return(in.ID) },
		"cancellation/show":  func(in target) (any, error) { return s.Cancellation(in.ID) },

		"stock/receive":    func(in target) (any, error) { return nil, s.WarehouseReceives(in.SKU, in.Warehouse, in.Units) },
		"stock/adjust":     func(in target) (any, error) { return nil, s.AdjustStock(in.SKU, in.Warehouse, in.Units, in.Cause) },
		"stock/reserve":    func(in target) (any, error) { return nil, s.ReserveStock(in.SKU, in.Warehouse, in.Units, in.Cause) },
		"stock/promotion":  func(in target) (any, error) { return nil, s.LockForPromotion(in.SKU, in.Locked) },
		"listing/combine":  func(in target) (any, error) { return withID(s.CombineListing(in.ID, in.IDs...)) },
		"return/holdmoney": func(in target) (any, error) { return nil, s.HoldMoney(in.ID, in.Held) },
		"stock/show":       func(in target) (any, error) { return s.Stock(in.SKU, in.Warehouse) },

		"subscribe":         func(in target) (any, error) { return nil, s.SubscribePartnerCenter(in.Topic, in.URL) },
		"deauthorize":       func(in target) (any, error) { return nil, s.Deauthorize(in.ID) },
		"authorize":         func(in target) (any, error) { return withID(s.Authorize(in.ID)) },
		"expiretokens":      func(in target) (any, error) { return nil, s.ExpireAccessTokens(in.ID) },
		"faults/clear":      func(target) (any, error) { s.ClearFaults(); return nil, nil },
		"ignoreidempotency": func(in target) (any, error) { s.IgnoreIdempotencyKeys(in.Ignore); return nil, nil },
		"keylife":           func(in target) (any, error) { s.SetKeyLife(in.Life); return nil, nil },
		"readsbehind":       func(in target) (any, error) { s.ReadsBehind(in.Behind); return nil, nil },
		"searchlag":         func(in target) (any, error) { s.SetSearchLag(in.Lag); return nil, nil },
		"hourlycap":         func(in target) (any, error) { s.SetHourlyCap(in.Calls); return nil, nil },
		"skew":              func(in target) (any, error) { s.SetClockSkew(in.Ahead); return nil, nil },
		"tick":              func(target) (any, error) { s.Tick(); return nil, nil },
		"books":             func(target) (any, error) { return s.Books(), nil },
		"calls":             func(target) (any, error) { return s.Books().Calls, nil },
		"deliveries":        func(target) (any, error) { return s.Deliveries(), nil },
	}
}

func withID(id string, err error) (any, error) { return object{"id": id}, err }

// answerWith decodes, runs and answers {"result": …} or {"error": "…"} with 400.
func answerWith[T any](do func(T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		status, content := http.StatusOK, object{}
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			status, content = http.StatusBadRequest, object{"error": "body: " + err.Error()}
		} else if result, err := do(in); err != nil {
			status, content = http.StatusBadRequest, object{"error": err.Error()}
		} else if result != nil {
			content["result"] = result
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(content)
	}
}
