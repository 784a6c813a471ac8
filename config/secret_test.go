package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TestSecretsAreKnown is a list written by hand: a secret whose tag was forgotten
// would be found nowhere else.
func TestSecretsAreKnown(t *testing.T) {
	t.Parallel()
	var secrets []string
	for key, field := range everyKey() {
		if field.Tag.Get("secret") == "true" {
			secrets = append(secrets, key)
		}
	}
	require.ElementsMatch(t, []string{"ledger", "seal_key", "seal_key_old", "tiktok.app_secret", "tiktok.app_secret_previous", "returngo[].api_key",
		"shops[].refresh_token", "shops[].access_token", "shops[].webhook_token", "shops[].webhook_token_previous",
		"notify.sinks[].url", "notify.sinks[].signing_secret", "notify.sinks[].smtp.password"}, secrets)
}

// withSecrets has something recognisable in every secret.
func withSecrets() (*Config, []setting) {
	c := &Config{ReturnGO: []ReturnGOKey{{Name: "main"}}, Shops: []Shop{{Name: "demo-gb"}}, Notify: Notify{Sinks: []Sink{{Name: "team"}}}}
	secrets := slices.DeleteFunc(c.settings(), func(s setting) bool { return !s.secret })
	for i, s := range secrets {
		s.value.SetString(fmt.Sprintf("sesame %d", i))
	}
	return c, secrets
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	c, secrets := withSecrets()
	require.Len(t, secrets, 13)
	var out bytes.Buffer
	level := zapcore.AddSync(&out)
	console := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), level, zap.DebugLevel))
	lines := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), level, zap.DebugLevel))
	type wrapped struct{ Config Config }
	for _, part := range []any{c, *c, wrapped{*c}, c.TikTok, &c.TikTok, c.ReturnGO, c.ReturnGO[0], c.Shops, c.Shops[0], &c.Shops[0], c.Notify, &c.Notify, c.Notify.Sinks[0], &c.Notify.Sinks[0], c.Notify.Sinks[0].SMTP, []any{c}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", part)
		}
		fmt.Fprintln(&out, part, fmt.Errorf("with %v", part))
		require.NoError(t, json.NewEncoder(&out).Encode(part))
		slog.New(slog.NewTextHandler(&out, nil)).Info("it", "part", part)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("it", "part", part)
		for _, z := range []*zap.Logger{console, lines} {
			z.Info("it", zap.Any("part", part), zap.Reflect("again", part))
			z.Sugar().Infow(fmt.Sprint(part), "part", part)
		}
	}
	require.NotContains(t, out.String(), "sesame")
	require.NotContains(t, out.String(), fmt.Sprintf("%x", "sesame"))
	require.Contains(t, out.String(), "demo-gb", "what is no secret is shown")
	require.Contains(t, out.String(), hidden)
}

// TestWhatIsPrintedIsNoConfiguration: what is printed in a secret's place is never
// taken for the secret. As the path of the ledger it would be a new, empty file.
func TestWhatIsPrintedIsNoConfiguration(t *testing.T) {
	t.Parallel()
	for _, path := range secretPaths {
		_, err := parse(with(t, full(t), path, hidden))
		require.ErrorContains(t, err, "is (hidden), which is what is printed instead of the secret", "%v", path)
	}
	whole, err := parse(with(t, full(t), nil, full(t)))
	require.NoError(t, err)
	printed, err := json.Marshal(whole)
	require.NoError(t, err)
	_, err = parse(printed)
	require.ErrorContains(t, err, "problems: 16", "each secret of two keys, two shops and three sinks")
	require.ErrorContains(t, err, "ledger is (hidden)")
}

// TestProblemsNeverRepeatASecret puts a secret that is wrong in every way in
// every place.
func TestProblemsNeverRepeatASecret(t *testing.T) {
	t.Parallel()
	c, _ := withSecrets()
	c.Ledger = "mysql://sesame:sesame@host"
	problems := fmt.Sprint(c.Problems())
	require.Contains(t, problems, "ledger")
	require.Contains(t, problems, "webhook_token")
	require.NotContains(t, problems, "sesame")

	for _, path := range secretPaths {
		for _, wrong := range []any{map[string]any{"at": "sesame"}, []any{"sesame"}, "postgres://\x7f sesame"} {
			_, err := parse(with(t, full(t), path, wrong))
			require.Error(t, err, "%v", path)
			require.NotContains(t, err.Error(), "sesame")
		}
	}
	for _, broken := range []string{"sesame", "seal_key: *sesame", "seal_key: 'sesame", "seal_key:sesame\nledger: x", "\tsesame: !!int sesame", "seal_key: !!int sesame", "? [sesame]\n: sesame"} {
		_, err := parse([]byte(broken))
		require.Error(t, err, "%q", broken)
		require.NotContains(t, err.Error(), "sesame", "%q", broken)
	}
}

var secretPaths = [][]any{
	{"ledger"}, {"seal_key"}, {"tiktok", "app_secret"}, {"tiktok", "app_secret_previous"}, {"returngo", 0, "api_key"},
	{"shops", 0, "refresh_token"}, {"shops", 0, "access_token"}, {"shops", 0, "webhook_token"}, {"shops", 0, "webhook_token_previous"},
	{"notify", "sinks", 0, "url"}, {"notify", "sinks", 1, "signing_secret"}, {"notify", "sinks", 2, "smtp", "password"},
}
