package app

import (
	"context"
	"slices"
	"time"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// recently is a list of RMAs short enough for a question.
func recently(now time.Time) returngo.RMAFilter {
	return returngo.RMAFilter{UpdatedFrom: now.Add(-24 * time.Hour)}
}

// checkWarehouses asks whether goods can be put where the configuration says.
func (c *checkup) checkWarehouses(ctx context.Context, s config.Shop, shop *activities.Shop) {
	area := "shop " + s.Name
	all, err := shop.TikTok.Warehouses(ctx)
	if err != nil {
		c.problem(area, "TikTok does not list the warehouses: %s", hint(err, "look at the app's scopes"))
		return
	}
	wanted := map[string]string{}
	var ids []string
	want := func(id, key string) {
		if _, twice := wanted[id]; id != "" && !twice {
			wanted[id] = key
			ids = append(ids, id)
		}
	}
	for _, w := range s.Restock.Warehouses {
		want(w.TikTok, "restock.warehouses for location "+w.Location)
	}
	want(s.Restock.DefaultWarehouse, "restock.default_warehouse")
	good := 0
	for _, id := range ids {
		i := slices.IndexFunc(all, func(w tiktokshop.Warehouse) bool { return w.ID == id })
		switch {
		case i < 0:
			c.problem(area, "%s: TikTok has no warehouse %s; it has %s", wanted[id], id, salesWarehouses(all))
		case all[i].Type != tiktokshop.SalesWarehouse:
			c.problem(area, "%s: %s is a %s, and goods can only be sold from a %s; TikTok has %s", wanted[id], id, all[i].Type, tiktokshop.SalesWarehouse, salesWarehouses(all))
		case all[i].Status != tiktokshop.WarehouseEnabled:
			c.problem(area, "%s: warehouse %s is %s at TikTok, it must be %s", wanted[id], id, all[i].Status, tiktokshop.WarehouseEnabled)
		default:
			good++
		}
	}
	switch {
	case len(ids) == 0 && !s.Restock.UseOrderWarehouse:
		c.fine(area, "no warehouse is configured: goods to be put back wait for a person; TikTok has %s", salesWarehouses(all))
	case len(ids) == 0:
		c.fine(area, "goods go back to the warehouse of their order; TikTok has %s", salesWarehouses(all))
	case good == len(ids):
		c.fine(area, "%s configured, each an enabled sales warehouse at TikTok", count(good, "warehouse"))
	}
}

// salesWarehouses are those that could have been meant.
func salesWarehouses(all []tiktokshop.Warehouse) string {
	var names []string
	for _, w := range all {
		if w.Type == tiktokshop.SalesWarehouse && w.Status == tiktokshop.WarehouseEnabled {
			names = append(names, w.ID+" ("+w.Name+")")
		}
	}
	if len(names) == 0 {
		return "no enabled sales warehouse"
	}
	return join(names)
}

// checkBrakes says what people have stopped, and warns of refunds without a limit.
func (c *checkup) checkBrakes(ctx context.Context, s config.Shop) {
	area := "shop " + s.Name
	if s.Switches.Refund && s.Refund.DayLimit == (config.DayLimit{}) {
		c.note(area, "refund.day_limit is not set: nothing bounds what is refunded in a day")
	}
	if c.ledger == nil {
		return
	}
	var stops []returns.Stop
	err := c.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		stops, err = tx.Stops(ctx, s.Name)
		return err
	})
	if err != nil {
		c.problem(area, "what is stopped cannot be read: %v", err)
	}
	for _, stop := range stops {
		c.note(area, "%s", stop)
	}
}

// writesOf says what is written in a shop, and by whom.
func (c *checkup) writesOf(s config.Shop) {
	us, people := "this program", "nobody but your people in Seller Center"
	who := func(on bool, otherwise string) string {
		if on {
			return us
		}
		return otherwise
	}
	stock := "nobody but your people in Seller Center; restock.writer is not decided yet"
	switch s.Restock.Writer {
	case "us":
		stock = people + "; restock.writer is us"
	case "external":
		stock = "the other program that restock.writer: external stands for"
	}
	on := s.Switches
	c.Writes = append(c.Writes,
		write{s.Name, "accept or open a TikTok return that ReturnGO approved", on.Register, who(on.Register, people)},
		write{s.Name, "make TikTok pay", on.Refund, who(on.Refund, people+", and TikTok itself at its deadline")},
		write{s.Name, "reject at TikTok", on.Reject, "people in Seller Center: this version asks CX and rejects nothing itself"},
		write{s.Name, "set TikTok's stock", on.Restock, who(on.Restock, stock)},
		write{s.Name, "note the payment in ReturnGO", on.WriteBack, who(on.WriteBack, "nobody but your people in ReturnGO")},
	)
}
