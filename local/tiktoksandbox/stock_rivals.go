package tiktoksandbox

import (
	"fmt"
	"time"
)

// ForeignWriter is another program, such as a warehouse system, that believes the
// stock is its own and SETs its number again and again.
type ForeignWriter struct {
	SKU, Warehouse string
	Quantity       int
	Every          time.Duration // platform time; 0 writes once
}

// StartForeignWriter writes now and from now on; the same SKU and warehouse given
// again replaces the writer there, and Every 0 ends it after its one write.
func (s *Sandbox) StartForeignWriter(w ForeignWriter) error {
	return s.atLevel("foreign writer", w.SKU, w.Warehouse, func(key stockKey, _ *level) error {
		if w.Quantity < 0 || w.Every < 0 {
			return fmt.Errorf("quantity %d, every %s", w.Quantity, w.Every)
		}
		s.foreign[key] = &w
		s.foreignWrites(key, &w)
		return nil
	})
}

func (s *Sandbox) foreignWrites(key stockKey, w *ForeignWriter) {
	if s.foreign[key] != w {
		return // replaced since
	}
	s.move(key, movement{cause: CauseAPISync, available: w.Quantity - s.levels[key].available})
	if w.Every > 0 {
		s.after(w.Every, func() { s.foreignWrites(key, w) })
	}
}

// WindowStep is something that happens between a reader's Inventory Search and
// its write.
type WindowStep struct {
	Do        string // sell, ship, cancel or adjust
	Warehouse string
	Units     int    // to sell; to adjust by
	OrderID   string // to ship or cancel; default the oldest waiting order that holds the SKU
	Cause     string // of an adjustment
}

// Window is what happens in a SKU's next read-write window.
type Window struct {
	SKU   string
	Steps []WindowStep
}

// InNextWindow lets the steps happen once, after the SKU's next Inventory Search
// was answered for and before the reader has the numbers (section 5 item 4).
// Steps that cannot be done are noted in Books.Mishaps.
func (s *Sandbox) InNextWindow(skuID string, steps ...WindowStep) error {
	defer s.enter()()
	if s.skus[skuID] == nil {
		return fmt.Errorf("in next window: no sku %q", skuID)
	}
	for _, one := range steps {
		if !oneOf([]string{"sell", "ship", "cancel", "adjust"}, one.Do) {
			return fmt.Errorf("in next window: unknown step %q", one.Do)
		}
	}
	s.window[skuID] = append(s.window[skuID], steps...)
	return nil
}

// afterRead gives what is to happen before an answer with these SKUs leaves.
func (s *Sandbox) afterRead(skuIDs []string) func() {
	hook, planned := s.onRead, map[string][]WindowStep{}
	for _, id := range skuIDs {
		if steps := s.window[id]; len(steps) > 0 {
			planned[id] = steps
			delete(s.window, id)
		}
	}
	return func() {
		if hook != nil {
			hook(skuIDs)
		}
		for _, id := range skuIDs {
			for _, one := range planned[id] {
				if err := s.takeWindowStep(id, one); err != nil {
					leave := s.enter()
					s.books.Mishaps = append(s.books.Mishaps, err.Error())
					leave()
				}
			}
		}
	}
}

func (s *Sandbox) takeWindowStep(skuID string, one WindowStep) error {
	leave := s.enter()
	shopID := s.skus[skuID].product.ShopID
	setDefault(&one.OrderID, s.oldestWaiting(skuID))
	leave()
	var err error
	switch one.Do {
	case "sell":
		_, err = s.PlaceOrder(OrderSpec{ShopID: shopID, Warehouse: one.Warehouse,
			Lines: []OrderLine{{SKU: skuID, Quantity: one.Units}}})
	case "ship":
		err = s.ShipOrder(one.OrderID)
	case "cancel":
		_, err = s.CancelOrder(one.OrderID)
	case "adjust":
		err = s.AdjustStock(skuID, one.Warehouse, one.Units, one.Cause)
	}
	return err
}

// oldestWaiting is the first order that holds the SKU and is not shipped.
func (s *Sandbox) oldestWaiting(skuID string) string {
	var oldest *order
	for _, o := range s.orders {
		holds := false
		for _, l := range o.lines {
			for _, u := range l.units {
				holds = holds || u.skuID == skuID && !l.cancelled
			}
		}
		waiting := oneOf([]string{orderAwaitingShipment, orderAwaitingCollection}, o.status)
		if holds && waiting && !o.keepStock && (oldest == nil || compareText(o.id, oldest.id) < 0) {
			oldest = o
		}
	}
	if oldest == nil {
		return ""
	}
	return oldest.id
}
