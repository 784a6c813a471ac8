package returngosandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestControlListener(t *testing.T) {
	b := newBench(t, Options{})
	srv := httptest.NewServer(b.ControlHandler())
	defer srv.Close()
	tell := func(name, body string, want int) map[string]any {
		t.Helper()
		resp, err := srv.Client().Post(srv.URL+"/_sandbox/"+name, "application/json", bytes.NewBufferString(body))
		require.NoError(t, err)
		defer resp.Body.Close()
		var got any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
		require.Equal(t, want, resp.StatusCode, "%v", got)
		parsed, _ := got.(map[string]any)
		return parsed
	}
	tell("key", `{"apiKey":"k","shops":["s"]}`, 200)
	tell("order", `{"shop":"s","order":{"id":"1","name":"#1","currency":"GBP","fulfilled":true,"lines":[{"id":"1","sku":"TEE","quantity":2,"unitPrice":"9.50"}]}}`, 200)
	rma := tell("create-rma", `{"shop":"s","rma":{"orderId":"1","items":[{"lineId":"1","quantity":2}]}}`, 200)
	id := rma["rmaId"].(string)
	about := `{"rmaId":"` + id + `"}`
	tell("receive", `{"rmaId":"1"}`, 400)
	tell("approve", about, 200)
	tell("approve", about, 400)
	tell("label", `{"rmaId":"`+id+`","address":"https://labels.example/1.pdf","tracking":"T1"}`, 200)
	tell("ship", `{"rmaId":"`+id+`","tracking":"T1","carrier":"Carrier A"}`, 200)
	tell("receive", about, 200)
	item := dig(rma["itemIds"], 0).(string)
	tell("validate", `{"rmaId":"`+id+`","items":[{"itemId":"`+item+`","returned":true,"restockable":true}]}`, 200)
	refund := tell("request-refund", `{"rmaId":"`+id+`","itemIds":["`+item+`"],"amount":"7.25"}`, 200)
	tell("settle-refund", `{"transactionId":"`+refund["transactionId"].(string)+`","success":true,"reference":"R1"}`, 200)
	tell("done", about, 200)
	tell("reopen", about, 200)
	tell("limits", `{"perSecond":1,"perDay":1}`, 200)
	tell("limits", `{"apiKey":"nobody","perDay":1}`, 400)
	tell("switches", `{"lastUpdatedFull":true}`, 200)
	tell("clock", `{"at":"2026-03-02T23:59:59Z"}`, 200)
	tell("clock", `{}`, 400)
	tell("fault", `{"endpoint":"rma/get","kind":"503","count":2,"delayMillis":1}`, 200)
	tell("fault", `{"endpoint":"rma/get","kind":"nonsense"}`, 400)
	tell("clear-faults", `{}`, 200)
	tell("approve", `{"rma":"misspelt"}`, 400)

	books := tell("books", `{}`, 200)
	require.Equal(t, Received, dig(books, "RMAs", id, "Status"))
	require.Equal(t, "R1", dig(books, "RMAs", id, "Transactions", 0, "Reference"))
	require.InDelta(t, 7.25, dig(books, "RMAs", id, "Transactions", 0, "Amount"), 0)
	require.Equal(t, Received, tell("rma", about, 200)["Status"])
	tell("deliveries", `{}`, 200)
	tell("tick", `{}`, 200)
}

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	inside = regexp.MustCompile(`\{.*\}|→.*`)
)

// section cuts the README from a heading to the next one.
func section(t *testing.T, heading string) string {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(readme), heading)
	require.True(t, found, heading)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// TestReadmeNamesEveryControl compares the README's table with what is
// registered: the names both ways, and that each field it names is taken.
func TestReadmeNamesEveryControl(t *testing.T) {
	b := newBench(t, Options{})
	var documented []string
	for line := range strings.Lines(section(t, "## Control listener")) {
		cells := strings.SplitN(line, "|", 4)
		if len(cells) < 4 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		name := quoted.FindStringSubmatch(cells[1])[1]
		documented = append(documented, name)
		body := map[string]any{}
		for _, field := range quoted.FindAllStringSubmatch(inside.ReplaceAllString(cells[2], ""), -1) {
			body[field[1]] = nil
		}
		text, err := json.Marshal(body)
		require.NoError(t, err)
		answer := httptest.NewRecorder()
		b.ControlHandler().ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/_sandbox/"+name, bytes.NewReader(text)))
		require.NotContains(t, answer.Body.String(), "unknown field", name)
		require.NotEqual(t, 404, answer.Code, name)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(b.controls())), documented)
}

func TestReadmeNamesEveryEndpointAndFault(t *testing.T) {
	endpoints, kinds, found := strings.Cut(section(t, "## Endpoint names"), "| kind |")
	require.True(t, found)
	var explained string // the kinds, without what is said of them
	for line := range strings.Lines(kinds) {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 {
			explained += cells[1]
		}
	}
	require.Len(t, operations, 15)
	for _, op := range operations {
		require.Contains(t, endpoints, "`"+op.endpoint+"`")
	}
	for _, kind := range namedFaults {
		require.Contains(t, explained, "`"+kind+"`")
	}
}
