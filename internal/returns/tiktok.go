package returns

import (
	"slices"
	"time"
)

// Order is what we keep of a TikTok order (TikTok contract 2.2). The status
// never shows refunds.
type Order struct {
	ID          string      `json:"id"`
	Status      string      `json:"status"`
	Currency    string      `json:"currency"`
	WarehouseID string      `json:"warehouse_id,omitempty"`
	Fulfillment string      `json:"fulfillment,omitempty"` // fulfillment_type
	Lines       []OrderLine `json:"lines"`
	// Replaces is the order this one replaces or was exchanged for, if any: it
	// has no revenue of its own.
	Replaces    string    `json:"replaces,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	ReadyAt     time.Time `json:"ready_at,omitzero"`     // rts_time: handed over to be collected
	CollectedAt time.Time `json:"collected_at,omitzero"` // collection_time
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
}

// Order statuses the rules look at (TikTok contract 2.2).
const (
	OrderUnpaid         = "UNPAID"
	OrderOnHold         = "ON_HOLD"
	OrderToShip         = "AWAITING_SHIPMENT"
	OrderToCollect      = "AWAITING_COLLECTION"
	OrderInTransit      = "IN_TRANSIT"
	OrderDelivered      = "DELIVERED"
	OrderCompleted      = "COMPLETED"
	OrderCancelled      = "CANCELLED"
	FulfilledByTikTok   = "FULFILLMENT_BY_TIKTOK"
	FulfilledBySeller   = "FULFILLMENT_BY_SELLER"
	fulfilledByDilayani = "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"
)

// OrderLine is one unit sold: TikTok has no quantity on a line (TikTok contract 2.2).
type OrderLine struct {
	ID        string `json:"id"`
	SKUID     string `json:"sku_id"`
	SellerSKU string `json:"seller_sku"`
	ProductID string `json:"product_id"`
	Price     Money  `json:"price"` // sale_price; a check, never the refund (T33)
	Gift      bool   `json:"gift,omitempty"`
	Status    string `json:"status,omitempty"`
	PackageID string `json:"package_id,omitempty"`
	// WarehouseID is the warehouse that the line's package left; empty: TikTok names
	// none, or was not asked.
	WarehouseID string `json:"warehouse_id,omitempty"`
	// PackageRead says that TikTok was asked about the package, and answered.
	PackageRead bool `json:"package_read,omitempty"`
	// Parts is the bundle's recipe as at the sale: one entry per component SKU.
	Parts []BundlePart `json:"parts,omitempty"`
	// SubLines is one entry per physical unit inside the bundle.
	SubLines []SubLine `json:"sub_lines,omitempty"`
}

// BundlePart is one component of a virtual bundle (combined_listing_skus).
type BundlePart struct {
	SKUID     string `json:"sku_id"`
	SellerSKU string `json:"seller_sku"`
	ProductID string `json:"product_id"`
	Count     int    `json:"count"`
}

// SubLine is one physical unit inside a virtual bundle (sub_item_info).
type SubLine struct {
	ID          string `json:"id"`
	SKUID       string `json:"sku_id"`
	SellerSKU   string `json:"seller_sku"`
	ProductID   string `json:"product_id"`
	Price       Money  `json:"price"`
	WarehouseID string `json:"warehouse_id,omitempty"`
}

// TikTokReturn is a return as TikTok knows it (TikTok contract 2.3).
type TikTokReturn struct {
	ID          string             `json:"id"`
	OrderID     string             `json:"order_id"`
	Type        string             `json:"type"`
	Status      string             `json:"status"`
	Arbitration string             `json:"arbitration,omitempty"`
	Role        string             `json:"role"` // who opened it, upper case
	Reason      string             `json:"reason,omitempty"`
	Refund      Money              `json:"refund"` // refund_total
	Lines       []TikTokReturnLine `json:"lines"`
	Actions     []SellerAction     `json:"actions,omitempty"`
	QuickRefund bool               `json:"quick_refund,omitempty"` // paid while the goods may still be under way (T09)
	NextID      string             `json:"next_id,omitempty"`      // the buyer edited the request: that one counts
	PreviousID  string             `json:"previous_id,omitempty"`
	CombinedID  string             `json:"combined_id,omitempty"` // of a parcel with other returns; each is decided by itself (T32)
	Tracked     bool               `json:"tracked,omitempty"`     // it has a tracking number, which is not kept: carriers tell addresses by it
	CreatedAt   time.Time          `json:"created_at"`
	UpdatedAt   time.Time          `json:"updated_at"`
	// RefusedAt is when it was last refused by the seller or by TikTok's
	// arbitration. TikTok no longer shows it once it has closed the return (TikTok
	// contract 2.4), so the ledger keeps it.
	RefusedAt time.Time `json:"refused_at,omitzero"`
}

// TikTokReturnLine is one unit (or one bundle, with its parts as sub lines) of a TikTok return.
type TikTokReturnLine struct {
	ID          string                `json:"id"`
	OrderLineID string                `json:"order_line_id"`
	SKUID       string                `json:"sku_id"`
	SellerSKU   string                `json:"seller_sku"`
	Refund      Money                 `json:"refund"`
	SubLines    []TikTokReturnSubLine `json:"sub_lines,omitempty"`
}

// TikTokReturnSubLine is one part of a bundle in a TikTok return.
type TikTokReturnSubLine struct {
	ID             string `json:"id"`
	OrderSubLineID string `json:"order_sub_line_id"`
	SKUID          string `json:"sku_id"`
	Refund         Money  `json:"refund"`
}

// SellerAction is something TikTok waits for from the seller; silence after the
// deadline is consent (TikTok contract 4.3).
type SellerAction struct {
	Action   string    `json:"action"`
	Deadline time.Time `json:"deadline"`
}

// Types of a TikTok return (TikTok contract 2.3). The set is open.
const (
	TypeRefund          = "REFUND" // the buyer keeps the goods
	TypeReturnAndRefund = "RETURN_AND_REFUND"
	TypeReplacement     = "REPLACEMENT"
)

// Statuses of a TikTok return (TikTok contract 2.4). The set is open: an
// unknown one goes to a person (T02).
const (
	TikTokPending         = "RETURN_OR_REFUND_REQUEST_PENDING"
	TikTokAwaitingShip    = "AWAITING_BUYER_SHIP"
	TikTokAwaitingBuyer   = "AWAITING_BUYER_RESPONSE"
	TikTokShipped         = "BUYER_SHIPPED_ITEM"
	TikTokApproved        = "RETURN_OR_REFUND_REQUEST_SUCCESS" // money still to move
	TikTokPaid            = "RETURN_OR_REFUND_REQUEST_COMPLETE"
	TikTokCancelled       = "RETURN_OR_REFUND_REQUEST_CANCEL"
	TikTokRejected        = "REFUND_OR_RETURN_REQUEST_REJECT"
	TikTokParcelRejected  = "REJECT_RECEIVE_PACKAGE"
	TikTokReplaceRefunded = "REPLACEMENT_REQUEST_REFUND_SUCCESS"
	TikTokReplacePending  = "REPLACEMENT_REQUEST_PENDING"
	TikTokReplaceDone     = "REPLACEMENT_REQUEST_COMPLETE"
	TikTokReplaceRejected = "REPLACEMENT_REQUEST_REJECT"
	TikTokReplaceCancel   = "REPLACEMENT_REQUEST_CANCEL"

	ArbitrationInProgress = "IN_PROGRESS"
	ArbitrationForBuyer   = "SUPPORT_BUYER"
	ArbitrationForSeller  = "SUPPORT_SELLER"
)

// KnownArbitration tells whether the contract names this state of arbitration
// (TikTok contract 2.3).
func (t TikTokReturn) KnownArbitration() bool {
	return slices.Contains([]string{"", ArbitrationInProgress, ArbitrationForBuyer, ArbitrationForSeller, "CLOSED"}, t.Arbitration)
}

// Disputed tells whether somebody else decides: TikTok's arbitration does, or it
// is in a state that we do not know (T02).
func (t TikTokReturn) Disputed() bool {
	return t.Arbitration == ArbitrationInProgress || !t.KnownArbitration()
}

// Refused is when the seller or TikTok's arbitration last refused the return, zero
// if neither did or the refusal was overturned (TikTok contract 2.4).
func (t TikTokReturn) Refused() time.Time {
	switch {
	case t.Arbitration == ArbitrationForBuyer, t.Pays(), t.Status == TikTokAwaitingShip, t.Status == TikTokShipped:
		return time.Time{}
	case !t.RefusedAt.IsZero():
		return t.RefusedAt
	case t.Status == TikTokRejected, t.Status == TikTokParcelRejected, t.Arbitration == ArbitrationForSeller:
		return t.UpdatedAt
	}
	return time.Time{}
}

// Remembering is the return with what TikTok showed of it earlier and may no longer
// show.
func (t TikTokReturn) Remembering(earlier TikTokReturn) TikTokReturn {
	if t.RefusedAt.IsZero() {
		t.RefusedAt = earlier.Refused()
	}
	t.RefusedAt = t.Refused()
	return t
}

// Live tells whether the TikTok return still occupies its lines: TikTok takes no
// second case on a line meanwhile (25001011). A reject is not the end, a
// dispute can still pay. An unknown status counts as live: better to wait for a
// person than to pay twice.
func (t TikTokReturn) Live() bool {
	if t.NextID != "" {
		return false
	}
	switch t.Status {
	case TikTokPaid, TikTokCancelled, TikTokReplaceDone, TikTokReplaceRefunded, TikTokReplaceCancel:
		return false
	}
	return true
}

// Pays tells whether TikTok has paid, or has promised to, for this TikTok return.
func (t TikTokReturn) Pays() bool {
	switch t.Status {
	case TikTokApproved, TikTokPaid, TikTokReplaceRefunded:
		return t.NextID == ""
	}
	return false
}

// Paid tells whether the money has moved.
func (t TikTokReturn) Paid() bool {
	return t.Pays() && t.Status != TikTokApproved
}

// KnownStatus tells whether the contract names this status.
func (t TikTokReturn) KnownStatus() bool {
	switch t.Status {
	case TikTokPending, TikTokAwaitingShip, TikTokAwaitingBuyer, TikTokShipped, TikTokApproved, TikTokPaid,
		TikTokCancelled, TikTokRejected, TikTokParcelRejected, TikTokReplaceRefunded, TikTokReplacePending,
		TikTokReplaceDone, TikTokReplaceRejected, TikTokReplaceCancel:
		return true
	}
	return false
}

// Deadline is the earliest time at which TikTok decides by silence, zero if it
// waits for nothing from the seller.
func (t TikTokReturn) Deadline() time.Time {
	var first time.Time
	for _, a := range t.Actions {
		if !a.Deadline.IsZero() && (first.IsZero() || a.Deadline.Before(first)) {
			first = a.Deadline
		}
	}
	return first
}

// StockLevel is what TikTok shows for one SKU in one warehouse (TikTok contract 2.7).
type StockLevel struct {
	ProductID   string `json:"product_id"`
	SKUID       string `json:"sku_id"`
	WarehouseID string `json:"warehouse_id"`
	Available   int    `json:"available"` // can be ordered now
	Committed   int    `json:"committed"` // sold, not yet shipped; not part of available
}

// StockMovement is TikTok's own account of one change of a SKU's stock
// (webhook 68). It names no warehouse.
type StockMovement struct {
	ID             string    `json:"id"` // its idempotency key
	ProductID      string    `json:"product_id"`
	SKUID          string    `json:"sku_id"`
	Source         string    `json:"source"` // trigger_source, such as "api_sync"
	At             time.Time `json:"at"`
	AvailableDelta int       `json:"available_delta"`
	CommittedDelta int       `json:"committed_delta"`
	AvailableAfter int       `json:"available_after"` // the SKU's total over all warehouses
}

// Sources of a movement that say who set a number: a program by an Update Inventory
// call, or a person in Seller Center.
const (
	MovementAPISync = "api_sync"
	MovementByHand  = "manual_adjustment"
)
