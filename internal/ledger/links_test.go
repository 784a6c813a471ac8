package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// waits enters an RMA that waits for its order; guessed is where its name led.
func (b *bench) waits(id, orderName, guessed string) {
	b.t.Helper()
	r := rma(returns.RMAApproved)
	r.ID, r.OrderName, r.Items = id, orderName, nil
	b.do(func(tx *Tx) error { return tx.SaveRMA(b.ctx, shop, r, monday) })
	require.NoError(b.t, b.decide(returns.RMAKey(id), Decided{OrderID: guessed, Exceptions: []returns.Exception{returns.NewException(returns.UnlinkedOrder, "no order", returns.Money{})}}))
}

func (b *bench) link(links ...OrderLink) ([]returns.Key, error) {
	var freed []returns.Key
	err := b.Do(b.ctx, func(tx *Tx) (err error) {
		freed, err = tx.LinkOrders(b.ctx, shop, links, "Ada", "looked it up")
		return err
	})
	return freed, err
}

func TestALinkFreesTheReturnsThatWait(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.waits("R1", "#1001", "")
		b.waits("R2", "#1001", "999999999999999") // its pattern found a number that TikTok does not know
		b.waits("R3", "#1002", "")
		require.Equal(b.t, []string{"#1001", "#1002"}, get(b, func(tx *Tx) ([]string, error) { return tx.NamesWithoutOrder(b.ctx, shop) }))

		freed, err := b.link(OrderLink{"#1001", "O1"}, OrderLink{"#7777", "O7"})
		require.NoError(b.t, err)
		require.Equal(b.t, []returns.Key{"R1", "R2"}, freed)
		require.Equal(b.t, []string{"O1", "O1", ""}, []string{b.load("R1").OrderID, b.load("R2").OrderID, b.load("R3").OrderID})
		require.Equal(b.t, []string{"manual", "manual"}, b.column(`SELECT source FROM order_links`))
		require.Equal(b.t, []string{"R1 Ada looked it up", "R2 Ada looked it up", "order-name/#7777 Ada looked it up"},
			b.column(`SELECT key || ' ' || decided_by || ' ' || why FROM audit WHERE what LIKE 'linked the order name%' ORDER BY what, key`))

		freed, err = b.link(OrderLink{"#1001", "O1"})
		require.NoError(b.t, err)
		require.Equal(b.t, []returns.Key{"R1", "R2"}, freed, "those that still wait are told again")
		require.Equal(b.t, 3, b.count(`SELECT count(*) FROM audit WHERE what LIKE 'linked the order name%'`), "and nothing new is said")

		b.waits("R7", "#7777", "")
		require.Equal(b.t, "O7", b.load("R7").OrderID, "linked before it came")
		story := get(b, func(tx *Tx) (Story, error) { s, _, err := tx.Story(b.ctx, ReturnRef{shop, "R7"}); return s, err })
		require.Equal(b.t, "linked the order name #7777 to TikTok order O7", story.Audit[0].What)
	})
}

func TestAWrongLinkIsMendedUntilItIsUsed(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.waits("R1", "#1001", "")
		_, err := b.link(OrderLink{"#1001", "O1"})
		require.NoError(b.t, err)
		require.NoError(b.t, b.decide("R1", Decided{OrderID: "O1"})) // the order has none of its items, say
		freed, err := b.link(OrderLink{"#1001", "O2"})
		require.NoError(b.t, err)
		require.Equal(b.t, []returns.Key{"R1"}, freed)
		require.Equal(b.t, "O2", b.load("R1").OrderID)

		require.NoError(b.t, b.decide("R1", Decided{OrderID: "O2", Holds: []returns.Hold{hold("line-1")}}))
		b.waits("R9", "#1009", "")
		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O5", nil, []returns.TikTokReturn{{ID: "C5", OrderID: "O5"}}, monday)
		})
		_, err = b.link(OrderLink{"#1001", "O3"}, OrderLink{"#1009", "O9"}, OrderLink{"#1010", "C5"})
		require.EqualError(b.t, err, "#1001: return R1 holds units of TikTok order O2 already\n#1010: C5 is a TikTok return, of order O5")
		require.Equal(b.t, "O2", b.load("R1").OrderID)
		require.Empty(b.t, b.load("R9").OrderID, "all of them, or none")
	})
}
