package returngosandbox

import (
	"errors"
	"fmt"
	"slices"
)

func (s *Sandbox) shopNamed(name string) (*shop, error) {
	if sh := s.shops[name]; sh != nil {
		return sh, nil
	}
	return nil, fmt.Errorf("no shop %q", name)
}

// onRMA runs one act on an RMA under the lock.
func (s *Sandbox) onRMA(id string, act func(*RMA) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rmas[id]
	if r == nil {
		return fmt.Errorf("no RMA %q", id)
	}
	s.keep(r)
	return act(r)
}

// AddOrder puts an order into a shop's e-commerce platform.
func (s *Sandbox) AddOrder(shopName string, order Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, err := s.shopNamed(shopName)
	if err != nil {
		return err
	}
	if order.ID == "" || order.Currency == "" || sh.orders[order.ID] != nil {
		return fmt.Errorf("order %q needs an id of its own and a currency", order.ID)
	}
	for _, line := range order.Lines {
		_, priceErr := ParseAmount(line.UnitPrice)
		_, taxErr := ParseAmount(line.UnitTax)
		if err := errors.Join(priceErr, taxErr); err != nil {
			return fmt.Errorf("order %s line %s: %w", order.ID, line.ID, err)
		}
	}
	order.Lines = slices.Clone(order.Lines)
	sh.orders[order.ID] = &order
	return nil
}

// CreateRMA is the customer's request on the portal; it answers the RMA's id and one id per unit.
func (s *Sandbox) CreateRMA(shopName string, spec RMASpec) (rmaID string, itemIDs []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, err := s.shopNamed(shopName)
	if err != nil {
		return "", nil, err
	}
	r, err := s.create(sh, spec, customer)
	if err != nil {
		return "", nil, err
	}
	for _, item := range r.Items {
		itemIDs = append(itemIDs, item.ID)
	}
	return r.ID, itemIDs, nil
}

// Approve is the merchant's yes to a pending request.
func (s *Sandbox) Approve(rmaID string) error { return s.staffMove(rmaID, Approved, "") }

// Reject is the merchant's no to a pending request.
func (s *Sandbox) Reject(rmaID string) error { return s.staffMove(rmaID, Rejected, "") }

// Cancel calls a pending or approved request off; the reason shows in the timeline only.
func (s *Sandbox) Cancel(rmaID, reason string) error {
	return s.staffMove(rmaID, Canceled, " Reason: "+reason)
}

// Done completes an RMA.
func (s *Sandbox) Done(rmaID string) error { return s.staffMove(rmaID, Done, "") }

func (s *Sandbox) staffMove(rmaID, to, remark string) error {
	return s.onRMA(rmaID, func(r *RMA) error {
		if err := s.mayMove(r, to); err != nil {
			return err
		}
		s.move(r, to, staff, remark)
		return nil
	})
}

// Reopen leads a canceled, rejected or done RMA back to the status it had.
func (s *Sandbox) Reopen(rmaID string) error {
	return s.onRMA(rmaID, func(r *RMA) error { return s.reopen(r, staff) })
}

// Label is the label of the parcel coming back being made, and where it lies.
func (s *Sandbox) Label(rmaID, address, tracking string) error {
	return s.onRMA(rmaID, func(r *RMA) error {
		return s.parcel(r, LabelCreated, func(sh *Shipment) { sh.LabelURL, sh.TrackingNumber = address, tracking })
	})
}

// Ship is the customer handing the parcel to a carrier.
func (s *Sandbox) Ship(rmaID, tracking, carrier string) error {
	return s.onRMA(rmaID, func(r *RMA) error {
		return s.parcel(r, Shipped, func(sh *Shipment) {
			sh.TrackingNumber, sh.Carrier = tracking, carrier
			sh.TrackingURL = "https://carrier.example/" + tracking
		})
	})
}

// Receive is the parcel reaching the warehouse.
func (s *Sandbox) Receive(rmaID string) error {
	return s.onRMA(rmaID, func(r *RMA) error { return s.parcel(r, Received, func(*Shipment) {}) })
}

