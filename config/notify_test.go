package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// badAlerts has one bad value or more for every key under notify.
func badAlerts() []bad {
	all := func(value any, steps ...any) bad {
		named := "notify"
		for _, step := range steps {
			if i, ok := step.(int); ok {
				named += fmt.Sprintf("[%d]", i)
			} else {
				named += "." + fmt.Sprint(step)
			}
		}
		return bad{append([]any{"notify"}, steps...), value, named}
	}
	sink := func(i int, value any, steps ...any) bad { return all(value, append([]any{"sinks", i}, steps...)...) }
	return []bad{
		all("chat", "sinks"), all(4, "per_hour"), all("many", "per_hour"), all("24h", "deadline_warnings"), all("0s", "deadline_warnings", 1), all("12h", "deadline_warnings", 1), all("soon", "deadline_warnings", 1),
		all("0s", "escalate_after"), all("a day", "escalate_after"), all("nobody", "escalate_to"), all("7", "digest_at"), all("24:00", "digest_at"), all("", "digest_at"),
		all("https://a.example/{email}", "links", "returngo"), all("http://a.example/{rma_id}", "links", "seller_center"), all("a.example/{rma_id", "links", "web_ui"), all("https://a.example/>|{rma_id}", "links", "web_ui"),
		sink(1, "chat", "name"), sink(1, "My desk", "name"), sink(0, "teams", "kind"), sink(0, "", "kind"),
		sink(0, "HR", "owners", 1), sink(0, "CX", "owners", 1), sink(0, "CX", "owners"), sink(0, "other", "shops", 1), sink(0, "demo-gb", "shops", 1), sink(0, "demo-gb", "shops"),
		sink(0, "", "url"), sink(0, "http://hooks.example.com/x", "url"), sink(0, "https://u:p@hooks.example.com/x", "url"), sink(1, "", "url"), sink(1, "ftp://127.0.0.1/x", "url"),
		sink(1, "", "signing_secret"), sink(1, strings.Repeat("s", 31), "signing_secret"), sink(1, strings.Repeat("s ", 31), "signing_secret"),
		sink(2, "", "smtp", "host"), sink(2, "mail.example.com:25", "smtp", "host"), sink(2, 0, "smtp", "port"), sink(2, 65536, "smtp", "port"), sink(2, "", "smtp", "username"), sink(2, "a b", "smtp", "username"),
		sink(2, "", "smtp", "password"), sink(2, "", "smtp", "from"), sink(2, "nobody", "smtp", "from"), sink(2, []any{}, "smtp", "to"), sink(2, "it@example.com", "smtp", "to"), sink(2, "nobody", "smtp", "to", 1),
	}
}

func TestAlertsHaveDefaults(t *testing.T) {
	t.Parallel()
	tree := full(t)
	delete(tree, "notify")
	c, err := parse(with(t, tree, nil, tree))
	require.NoError(t, err)
	require.Empty(t, c.Notify.Sinks)
	require.Equal(t, []time.Duration{24 * time.Hour, 6 * time.Hour, time.Hour}, c.Notify.DeadlineWarnings)
	at, err := c.Notify.DigestTime()
	require.NoError(t, err)
	require.Equal(t, 7*time.Hour, at)

	c, err = parse(with(t, full(t), []any{"notify", "deadline_warnings"}, []any{}))
	require.NoError(t, err)
	require.Empty(t, c.Notify.DeadlineWarnings, "an empty list is a list")
	require.Equal(t, 587, c.Notify.Sinks[2].SMTP.Port)
}

func TestASinksSecretsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("RETURNBRIDGE_NOTIFY_SINKS_CHAT_URL", "https://hooks.example.com/other")
	t.Setenv("RETURNBRIDGE_NOTIFY_SINKS_MAIL_SMTP_PASSWORD", "other-password")
	c, err := parse(with(t, full(t), nil, full(t)))
	require.NoError(t, err)
	require.Equal(t, "https://hooks.example.com/other", c.Notify.Sinks[0].URL)
	require.Equal(t, "other-password", c.Notify.Sinks[2].SMTP.Password)
}
