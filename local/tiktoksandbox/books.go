package tiktoksandbox

import (
	"maps"
	"slices"
	"sort"
	"time"
)

// Who decided or paid.
const (
	BySellerAPI      = "SELLER_API"
	BySystemDeadline = "SYSTEM_DEADLINE"
	ByBuyer          = "BUYER"
	ByOperator       = "OPERATOR"
	BySellerCenter   = "SELLER_CENTER"
	ByQuickRefund    = "SYSTEM_QUICK_REFUND" // the platform pays before inspection (T09)
	BySystem         = "SYSTEM"              // decisions that cost nobody money, such as closing an unshipped return
)

// Books is the truth about what happened, whatever the API said.
type Books struct {
	Payments        []Payment
	Stock           []StockLevel
	Journal         []Movement
	Decisions       []Decision
	Labels          []Label
	InventoryWrites []InventoryWrite
	Mishaps         []string // window steps that could not be done
	Calls           map[string]int
	// Refreshes counts the token refreshes that were carried out, by SellerID:
	// those that were refused are in Calls only.
	Refreshes map[string]int
}

// Payment is money that really reached the buyer: booked at COMPLETE only (contract 6.11).
type Payment struct {
	ReturnID, CancelID, OrderID, LineID, SubLineID, SKU string
	Amount, Currency                                    string
	At                                                  time.Time
	Initiator                                           string
}

// StockLevel is one SKU in one warehouse. BelievedPhysical is what the shop
// thinks lies there; TruePhysical moves only by goods leaving or being shelved.
type StockLevel struct {
	SKU, Warehouse                                       string
	Available, Committed, BelievedPhysical, TruePhysical int
	Campaign, Creator                                    int // parts of Available that are set aside
}

// Drift is how many units the shop believes in that do not exist.
func (l StockLevel) Drift() int { return l.BelievedPhysical - l.TruePhysical }

// Oversold is how many units are promised to buyers that do not exist.
func (l StockLevel) Oversold() int { return max(l.Committed-l.TruePhysical, 0) }

// Movement is one change of stock numbers. CallRequestID names the API call of
// ours that made it; a foreign writer's has none.
type Movement struct {
	At                             time.Time
	SKU, Warehouse, Cause          string
	AvailableDelta, CommittedDelta int
	CampaignDelta, CreatorDelta    int
	PhysicalDelta                  int
	CallRequestID, OrderID         string
}

// Decision is one step of a return or cancellation and who took it.
type Decision struct {
	ReturnID, CancelID, Decision, By string
	From, To                         string
	At                               time.Time
	RequestID                        string
}

// Label is one label or QR code that the seller uploaded for a return.
type Label struct {
	ReturnID, Tracking, Provider string
	Bytes                        int // size of the document
	At                           time.Time
	RequestID                    string
}

// InventoryWrite is one SKU of an Update Inventory call. HitByMovement says that
// available had moved, by somebody else, since the SKU's last Inventory Search:
// the write wiped that movement out (contract 6.1).
type InventoryWrite struct {
	At             time.Time
	SKU, RequestID string
	Before, After  map[string]int // by warehouse
	Applied        bool
	ErrorCode      int
	HitByMovement  bool
}

// Books returns a copy of the books.
func (s *Sandbox) Books() Books {
	defer s.enter()()
	copied := Books{
		Payments:        slices.Clone(s.books.Payments),
		Journal:         slices.Clone(s.books.Journal),
		Decisions:       slices.Clone(s.books.Decisions),
		Labels:          slices.Clone(s.books.Labels),
		InventoryWrites: slices.Clone(s.books.InventoryWrites),
		Mishaps:         slices.Clone(s.books.Mishaps),
		Calls:           maps.Clone(s.books.Calls),
		Refreshes:       maps.Clone(s.books.Refreshes),
		Stock:           s.stockLevels(),
	}
	for i := range copied.InventoryWrites {
		copied.InventoryWrites[i].Before = maps.Clone(copied.InventoryWrites[i].Before)
		copied.InventoryWrites[i].After = maps.Clone(copied.InventoryWrites[i].After)
	}
	return copied
}

func (s *Sandbox) stockLevels() []StockLevel {
	list := make([]StockLevel, 0, len(s.levels))
	for key, l := range s.levels {
		list = append(list, l.view(key))
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].SKU != list[j].SKU {
			return list[i].SKU < list[j].SKU
		}
		return list[i].Warehouse < list[j].Warehouse
	})
	return list
}