// parcel moves the parcel coming back, and the RMA with it.
func (s *Sandbox) parcel(r *RMA, to string, describe func(*Shipment)) error {
	at := slices.IndexFunc(r.Shipments, func(sh Shipment) bool { return !sh.Outbound })
	if at < 0 {
		return fmt.Errorf("RMA %s has no parcel", r.ID)
	}
	sh := &r.Shipments[at]
	if !slices.Contains(shipmentMoves[sh.Status], to) {
		return fmt.Errorf("shipment %s cannot go from %s to %s", sh.ID, sh.Status, to)
	}
	describe(sh)
	s.shipmentStatus(r, sh, to, automation)
	s.shipmentArrived(r, sh, automation)
	return nil
}

// Validate records the warehouse's inspection. The last unit of a received RMA
// moves it to Validated (A18); a done RMA stays done, and no event tells of it.
func (s *Sandbox) Validate(rmaID string, results []ItemValidation) error {
	return s.onRMA(rmaID, func(r *RMA) error {
		if !slices.Contains([]string{Received, Validated, Done}, r.Status) {
			return fmt.Errorf("RMA %s is %s, nothing has come back to inspect", r.ID, r.Status)
		}
		results = slices.Clone(results)
		for i := range results {
			results[i].By = orElse(results[i].By, staff.by)
		}
		if err := s.inspect(r, results, staff); err != nil {
			return err
		}
		if r.Status == Received && r.fullyValidated() {
			s.move(r, Validated, staff, "")
		}
		return nil
	})
}

// RequestRefund makes ReturnGO authorise a refund to the payment method; an empty amount is the units' paid price.
func (s *Sandbox) RequestRefund(rmaID string, itemIDs []string, amount string) (transactionID string, err error) {
	return s.RequestTransaction(rmaID, TransactionSpec{ItemIDs: itemIDs, Amount: amount})
}

// RequestTransaction makes ReturnGO initiate a transaction of any kind.
func (s *Sandbox) RequestTransaction(rmaID string, spec TransactionSpec) (transactionID string, err error) {
	err = s.onRMA(rmaID, func(r *RMA) error {
		t, err := s.newTransaction(r, spec)
		if err == nil {
			transactionID = t.ID
		}
		return err
	})
	return transactionID, err
}

// referenceTypes are the kinds of reference seen beside a platform's refund (contract 3.4).
var referenceTypes = map[string]string{"RefundToStoreCredit": "StoreCreditCode", "InvoicePayment": "InvoicePaymentId"}

// SettleRefund is somebody other than the integration settling a transaction.
func (s *Sandbox) SettleRefund(transactionID string, succeeded bool, reference string) error {
	outcome := transactionBody{Status: Failed}
	if succeeded {
		outcome = transactionBody{Status: Success, ExternalReferenceID: &reference}
	}
	return s.settleAs(transactionID, outcome, transactionMoves)
}

// CancelTransaction withdraws a transaction that has not succeeded (A20).
func (s *Sandbox) CancelTransaction(transactionID string) error {
	return s.settleAs(transactionID, transactionBody{Status: Canceled}, map[string][]string{Requested: {Canceled}, Failed: {Canceled}})
}

func (s *Sandbox) settleAs(transactionID string, outcome transactionBody, moves map[string][]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, t := s.findTransaction(transactionID)
	if r == nil {
		return fmt.Errorf("no transaction %q", transactionID)
	}
	if !slices.Contains(moves[t.Status], outcome.Status) {
		return fmt.Errorf("transaction %s cannot go from %s to %s", t.ID, t.Status, outcome.Status)
	}
	if outcome.ExternalReferenceID != nil {
		kind := orElse(referenceTypes[t.Type], "PlatformRefundId")
		outcome.ExternalReferenceType = &kind
	}
	s.keep(r)
	s.settle(r, t, outcome, staff)
	return nil
}

// Track reports a tracked parcel's status to the shop's webhooks.
func (s *Sandbox) Track(shopName, trackerID, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, err := s.shopNamed(shopName)
	if err != nil {
		return err
	}
	t, known := sh.trackers[trackerID]
	if !known {
		return fmt.Errorf("no tracker %q", trackerID)
	}
	s.announceTracker(shopName, trackerID, t, status)
	return nil
}
