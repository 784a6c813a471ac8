package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func authoriseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "authorise", Short: "Take the code of a seller's consent, and keep the shop's authorisation", Args: cobra.NoArgs,
		Long: `Take the code of a seller's consent, and keep the shop's authorisation, sealed, in
the ledger: at the start, and whenever TikTok takes the old one no longer. With it
refresh_token need not be configured. One consent covers all shops of the seller: the
answer names them.

The seller opens the authorisation link of the app, which Partner Center shows, and
agrees. TikTok then sends the browser to the address that is set for the app, with
the code in it. Give that address, or the code alone, by standard input, within 30
minutes; a code works once. It is not shown anywhere.`,
		Example: "  starter authorise --shop demo-gb",
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd)
	v.asks = true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
			return h.authorise(ctx, *shop, cmd.InOrStdin(), cmd.ErrOrStderr(), out)
		})
	}
	return cmd
}

// authorised is what became of a consent.
type authorised struct {
	Shop   string   `json:"shop"`
	Also   []string `json:"also"` // the other configured shops that it covers
	Scopes []string `json:"scopes"`
	Until  string   `json:"until"`
}

func (h *house) authorise(ctx context.Context, only string, in io.Reader, prompt io.Writer, out Output) error {
	shop, err := h.theShop(only)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(prompt, "The address that TikTok sent the seller's browser to, or the code in it:")
	code, err := readCode(in)
	if err != nil {
		return err
	}
	granted, err := h.acts.Tokens.Authorise(ctx, shop, code)
	if err != nil {
		return fmt.Errorf("shop %s is not authorised: %w", shop, err)
	}
	until := "a time TikTok has not told"
	if !granted.RefreshExpires.IsZero() {
		until = stamp(granted.RefreshExpires)
	}
	also := without(granted.Shops, shop)
	return out.say(authorised{shop, also, granted.Scopes, until},
		fmt.Sprintf("Shop %s is authorised until %s; granted: %s.\n%sNow look whether all is well: starter check\n", shop, until, plain(strings.Join(granted.Scopes, ", ")), alsoFor(also)))
}

// without are the other shops of an authorisation.
func without(shops []string, shop string) []string {
	others := slices.DeleteFunc(slices.Clone(shops), func(s string) bool { return s == shop })
	slices.Sort(others)
	return append([]string{}, others...)
}

func alsoFor(others []string) string {
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("The same authorisation covers %s too.\n", join(others))
}

// readCode finds the code in what a person gives; a refusal has none.
func readCode(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 8<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the code: %w", err)
	}
	code := strings.TrimSpace(line)
	if strings.Contains(code, "://") || strings.ContainsAny(code, "?&") {
		address, err := url.Parse(code)
		if err != nil {
			return "", errors.New("that is no address, and a code has no ? or & in it")
		}
		if why := address.Query().Get("error"); why != "" {
			return "", fmt.Errorf("the seller did not agree: TikTok says %s", plain(why))
		}
		code = address.Query().Get("code")
	}
	if code == "" || strings.ContainsAny(code, " \t") {
		return "", errors.New("there is no code in that")
	}
	return code, nil
}
