package tiktokshop

import "context"

// Warehouse types and states (contract 2.8).
const (
	SalesWarehouse   = "SALES_WAREHOUSE"
	ReturnWarehouse  = "RETURN_WAREHOUSE"
	WarehouseEnabled = "ENABLED"
)

// Warehouse is a place of the seller, without its address. Sales and return
// warehouse of one place differ in id and share the entity (contract 2.8, T19).
type Warehouse struct {
	ID, EntityID, Name, Type, SubType string
	Status                            string // effect_status
	Default                           bool
}

// Warehouses lists all warehouses of the shop, also those that cannot sell now;
// stock is kept on sales warehouses only (contract 2.8).
func (s *Shop) Warehouses(ctx context.Context) ([]Warehouse, error) {
	var w struct {
		Warehouses list[struct {
			ID       text `json:"id"`
			EntityID text `json:"entity_id"`
			Name     text `json:"name"`
			Type     text `json:"type"`
			SubType  text `json:"sub_type"`
			Status   text `json:"effect_status"`
			Default  flag `json:"is_default"`
		}] `json:"warehouses"`
	}
	if _, err := s.do(ctx, call{endpoint: getWarehouses}, &w); err != nil {
		return nil, err
	}
	var all []Warehouse
	for _, h := range w.Warehouses {
		all = append(all, Warehouse{
			ID: string(h.ID), EntityID: string(h.EntityID), Name: string(h.Name), Type: string(h.Type),
			SubType: string(h.SubType), Status: string(h.Status), Default: h.Default.yes,
		})
	}
	return all, nil
}

// PackageWarehouse is the warehouse that a package left; empty where TikTok does not
// say. TikTok may switch it after the order was placed, and the order still names the
// first (T19). Path, scope and field name of the call are assumed (T35).
func (s *Shop) PackageWarehouse(ctx context.Context, packageID string) (string, error) {
	var w struct {
		WarehouseID text `json:"warehouse_id"`
	}
	_, err := s.do(ctx, call{endpoint: getPackage, id: packageID}, &w)
	return string(w.WarehouseID), err
}
