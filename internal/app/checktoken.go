package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

// authoriseAgain is how long before the end of an authorisation people hear of
// it: as long as TikTok's own warning (TikTok contract 3.4, topic 7).
const authoriseAgain = 30 * 24 * time.Hour

// checkToken tells whether TikTok can be asked. A token is renewed only where
// there is none, or none that TikTok still takes: the old refresh token dies with
// it (T01), so the new one goes into the ledger, by the one way that keeps two
// from renewing at once.
func (c *checkup) checkToken(ctx context.Context, s config.Shop) bool {
	area := "shop " + s.Name
	before, _, _ := c.acts.Tokens.Granted(ctx, s.Name) // what cannot be read here shows below
	var access tiktokshop.Access
	var shops []tiktokshop.AuthorizedShop
	err := c.withToken(ctx, s.Name, func() (err error) {
		if access, err = c.acts.Tokens.Access(s.Name)(ctx); err != nil {
			return err
		}
		shops, err = c.acts.Tokens.Client.AuthorizedShops(ctx, access.Token)
		return err //nolint:wrapcheck // a platform error already says which call
	})
	if err != nil {
		c.problem(area, "has no access to TikTok: %s", hint(err, "look at app_key and app_secret, or run \"starter authorise\""))
		return false
	}
	granted, _, err := c.acts.Tokens.Granted(ctx, s.Name)
	if err != nil {
		c.problem(area, "%v", err)
		return false
	}
	if !granted.AccessExpires.Equal(before.AccessExpires) {
		c.fine(area, "a new TikTok access token was got with the refresh token, and both are kept in the ledger")
	}
	i := slices.IndexFunc(shops, func(a tiktokshop.AuthorizedShop) bool { return a.ID == s.TikTokShopID })
	switch {
	case i < 0:
		c.problem(area, "the TikTok authorisation does not cover shop %s: look at tiktok_shop_id, or authorise the app in that shop", s.TikTokShopID)
		return false
	case shops[i].Cipher != access.Cipher:
		c.problem(area, "shop_cipher is not the one TikTok gives for shop %s: leave the key out, and TikTok is asked for it", s.TikTokShopID)
		return false
	case shops[i].Region != "" && shops[i].Region != s.Region:
		c.problem(area, "region is %s, but TikTok says that shop %s is in %s", s.Region, s.TikTokShopID, shops[i].Region)
	}
	c.fine(area, "TikTok takes the token and knows shop %s; %s", s.TikTokShopID, c.ages(granted))
	if end := granted.RefreshExpires; !end.IsZero() && end.Before(c.now().Add(authoriseAgain)) {
		c.note(area, "the authorisation ends %s: the seller must authorise the app again before", fromNow(end, c.now()))
	}
	c.checkShared(ctx, s, granted, shops)
	c.checkScopes(s, granted.Scopes)
	return true
}

// checkShared says which configured shops have one authorisation, and which have two
// of the same seller: TikTok may end the one when it renews the other.
func (c *checkup) checkShared(ctx context.Context, s config.Shop, granted activities.Granted, covered []tiktokshop.AuthorizedShop) {
	area := "shop " + s.Name
	if same := without(granted.Shops, s.Name); len(same) > 0 {
		c.fine(area, "has one TikTok authorisation with %s: it is renewed once for all of them", join(same))
	}
	for _, other := range c.cfg.Shops {
		_, found, err := c.acts.Tokens.Granted(ctx, other.Name)
		covers := slices.ContainsFunc(covered, func(a tiktokshop.AuthorizedShop) bool { return a.ID == other.TikTokShopID })
		if err == nil && found && covers && other.Name != s.Name && !slices.Contains(granted.Shops, other.Name) {
			c.note(area, "its TikTok authorisation covers shop %s too, which has one of its own: run \"starter authorise --shop %s\" once for both, and leave refresh_token out", other.Name, s.Name)
		}
	}
}

// ages says when the tokens end, as far as TikTok has said.
func (c *checkup) ages(g activities.Granted) string {
	var ages []string
	for _, t := range []struct {
		what string
		end  time.Time
	}{{"the access token", g.AccessExpires}, {"the authorisation", g.RefreshExpires}} {
		if t.end.IsZero() {
			ages = append(ages, t.what+" ends at a time TikTok tells at the next renewal")
		} else {
			ages = append(ages, t.what+" ends "+fromNow(t.end, c.now()))
		}
	}
	return strings.Join(ages, ", ")
}

// need is what an app must be allowed, for what, and whether that is switched on.
type need struct {
	scope, purpose string
	on             bool
}

// needs are the scopes that the calls we make ask for (TikTok contract 1.2).
func needs(s config.Shop) []need {
	on := s.Switches
	return []need{
		{"seller.authorization.info", "to know the shop and its webhooks", true},
		{"seller.order.info", "to read orders", true},
		{"seller.return_refund.basic", "to read and answer returns", true},
		{"seller.product.basic", "to read products and stock", true},
		{"seller.logistics", "to read the warehouses", true},
		{"seller.fulfillment.basic", "for the switches register and refund, where the program opens a return or a refund itself", on.Register || on.Refund},
		{"seller.product.write", "for the switch restock", on.Restock},
	}
}

// checkScopes names what the seller has not granted. TikTok tells it with a
// token, so with one out of the configuration nobody knows it yet.
func (c *checkup) checkScopes(s config.Shop, granted []string) {
	area := "shop " + s.Name
	if len(granted) == 0 {
		c.note(area, "TikTok tells which scopes are granted when a token is renewed, and has not yet; the reads below show those of reading")
		return
	}
	all := true
	for _, n := range needs(s) {
		if slices.Contains(granted, n.scope) {
			continue
		}
		all = false
		text := fmt.Sprintf("the scope %s is not granted; it is needed %s: add it to the app in Partner Center, and have the seller authorise it again", n.scope, n.purpose)
		if n.on {
			c.problem(area, "%s", text)
		} else {
			c.note(area, "%s, before it is switched on", text)
		}
	}
	if all {
		c.fine(area, "all scopes are granted that any switch needs")
	}
}

// hint adds what a person can look at, where a person has to.
func hint(err error, look string) string {
	if platform.ClassOf(err) == platform.Human {
		return err.Error() + ": " + look
	}
	return err.Error()
}
