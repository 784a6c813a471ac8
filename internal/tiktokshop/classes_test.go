package tiktokshop_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Every row of contract 1.7: the letters before the slash are for a read, those
// after it for a write.
const rows = `
36009002 R R|36009003 R U|36009007 R U|36009009 P P|36009010 P P|36009014 P P|36009021 P P|36009022 P P|36009023 P P
36009033 H H|36009043 H H|36009044 H H|36009004 P P|101000 H H|105001 A A|105002 A A|105004 H H|105005 H H|106001 P P
106013 P P|11050001 P P|98001004 P P|36004001 H H|36004004 H H
25001001 P P|25001003 S S|25001010 S S|25001011 S S|25001014 P P|25001015 P P|25001016 P P|25001057 P P|25001020 P P
25001021 S S|25001028 R R|25001042 R U|25001044 R U|25001045 S S|25001046 H H|25001051 S S|25001058 R R|25005005 S S
25005010 P P|25005011 S S|25005020 P P|25005021 P P|25007002 R R|25007006 P P|25007007 S S|25011010 S S|25011011 S S
25011012 S S|25011013 S S|25011014 S S|25011023 H H|25011025 S S|25011026 H H|25011032 S S|25011035 S S|25020003 S S
25020004 P P|25020005 H H|25020008 R U|25020009 S S|25020010 S S|25020011 S S|25020012 S S
25021022 S S|25021023 P P|25023001 P P|25023002 H H
10002014 R R|10002015 R R|10006402 R R|10037002 R R|10037003 R R|10037004 R R|21008111 H H|21001001 P P|21011044 S S
21011007 S S
12052990 H H|12019022 H H|12052097 H H|12052115 H H|12052530 H H|12052531 H H|12052532 H H|12052403 H H|12019028 P P
12052533 P P|12052037 H H|12019024 P P|12052055 P P|12052031 P P|12052032 P P|12052260 P P|12052556 P P|12052036 P P
12052553 P P|12052048 H H|12052050 P P|12052141 H H|12052393 S S|12052700 H H|12052704 H H|12052849 P P|12052850 P P
12052901 S S|12052921 H H|12052109 R R
12052180 P P
99999999 H H|25011999 H H`

var letters = map[string]platform.Class{
	"R": platform.Retry, "A": platform.RefreshToken, "U": platform.OutcomeUnknown,
	"S": platform.StateChanged, "H": platform.Human, "P": platform.Permanent,
}

func TestClassOfEveryCode(t *testing.T) {
	t.Parallel()
	for row := range strings.FieldsFuncSeq(rows, func(r rune) bool { return r == '|' || r == '\n' }) {
		var code, forRead, forWrite string
		_, err := fmt.Sscan(row, &code, &forRead, &forWrite)
		require.NoError(t, err, row)
		for _, printed := range []string{code, `"` + code + `"`} {
			f := newFake(t, says(`{"code":`+printed+`,"message":"words of TikTok","request_id":"req-1","data":null}`))
			for kind, err := range map[string]error{forRead: read(f.shop), forWrite + " ": write(f.shop)} {
				e := failed(t, err)
				require.Equal(t, letters[strings.TrimSpace(kind)], e.Class, "%s %s", row, e.Endpoint)
				require.Equal(t, code, e.Code)
				require.Equal(t, "req-1", e.RequestID)
				require.Equal(t, "words of TikTok", e.Message)
			}
			f.server.Close()
		}
	}
}

