package tiktoksandbox

// shipsFrom is the warehouse that the goods leave and whose stock an order moves.
func (o *order) shipsFrom() string {
	if o.switchedTo != "" {
		return o.switchedTo
	}
	return o.warehouse
}

// packageDetail names the warehouse that a package really leaves from. The order may
// name another: in the US TikTok switches the warehouse after the order (T19), and
// the package has a warehouse_id of its own since 2026-08-05 (T35).
func (s *Sandbox) packageDetail(c *call) (any, *apiError) {
	o := s.packages[c.id]
	if o != nil && o.shopID == c.shop.ID {
		o = o.then(c.asOf)
	}
	if o == nil || o.shopID != c.shop.ID {
		return nil, fail(c.badParameter(), "Package %s not found.", c.id)
	}
	lines, skus := []string{}, []object{}
	for _, l := range o.lines {
		if l.packageID == c.id {
			lines = append(lines, l.id)
			skus = append(skus, object{"id": l.skuID, "name": l.skuName, "quantity": 1})
		}
	}
	if len(lines) == 0 {
		return nil, fail(c.badParameter(), "Package %s not found.", c.id) // not yet, for a read that is behind
	}
	view := object{"package_id": c.id, "package_status": o.packageStatus(), "warehouse_id": o.shipsFrom(),
		"order_line_item_ids": lines, "orders": []object{{"id": o.id, "skus": skus}},
		"create_time": o.shippedAt.Unix(), "update_time": o.updateTime.Unix(), "shipping_provider_name": "Demo Post"}
	putText(view, "tracking_number", trackingOf(c.id))
	return view, nil
}

// packageStatus is the word of 2.2 for a package that has left.
func (o *order) packageStatus() string {
	if o.deliveredAt.IsZero() {
		return "FULFILLING"
	}
	return "COMPLETED"
}

func trackingOf(packageID string) string { return "TRK" + packageID[10:] }

// packageJSON is a package as the order shows it: its id, and its own warehouse only
// where that reading is chosen (2.2).
func (s *Sandbox) packageJSON(o *order, packageID string) object {
	view := object{"id": packageID}
	if s.readings.PackageWarehouseInOrder {
		view["warehouse_id"] = o.shipsFrom()
	}
	return view
}
