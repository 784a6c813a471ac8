package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const example = "../config.example.yaml"

// TestExampleShowsEveryKey reads the example with its optional lines in force:
// every key of the configuration, none that is not one, each with its default.
func TestExampleShowsEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	optional := regexp.MustCompile(`(?m)^( *)# ( *(?:- )?[a-z_]+:(?: .*)?)$`)
	given := map[string]any{}
	flatten(treeOf(t, optional.ReplaceAllString(string(text), "$1$2")), "", given)
	keys := everyKey()
	for key, field := range keys {
		shown, ok := given[key]
		require.True(t, ok, "%s is not explained in the example", key)
		fallback, hasDefault := field.Tag.Lookup("default")
		switch {
		case field.Type == reflect.TypeFor[time.Duration]():
			require.Equal(t, period(t, fallback), period(t, shown), key)
		case hasDefault && field.Type.Kind() == reflect.Slice:
			require.Equal(t, "["+fallback+"]", fmt.Sprint(shown), key)
		case hasDefault:
			require.Equal(t, fallback, fmt.Sprint(shown), key)
		case field.Type.Kind() == reflect.Bool:
			require.Equal(t, false, shown, key)
		}
	}
	for key := range given {
		_, ok := keys[key]
		require.True(t, ok, "the example explains %s, which does not exist", key)
	}
}

func flatten(value any, key string, to map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		for name, deeper := range v {
			flatten(deeper, below(key, name), to)
		}
	case []any:
		for _, element := range v {
			if _, group := element.(map[string]any); group {
				flatten(element, key+"[]", to)
			} else {
				to[key] = v
			}
		}
	default:
		to[key] = v
	}
}

func period(t *testing.T, text any) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(fmt.Sprint(text))
	require.NoError(t, err)
	return d
}

// TestExampleLoads with its secrets in the environment, does nothing by itself,
// and leaves the stock writer to a person.
func TestExampleLoads(t *testing.T) {
	t.Setenv("RETURNBRIDGE_SEAL_KEY", sealKey)
	t.Setenv("RETURNBRIDGE_TIKTOK_APP_SECRET", "app-secret")
	t.Setenv("RETURNBRIDGE_RETURNGO_MAIN_API_KEY", "api-key")
	t.Setenv("RETURNBRIDGE_SHOPS_DEMO_GB_REFRESH_TOKEN", "refresh-token")
	t.Setenv("RETURNBRIDGE_SHOPS_DEMO_GB_WEBHOOK_TOKEN", "0123456789abcdef0123456789abcdef")
	c, err := Load(example)
	require.NoError(t, err)
	require.Len(t, c.Shops, 1)
	shop := c.Shops[0]
	require.Zero(t, shop.Switches)
	require.Empty(t, shop.OpenReturns)
	require.Empty(t, shop.Restock.Writer)
	require.Equal(t, "api-key", c.ReturnGO[0].APIKey)
	require.Equal(t, "refresh-token", shop.RefreshToken)
}

func TestExampleNamesEachMissingSecret(t *testing.T) {
	t.Parallel()
	_, err := Load(example)
	require.Error(t, err)
	for _, missing := range []string{
		"seal_key must be", "RETURNBRIDGE_SEAL_KEY",
		"tiktok.app_secret is missing; set RETURNBRIDGE_TIKTOK_APP_SECRET",
		"returngo[0].api_key is missing; set RETURNBRIDGE_RETURNGO_MAIN_API_KEY",
		"shops[0].webhook_token must be", "RETURNBRIDGE_SHOPS_DEMO_GB_WEBHOOK_TOKEN",
		"problems: 4",
	} {
		require.ErrorContains(t, err, missing)
	}
}
