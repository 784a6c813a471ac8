package returns

import (
	"strings"
	"time"
)

// Key names one return within its shop: the RMA id, or "tiktok/<return id>"
// while a TikTok return has no RMA. It is the tail of the workflow id.
type Key string

const tiktokPrefix = "tiktok/"

// RMAKey is the key of a return that ReturnGO authorises.
func RMAKey(rmaID string) Key { return Key(rmaID) }

// TikTokKey is the key of a TikTok return that no RMA holds yet.
func TikTokKey(returnID string) Key { return Key(tiktokPrefix + returnID) }

// RMAID is the RMA's id, empty for a TikTok return without RMA.
func (k Key) RMAID() string {
	if k.TikTokReturnID() != "" {
		return ""
	}
	return string(k)
}

// TikTokReturnID is TikTok's return id, empty for a return with an RMA.
func (k Key) TikTokReturnID() string {
	id, ok := strings.CutPrefix(string(k), tiktokPrefix)
	if !ok {
		return ""
	}
	return id
}

// shopPrefix is that of no RMA id: they are digits.
const shopPrefix = "shop/"

// ShopKey stands where a return's key stands, for what concerns a platform as
// seen by a whole shop.
func ShopKey(p Platform) Key { return Key(shopPrefix + string(p)) }

const sinkPrefix = "sink/"

// SinkKey is the key of what concerns a way by which people are told, and no shop.
func SinkKey(name string) Key { return Key(sinkPrefix + name) }

// WholeShop tells whether the key is one of those: no return's, no product's.
func (k Key) WholeShop() bool {
	return strings.HasPrefix(string(k), shopPrefix) || strings.HasPrefix(string(k), sinkPrefix)
}

const stockPrefix = "stock/"

// StockKey is the key of what concerns a product's stock and no return.
func StockKey(productID string) Key { return Key(stockPrefix + productID) }

// ProductID is the product of such a key, empty for any other.
func (k Key) ProductID() string {
	id, ok := strings.CutPrefix(string(k), stockPrefix)
	if !ok {
		return ""
	}
	return id
}

// UnitID names one physical unit sold: the TikTok order line id, with the sub
// line id behind a slash for a part of a virtual bundle. It is never a ReturnGO
// item id: two RMAs may name the same unit, and only one may hold it.
type UnitID string

// NewUnitID builds the id of an order line's unit, or of a part of it.
func NewUnitID(lineID, subLineID string) UnitID {
	if subLineID == "" {
		return UnitID(lineID)
	}
	return UnitID(lineID + "/" + subLineID)
}

// LineID is the TikTok order line.
func (u UnitID) LineID() string { line, _, _ := strings.Cut(string(u), "/"); return line }

// SubLineID is the bundle part within the line, empty for a whole line.
func (u UnitID) SubLineID() string { _, sub, _ := strings.Cut(string(u), "/"); return sub }

// Hold pairs one item of an RMA with one unit of the order. One return holds a
// unit at a time.
type Hold struct {
	Unit      UnitID `json:"unit"`
	ItemID    string `json:"item_id"` // returnedItemId
	OrderID   string `json:"order_id"`
	SKUID     string `json:"sku_id"`
	ProductID string `json:"product_id"`
	// TikTokReturnID is the case on the unit that counts, empty if there is none.
	TikTokReturnID string `json:"tiktok_return_id,omitempty"`
	// Standing and Value are what its return says about refunding the unit, kept only
	// while that case holds units of other RMAs too: they decide with it.
	Standing Standing `json:"standing,omitempty"`
	Value    Money    `json:"value"`
}

// Same reports whether two holds say the same.
func (h Hold) Same(o Hold) bool {
	value := Known(h.Value) == Known(o.Value) && (!Known(h.Value) || SameMoney(h.Value, o.Value))
	h.Value, o.Value = Money{}, Money{}
	return value && h == o
}

// Standing is what an RMA says about refunding a unit.
type Standing string

// The standings; none means that nothing is decided, or a person is asked.
const (
	StandingApproved   Standing = "approved" // the goods may come back
	StandingAuthorised Standing = "authorised"
	StandingRefused    Standing = "refused"
)

// RestockState says how far a unit is on its way back into TikTok's stock.
type RestockState string

// The states of a restock.
const (
	RestockOwed    RestockState = "owed"    // entered, not written yet
	RestockWritten RestockState = "written" // written, TikTok's own account still to come
	RestockProven  RestockState = "proven"  // TikTok's own account shows it
	RestockDropped RestockState = "dropped" // its inspection was taken back before it was written
	RestockSkipped RestockState = "skipped" // a person said that we are not to put it back
)

// Restock is one unit's stock entry: it counts once, whoever asks again.
type Restock struct {
	Unit        UnitID       `json:"unit"`
	ProductID   string       `json:"product_id"`
	SKUID       string       `json:"sku_id"`
	WarehouseID string       `json:"warehouse_id"`
	State       RestockState `json:"state"`
	At          time.Time    `json:"at"` // when it came into this state
	Note        string       `json:"note,omitempty"`
	Problem     Kind         `json:"problem,omitempty"`   // what keeps it from going on, if anything
	ProblemAt   time.Time    `json:"problem_at,omitzero"` // since when
	WokenAt     time.Time    `json:"woken_at,omitzero"`   // when its return last told the writer to look
}

// Open tells whether the writer still has to do with it.
func (r Restock) Open() bool { return r.State == RestockOwed || r.State == RestockWritten }