// A parameter refused on a further page is a page token that died: a walk begun
// again has a new one (T05). On the first page, and in a write, it is our bug.
func TestRefusedInTheMiddleOfAWalk(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]platform.Class{
		"36009004": platform.Retry, "25001001": platform.Retry, "21001001": platform.Retry,
		"11050001": platform.Retry, "98001004": platform.Retry,
		"106001": platform.Permanent, "105005": platform.Human, "25001014": platform.Permanent,
	} {
		f := newFake(t, says(`{"code":`+code+`,"message":"page_token is invalid"}`))
		_, _, err := f.shop.SearchReturns(t.Context(), tiktokshop.ReturnFilter{}, "t")
		require.Equal(t, want, failed(t, err).Class, code)
		_, _, err = f.shop.SearchCancellations(t.Context(), tiktokshop.CancellationFilter{}, "t")
		require.Equal(t, want, failed(t, err).Class, code)
		_, _, err = f.shop.SearchOrders(t.Context(), tiktokshop.OrderFilter{}, tiktokshop.Page{Token: "t"})
		require.Equal(t, want, failed(t, err).Class, code)
		if want == platform.Retry {
			require.Equal(t, platform.Permanent, failed(t, read(f.shop)).Class, code)
			require.Equal(t, platform.Permanent, failed(t, write(f.shop)).Class, code)
		}
	}
}

// A code nobody documented goes to a person, unless the status explains it.
func TestUnknownCodeUnderAStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int][2]platform.Class{
		http.StatusTooManyRequests:     {platform.Retry, platform.Retry},
		http.StatusServiceUnavailable:  {platform.Retry, platform.OutcomeUnknown},
		http.StatusOK:                  {platform.Human, platform.Human},
		http.StatusInternalServerError: {platform.Human, platform.Human},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"code":777,"message":"?"}`)
		})
		require.Equal(t, want[0], failed(t, read(f.shop)).Class, status)
		require.Equal(t, want[1], failed(t, write(f.shop)).Class, status)
	}
}

// Code 0 is no success while data.errors stand below it (contract 1.6).
func TestPartialFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		errors, code string
		want         platform.Class
	}{
		"number":            {`[{"code":12052850,"message":"bundle"}]`, "12052850", platform.Permanent},
		"string":            {`[{"code":"25011012","message":"late"}]`, "25011012", platform.StateChanged},
		"unknown":           {`[{"code":777,"message":"?"}]`, "777", platform.Human},
		"no code":           {`[{"message":"?"}]`, "", platform.Human},
		"unreadable":        {`"all wrong"`, "data.errors", platform.Human},
		"look inside":       {`[{"code":12052990,"detail":{"sku_id":1,"extra_errors":[{"warehouse_id":"9","code":"12052533"}]}}]`, "12052533", platform.Permanent},
		"inside, one level": {`[{"code":12052990,"extra_errors":[{"code":12052393}]}]`, "12052393", platform.StateChanged},
		"inside, nothing":   {`[{"code":12052990,"detail":{}}]`, "12052990", platform.Human},
		"the gravest":       {`[{"code":12052109},{"code":36009003},{"code":12052097}]`, "36009003", platform.OutcomeUnknown},
		"a person first":    {`[{"code":12052109},{"code":12052850},{"code":12052097}]`, "12052097", platform.Human},
		"one, no list":      {`{"code":12052109}`, "12052109", platform.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, says(`{"code":0,"message":"Success","request_id":"r","data":{"errors":`+c.errors+`}}`))
			receipt, err := f.shop.UpdateInventory(t.Context(), "1728", []returns.StockLevel{{SKUID: "1", Available: 1}}, time.Time{})
			e := failed(t, err)
			require.Equal(t, c.want, e.Class)
			require.Equal(t, c.code, e.Code)
			require.Equal(t, "r", e.RequestID)
			require.Equal(t, "r", receipt.RequestID)
			require.Equal(t, c.want, failed(t, write(f.shop)).Class, "every write looks")
		})
	}
	for _, none := range []string{`{}`, `{"errors":[]}`, `{"errors":null}`, `{"errors":""}`, `null`, `""`, `[]`} {
		f := newFake(t, says(`{"code":0,"data":`+none+`}`))
		require.NoError(t, write(f.shop), none)
		require.NoError(t, read(f.shop), none)
	}
	// The reason inside counts also if the envelope itself says 12052990.
	f := newFake(t, says(`{"code":12052990,"data":{"errors":[{"code":12052990,"detail":{"extra_errors":[{"code":12052393}]}}]}}`))
	require.Equal(t, platform.StateChanged, failed(t, write(f.shop)).Class)
}
