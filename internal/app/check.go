package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
)

// temporalPatience is how long a check waits for Temporal.
const temporalPatience = 10 * time.Second

// finding is one thing that was looked at.
type finding struct {
	Area    string `json:"area"` // what it is about
	Problem bool   `json:"problem"`
	Note    bool   `json:"note,omitempty"` // nothing is wrong, and somebody should know
	Says    string `json:"says"`
}

// checkup collects what is found; a problem ends nothing.
type checkup struct {
	*house

	attributes func(ctx context.Context, c client.Client, namespace string) (map[string]enumspb.IndexedValueType, error)

	Findings []finding `json:"findings"`
	Writes   []write   `json:"writes"` // what would be written, and by whom
}

// write is one sort of change at a platform in one shop.
type write struct {
	Shop string `json:"shop"`
	What string `json:"what"`
	On   bool   `json:"on"`
	By   string `json:"by"`
}

func (c *checkup) fine(area, format string, args ...any) {
	c.Findings = append(c.Findings, finding{Area: area, Says: plain(fmt.Sprintf(format, args...))})
}

func (c *checkup) note(area, format string, args ...any) {
	c.Findings = append(c.Findings, finding{Area: area, Note: true, Says: plain(fmt.Sprintf(format, args...))})
}

func (c *checkup) problem(area, format string, args ...any) {
	c.Findings = append(c.Findings, finding{Area: area, Problem: true, Says: plain(fmt.Sprintf(format, args...))})
}

func (c *checkup) problems() int {
	n := 0
	for _, f := range c.Findings {
		if f.Problem {
			n++
		}
	}
	return n
}

// Check looks at everything that a start needs, as the command of that name does,
// and lists every problem at once; any is the error. It changes nothing at the
// platforms.
func Check(ctx context.Context, path string, deps Deps, out Output) error {
	return newCheckup(deps).run(ctx, path, out)
}

func newCheckup(deps Deps) *checkup {
	return &checkup{
		house:      &house{log: deps.Log, temporal: deps.Temporal, namespace: deps.Namespace, now: deps.Now},
		attributes: searchAttributesOf, Findings: []finding{}, Writes: []write{},
	}
}

func (c *checkup) run(ctx context.Context, path string, out Output) error {
	defer c.close()
	if c.now == nil {
		c.now = time.Now
	}
	var err error
	if c.cfg, err = config.Load(path); err != nil {
		lines := strings.Split(err.Error(), "\n")
		if len(lines) > 1 {
			lines = lines[1:] // the first only counts them
		}
		for _, line := range lines {
			c.problem("configuration", "%s", strings.TrimSpace(line))
		}
	} else {
		c.fine("configuration", "%s names %s and %s", path, count(len(c.cfg.Shops), "shop"), count(len(c.cfg.ReturnGO), "ReturnGO key"))
		c.checkLedger(ctx)
		c.checkTemporal(ctx)
		c.checkShops(ctx)
		c.checkNotify(ctx)
	}
	if err := out.say(c, c.text()); err != nil {
		return err
	}
	if n := c.problems(); n > 0 {
		return fmt.Errorf("%s found", count(n, "problem"))
	}
	return nil
}

func (c *checkup) checkLedger(ctx context.Context) {
	path, isFile := ledgerFile(c.cfg.Ledger)
	_, err := os.Stat(path)
	fresh := isFile && errors.Is(err, os.ErrNotExist)
	if c.ledger, err = openLedger(ctx, c.cfg.Ledger, c.now); err == nil {
		c.closers = append(c.closers, func() { _ = c.ledger.Close() })
		err = c.ledger.Ping(ctx)
	}
	switch {
	case err != nil:
		c.ledger = nil
		c.problem("ledger", "%v", err)
	case fresh:
		c.fine("ledger", "was made, empty, at %s: worker and starter must both run there", path)
	case isFile:
		c.fine("ledger", "answers at %s", path)
	default:
		c.fine("ledger", "PostgreSQL answers")
	}
	if host, plaintext := ledger.Plaintext(c.cfg.Ledger); plaintext {
		c.note("ledger", "the connection to PostgreSQL at %s may go without encryption: put sslmode=verify-full into the address, unless it stays inside of a network that you trust", host)
	}
	if mode := ledger.OpenToOthers(c.cfg.Ledger); isFile && mode != 0 {
		c.note("ledger", "%s can be read by others on this machine (%s): chmod 600 %s*", path, mode, path)
	}
}

