package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func (d *desk) linked(id string) string {
	d.t.Helper()
	var r returns.Record
	d.do(func(tx *ledger.Tx) (err error) {
		r, err = tx.Load(d.t.Context(), demo, returns.RMAKey(id))
		return err
	})
	return r.OrderID
}

func TestALinkWakesTheReturnsThatWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.waits("4712", "#1001")
	d.waits("4713", "#1002")
	links := []ledger.OrderLink{{OrderName: "#1001", OrderID: orderID}}
	require.NoError(t, d.link(t.Context(), demo, links, "Ada", "found it", d.out()))
	require.Equal(t, "Order name #1001 now means TikTok order "+orderID+".\n2 returns waited for this and will go on: 4711, 4712.\n", d.text())
	var woken []string
	for _, s := range d.temporal.signals {
		woken = append(woken, s.id+" "+s.name)
		require.Equal(t, messages.News{Platforms: []returns.Platform{messages.LedgerOnly}}, s.said)
	}
	require.Equal(t, []string{"return/demo-gb/4711 news", "return/demo-gb/4712 news"}, woken)
	require.Equal(t, orderID, d.linked("4711"))
	require.Empty(t, d.linked("4713"))

	require.NoError(t, d.link(t.Context(), demo, []ledger.OrderLink{{OrderName: "1002", OrderID: orderID}}, "Ada", "found it", d.out()))
	require.Contains(t, d.text(), "No return waits under that name. Did you mean #1002?")
	require.NoError(t, d.link(t.Context(), demo, []ledger.OrderLink{{OrderName: "#7", OrderID: orderID}}, "Ada", "found it", d.out()))
	require.Contains(t, d.text(), "No return waits for this yet; one that comes will find it.")
}

func TestAPreviewOfLinksKeepsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	links := []ledger.OrderLink{{OrderName: "#1001", OrderID: orderID}, {OrderName: "#1002", OrderID: "576460000000000002"}}
	require.NoError(t, d.previewLinks(t.Context(), demo, links, "Ada", "found it", d.out()))
	require.Equal(t, "Order name #1001 would mean TikTok order "+orderID+".\nOrder name #1002 would mean TikTok order 576460000000000002.\n"+
		"1 return waited for this and would go on: 4711.\nNothing was linked: add --yes to do it.\n", d.text())
	require.Empty(t, d.linked("4711"))
	require.Empty(t, d.temporal.signals)
	require.ErrorContains(t, d.previewLinks(t.Context(), demo, append(links, ledger.OrderLink{OrderName: "#1003", OrderID: "1"}), "Ada", "x", d.out()), "nothing was linked:\n#1003")
}

func TestALinkThatCouldNotBeToldSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.temporal.down = errors.New("connection refused")
	links := []ledger.OrderLink{{OrderName: "#1001", OrderID: orderID}}
	require.EqualError(t, d.link(t.Context(), demo, links, "Ada", "found it", d.out()),
		"the links are kept, but 1 return of 1 could not be told; give the same command again to tell them:\nwake return 4711: connection refused")
	d.temporal.down = nil
	require.NoError(t, d.link(t.Context(), demo, links, "Ada", "found it", d.out()))
	require.Len(t, d.temporal.signals, 1)
}

func TestNothingIsLinkedIfAnythingIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.do(func(tx *ledger.Tx) error {
		return tx.SaveTikTok(t.Context(), demo, orderID, nil, []returns.TikTokReturn{{ID: "403000000000000001", OrderID: orderID}}, noon)
	})
	links := []ledger.OrderLink{
		{OrderName: "#1001", OrderID: orderID}, {OrderName: "#1002", OrderID: "5.7646E+17"}, {OrderName: "", OrderID: orderID}, {OrderName: "#1003", OrderID: "12345"},
		{OrderName: "#1004", OrderID: "576460000000001000"}, {OrderName: "#1001", OrderID: "576460000000000002"}, {OrderName: "#1005", OrderID: "403000000000000001"},
	}
	require.EqualError(t, d.link(t.Context(), demo, links, "Ada", "found it", d.out()), `nothing was linked:
#1002: "5.7646E+17" is no TikTok order id, which has 15 to 20 digits and nothing else
the order name of `+orderID+` is empty
#1003: "12345" is no TikTok order id, which has 15 to 20 digits and nothing else
#1004: 576460000000001000 looks as if a spreadsheet had rounded it; if it is right, link it alone
#1001: is to mean both `+orderID+` and 576460000000000002
#1005: 403000000000000001 is a TikTok return, of order `+orderID)
	require.Empty(t, d.linked("4711"))
	require.Empty(t, d.temporal.signals)

	require.EqualError(t, d.link(t.Context(), "", links[:1], "", " ", d.out()), "there are several shops: say which with --shop\nwho is missing\nwhy is missing")
	require.EqualError(t, d.link(t.Context(), "demo-fr", links[:1], "Ada", "x", d.out()), "there is no shop demo-fr in the configuration, only demo-gb, demo-de")
}

func TestLinksAreReadFromAFile(t *testing.T) {
	t.Parallel()
	want := []ledger.OrderLink{{OrderName: "#1001", OrderID: "1"}, {OrderName: "#1002", OrderID: "2"}}
	for name, c := range map[string]struct{ text, problem string }{
		"plain":                    {"order_name,tiktok_order_id\n#1001,1\n#1002,2\n", ""},
		"a spreadsheet's":          {"\ufeffTikTok_Order_ID;date;order_name\r\n1; x;\"#1001\"\r\n2;;#1002 \r\n", ""},
		"as people spell it":       {"TikTok order ID,Order Name\n1,#1001\n\n2,#1002,seen twice\n", ""},
		"without heading":          {"#1001,1\n#1002,2\n", "its first line must be a heading with the columns order_name and tiktok_order_id"},
		"nothing but a heading":    {"order_name,tiktok_order_id\n", "there is no line below its heading"},
		"nothing":                  {"", "its first line must be a heading with the columns order_name and tiktok_order_id"},
		"lines that are too short": {"order_name,tiktok_order_id\n#1001\n#1002,2\n#1003\n", "line 2 has only 1 column\nline 4 has only 1 column"},
		"a quote without end":      {"order_name,tiktok_order_id\n#1001\n\"#1002,2\n", "line 2 has only 1 column\nparse error on line 3, column 10: extraneous or missing \" in quoted-field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readLinks(c.text)
			if c.problem != "" {
				require.EqualError(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	path := filepath.Join(t.TempDir(), "orders.csv")
	require.NoError(t, os.WriteFile(path, []byte("x\n"), 0o600))
	_, err := linksOf(nil, path)
	require.EqualError(t, err, path+": its first line must be a heading with the columns order_name and tiktok_order_id")
	_, err = linksOf([]string{"#1001"}, "")
	require.EqualError(t, err, "give one order name and one TikTok order id, or a file with --file alone")
	_, err = linksOf([]string{"#1001", "1"}, path)
	require.Error(t, err)
	one, err := linksOf([]string{" #1001", "1 "}, "")
	require.NoError(t, err)
	require.Equal(t, want[:1], one)
}
