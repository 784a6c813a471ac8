package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// A return is named by what people have at hand.
const namingHelp = `A return is named by its RMA id in ReturnGO, its TikTok return id, its TikTok order
id, its order name, its workflow id in Temporal, or as a list prints it.`

const signingHelp = `Who and why stand in the audit of the return: give your own name, and a reason
that others will understand. Put no customer's name or address into it.`

// peopleCommands are the starter's commands for people.
func peopleCommands() []*cobra.Command {
	return []*cobra.Command{
		listCommand(), showCommand(), resolveCommand(),
		simpleCommand(returns.CommandPause, "Stop acting on a return; it is still watched",
			"Stop acting on a return. It is still read, its deadlines are still watched, and\nTikTok's own clock runs on."),
		simpleCommand(returns.CommandResume, "Let a paused return go on", "Let a paused return go on: what has become due meanwhile is done."),
		simpleCommand(returns.CommandRecheck, "Have a return read both platforms again, now",
			"Have a return read both platforms again, now, and decide on what they say."),
		stopCommand(), startCommand(), linkCommand(), checkCommand(), quotaCommand(), authoriseCommand(), shadowCommand(), coverageCommand(), webhooksCommand(), backfillCommand(), adoptCommand(), notifyCommand(),
	}
}

// visitor is a command for people that works on the ledger, on Temporal if it
// tells a return something, and on the platforms if it asks them.
type visitor struct {
	file  *string
	json  *bool
	tells bool
	asks  bool
}

func newVisitor(cmd *cobra.Command, tells bool) visitor {
	cmd.SilenceUsage = true
	return visitor{
		file:  cmd.Flags().String("config", defaultConfig, "the configuration file"),
		json:  cmd.Flags().Bool("json", false, "answer in JSON, for programs"),
		tells: tells,
	}
}

func (v visitor) output(cmd *cobra.Command) Output { return Output{cmd.OutOrStdout(), *v.json} }

// run opens what the command needs and lets it work until it is interrupted.
func (v visitor) run(cmd *cobra.Command, work func(context.Context, *house, Output) error) error {
	cfg, err := config.Load(*v.file)
	if err != nil {
		return err //nolint:wrapcheck // it names the file and every problem
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	h, err := visit(ctx, cfg, Deps{Log: zap.NewNop()}, v.tells)
	if err != nil {
		return err
	}
	defer h.close()
	if v.asks {
		if h.acts, h.tiktok, err = buildActivities(cfg, h.ledger, h.waker, h.now, nil, nil); err != nil {
			return err
		}
	}
	return work(ctx, h, v.output(cmd))
}

func oneReturn(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one return: its RMA id, TikTok return id, TikTok order id, order name or workflow id")
	}
	return nil
}

func shopFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("shop", "", "only this shop of the configuration")
}

// signingFlags are who acts and why. What is missing is named before anything is
// opened.
func signingFlags(cmd *cobra.Command, who, why *string) {
	for name, into := range map[string]struct {
		value *string
		what  string
	}{"who": {who, "your name (required)"}, "why": {why, "the reason (required)"}} {
		cmd.Flags().StringVar(into.value, name, "", into.what)
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
}

func listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what waits for people: open exceptions, the most pressing first", Args: cobra.NoArgs,
		Long: `List the open exceptions: first those on which TikTok decides by itself, the
soonest on top, then the others, the oldest on top.`,
		Example: "  starter list\n  starter list --owner Finance\n  starter list --kind unlinked-order --shop demo-gb",
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd)
	owner := cmd.Flags().String("owner", "", "only those for CX, Operations, Finance or IT")
	kind := cmd.Flags().String("kind", "", "only this kind, such as unlinked-order")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
			return h.list(ctx, ledger.ExceptionFilter{Shop: *shop, Owner: returns.Owner(*owner), Kind: returns.Kind(*kind)}, out)
		})
	}
	return cmd
}

func showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show RETURN", Short: "Tell the whole story of a return", Args: oneReturn,
		Long: `Tell the whole story of a return: where it stands, its units, what was done at the
platforms, what is open and how it can be answered, and all that happened.

` + namingHelp + `
Where several are meant they are listed. What concerns a whole shop, or a product's
stock, is shown under the name that "starter list" prints for it.`,
		Example: "  starter show 4711\n  starter show 576460000000000001 --shop demo-gb",
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.show(ctx, *shop, args[0], out) })
	}
	return cmd
}

func resolveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resolve RETURN", Short: "Answer an open exception of a return", Args: oneReturn,
		Long: `Answer an open exception of a return; it goes on from there. With the return alone,
all that can be answered is listed, each answer with its meaning and its command
line. --exception is needed only where several are open that take the answer, and
--subject where several of one kind are. What concerns a whole shop, such as
refund-limit, belongs to no return: name the shop.

` + namingHelp + `

What "starter list" shows under stock/PRODUCT belongs to no return: an earlier write
of that product's stock was wrong. Set the right number in Seller Center, then answer
handled-manually; the exception closes by itself once TikTok's events prove the
number.

` + signingHelp,
		Example: `  starter resolve 4711
  starter resolve 4711 --answer accept-payable --who Ada --why "agreed with the customer"
  starter resolve 4711 --answer set-amount --amount 12.50 --currency GBP --who Ada --why "as in the order"
  starter resolve 4711 --exception unlinked-order --answer handled-manually --reference "paid in Seller Center" --who Ada --why "sold by phone"
  starter resolve demo-gb --answer lift-for-today --who Ada --why "sale last week"
  starter resolve stock/1729000000000000001 --answer handled-manually --reference "41 set in Seller Center" --who Ada --why "the shelf was counted"`,
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd) // Temporal is asked only once the answer fits
	f := answerFlags{Command: returns.Command{Name: returns.CommandResolve}}
	cmd.Flags().StringVar((*string)(&f.Exception), "exception", "", "the kind of exception, where several are open that take the answer")
	cmd.Flags().StringVar(&f.Subject, "subject", "", "what the exception is about, where several of its kind are open")
	cmd.Flags().StringVar((*string)(&f.Answer), "answer", "", "one of its answers; without one they are listed")
	cmd.Flags().StringVar(&f.amount, "amount", "", "for set-amount, such as 12.50")
	cmd.Flags().StringVar(&f.currency, "currency", "", "the amount's currency, such as GBP")
	cmd.Flags().StringVar(&f.Reference, "reference", "", "for handled-manually: what was done, and where")
	cmd.Flags().StringVar(&f.Who, "who", "", "your name (required with an answer)")
	cmd.Flags().StringVar(&f.Why, "why", "", "the reason (required with an answer)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.empty() {
			return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
				return h.resolvable(ctx, *shop, args[0], f.Command, alsoGiven(*v.file), out)
			})
		}
		c, err := f.command()
		if err != nil {
			return err
		}
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.resolve(ctx, *shop, args[0], c, out) })
	}
	return cmd
}

func simpleCommand(name returns.CommandName, short, long string) *cobra.Command {
	cmd := &cobra.Command{
		Use: string(name) + " RETURN", Short: short, Args: oneReturn, Long: long + "\n\n" + namingHelp + "\n\n" + signingHelp,
		Example: "  starter " + string(name) + ` 4711 --who Ada --why "the customer called"`,
	}
	v, shop := newVisitor(cmd, true), shopFlag(cmd)
	c := returns.Command{Name: name}
	signingFlags(cmd, &c.Who, &c.Why)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.tell(ctx, *shop, args[0], c, out) })
	}
	return cmd
}

func linkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "link ORDER_NAME TIKTOK_ORDER_ID", Short: "Say which TikTok order an order name of ReturnGO means",
		Long: `Say which TikTok order an order name of ReturnGO means. Returns that waited to know
go on at once. A wrong link can be given anew until a return has taken units of
the order.

With --file many are linked: a CSV file with the columns order_name and
tiktok_order_id. Without --yes it only says what would be done. If anything is
wrong with one line nothing is linked, and all that is wrong is listed.

` + signingHelp,
		Example: `  starter link "#1001" 576460000000000001 --who Ada --why "found it in Seller Center"
  starter link --file links.csv --shop demo-gb --who Ada --why "export of March" --yes`,
	}
	v, shop := newVisitor(cmd, true), shopFlag(cmd)
	file := cmd.Flags().String("file", "", "a CSV file with the columns order_name and tiktok_order_id")
	yes := cmd.Flags().Bool("yes", false, "with --file: do it; without, only say what would be done")
	var who, why string
	signingFlags(cmd, &who, &why)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		links, err := linksOf(args, *file)
		if err != nil {
			return err
		}
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
			if *file != "" && !*yes {
				return h.previewLinks(ctx, *shop, links, who, why, out)
			}
			return h.link(ctx, *shop, links, who, why, out)
		})
	}
	return cmd
}

// linksOf are the links that the command line or the file names.
func linksOf(args []string, file string) ([]ledger.OrderLink, error) {
	if len(args) == 2 && file == "" {
		return []ledger.OrderLink{{OrderName: strings.TrimSpace(args[0]), OrderID: strings.TrimSpace(args[1])}}, nil //nolint:gosec // there are two
	}
	if len(args) > 0 || file == "" {
		return nil, errors.New("give one order name and one TikTok order id, or a file with --file alone")
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the file
	}
	links, err := readLinks(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return links, nil
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Look before a start whether everything is there; list every problem", Args: cobra.NoArgs,
		Long: `Look before a start whether everything is there: the configuration, the ledger,
Temporal, and for each shop the TikTok token, the warehouses and ReturnGO. It
says what is switched on and who writes what, and lists every problem at once;
with any it ends with exit code 1.

Nothing is written at TikTok or ReturnGO. Only where there is no TikTok access
token yet one is got with the refresh token; it is kept in the ledger, as at a
start, and the answer says so.`,
		Example: "  starter check --config config.yaml",
	}
	v := newVisitor(cmd, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return Check(ctx, *v.file, Deps{Log: zap.NewNop()}, v.output(cmd))
	}
	return cmd
}