func (c *checkup) checkTemporal(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, temporalPatience)
	defer stop()
	if c.temporal == nil {
		var err error
		if c.temporal, c.namespace, err = dial(ctx, c.log); err != nil {
			c.problem("Temporal", "%v", err)
			return
		}
		if options, err := envconfig.LoadDefaultClientOptions(); err == nil {
			c.checkEncryption(options)
		}
		c.closers = append(c.closers, c.temporal.Close)
	}
	have, err := c.attributes(ctx, c.temporal, c.namespace)
	if err != nil {
		c.problem("Temporal", "%v", err)
		return
	}
	c.fine("Temporal", "answers, namespace %s", c.namespace)
	var missing []string
	wanted := messages.SearchAttributes()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		switch is, found := have[name]; {
		case !found:
			missing = append(missing, name)
		case is != wanted[name]:
			c.problem("Temporal", "search attribute %s is of type %s, it must be %s", name, is, wanted[name])
		}
	}
	if len(missing) > 0 {
		c.note("Temporal", "search attributes that worker and starter make within a minute of running (on Temporal Cloud make them there): %s", strings.Join(missing, ", "))
	} else {
		c.fine("Temporal", "has all search attributes")
	}
	c.checkNamespace(ctx)
}

// checkEncryption warns of a Temporal elsewhere that is spoken to without TLS.
func (c *checkup) checkEncryption(o client.Options) {
	host, _, err := net.SplitHostPort(o.HostPort)
	if err == nil && o.ConnectionOptions.TLS == nil && !config.OnThisMachine("http://"+o.HostPort) {
		c.note("Temporal", "the connection to %s goes without encryption: set TEMPORAL_TLS, unless it stays inside of a network that you trust", host)
	}
}

// checkSealKeys says when old seal keys can be taken out.
func (c *checkup) checkSealKeys(ctx context.Context) {
	if c.cfg.SealKeyOld == "" {
		return
	}
	n, err := c.acts.Tokens.OldKeys(ctx)
	switch {
	case err != nil:
		c.problem("ledger", "%v", err)
	case n > 0:
		c.note("ledger", "%s still sealed with an old key: the start of a worker seals all anew", count(n, "TikTok authorisation"))
	default:
		c.note("ledger", "nothing is sealed with an old key any more: take seal_key_old out")
	}
}

// searchAttributesOf are those that people made in the namespace, by type.
func searchAttributesOf(ctx context.Context, c client.Client, namespace string) (map[string]enumspb.IndexedValueType, error) {
	if _, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace}); err != nil {
		return nil, fmt.Errorf("the namespace %s does not answer: %w", namespace, err)
	}
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("the search attributes of namespace %s cannot be listed: %w", namespace, err)
	}
	return have.GetCustomAttributes(), nil
}

func (c *checkup) checkShops(ctx context.Context) {
	acts, _, err := buildActivities(c.cfg, c.ledger, nil, c.now, nil, nil)
	if err != nil {
		c.problem("configuration", "%v", err)
		return
	}
	c.acts = acts
	c.checkPrevious()
	for _, s := range c.cfg.Shops {
		shop := acts.Shops[s.Name]
		if c.ledger == nil {
			c.problem("shop "+s.Name, "TikTok was not asked: its token is in the ledger")
			c.checkReturnGO(ctx, s, shop)
		} else {
			c.checkPlatforms(ctx, s, shop)
			c.checkEvents(ctx, s.Name)
			c.checkRefused(ctx, "shop "+s.Name, s.Name)
		}
		c.writesOf(s)
		c.checkBrakes(ctx, s)
	}
	if c.ledger != nil {
		c.checkSealKeys(ctx)
		c.checkStrays(ctx)
		c.checkRefused(ctx, "webhooks", "")
	}
}

func (c *checkup) checkPlatforms(ctx context.Context, s config.Shop, shop *activities.Shop) {
	tiktok := c.checkToken(ctx, s)
	if tiktok {
		c.checkWarehouses(ctx, s, shop)
		c.checkGoods(ctx, s, shop)
	}
	if c.checkReturnGO(ctx, s, shop) && tiktok {
		c.checkWebhooks(ctx, s)
	}
}

// checkReturnGO tells whether ReturnGO can be asked.
func (c *checkup) checkReturnGO(ctx context.Context, s config.Shop, shop *activities.Shop) bool {
	area := "shop " + s.Name
	page, _, err := shop.ReturnGO.RMAs(ctx, recently(c.now()), "")
	if err != nil {
		c.problem(area, "ReturnGO does not list the RMAs of store %s: %s", s.ReturnGOStore, hint(err, "look at api_key and returngo_store"))
		return false
	}
	c.fine(area, "ReturnGO lists the RMAs of store %s; in the last day %s changed", s.ReturnGOStore, count(len(page), "RMA"))
	return true
}

func (c *checkup) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range c.Findings {
		mark := "ok"
		switch {
		case f.Problem:
			mark = "PROBLEM"
		case f.Note:
			mark = "note"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", mark, f.Area, f.Says)
	}
	_ = w.Flush() // into memory
	if len(c.Writes) > 0 {
		b.WriteString("\nWHO WRITES WHAT\n")
		for _, o := range c.Writes {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", o.Shop, o.What, onOff(o.On), o.By)
		}
		_ = w.Flush() // into memory
	}
	if c.problems() == 0 {
		b.WriteString("\nNo problems. Nothing was changed at TikTok or ReturnGO.\n")
	}
	return b.String()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
