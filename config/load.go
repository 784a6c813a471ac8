package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// EnvPrefix stands before every environment variable: RETURNBRIDGE_SEAL_KEY
// sets seal_key, RETURNBRIDGE_TIKTOK_APP_SECRET sets tiktok.app_secret.
const EnvPrefix = "RETURNBRIDGE"

// secrets may also be named by "file:/path": the file's content is the value.
const filePrefix = "file:"

// defaults are what holds where the file and the environment say nothing.
var defaults = map[string]any{
	"ledger":                      "returnbridge.db",
	"seal_key":                    "",
	"listen":                      "127.0.0.1:8085",
	"log_level":                   "info",
	"tiktok.base_url":             "https://open-api.tiktokglobalshop.com",
	"tiktok.auth_url":             "https://auth.tiktok-shops.com",
	"tiktok.app_key":              "",
	"tiktok.app_secret":           "",
	"periods.http_timeout":        10 * time.Second,
	"periods.relay_window":        2 * time.Second,
	"periods.relay_takeover":      30 * time.Second,
	"periods.settle_window":       time.Minute,
	"periods.money_wait":          15 * time.Minute,
	"periods.deadline_warning":    12 * time.Hour,
	"periods.rma_wait":            12 * time.Hour,
	"periods.not_shipped":         7 * 24 * time.Hour,
	"periods.inspection_overdue":  24 * time.Hour,
	"periods.inspected_too_long":  24 * time.Hour,
	"periods.order_closes":        30 * 24 * time.Hour,
	"periods.order_closing_alert": 5 * 24 * time.Hour,
	"periods.create_settle":       2 * time.Minute,
	"periods.key_lifetime":        24 * time.Hour,
	"periods.trouble_retry":       15 * time.Minute,
	"periods.proof_wait":          time.Minute,
	"periods.sweep_returngo":      15 * time.Minute,
	"periods.sweep_tiktok":        10 * time.Minute,
	"periods.refresh_token":       6 * time.Hour,
	"periods.refresh_ahead":       48 * time.Hour,
}

// shopDefaults hold for every shop that says nothing else.
var shopDefaults = Shop{
	Link:   Link{OrderNamePattern: `\d{15,20}`},
	Refund: Refund{Gate: "validated"},
}

// Load reads the file (none if path is empty) and the environment, and checks
// everything. The error lists every problem with its key.
func Load(path string) (*Config, error) {
	v := viper.New()
	for key, value := range defaults {
		v.SetDefault(key, value)
	}
	v.SetEnvPrefix(EnvPrefix)
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	v.AutomaticEnv()
	if path != "" {
		v.SetConfigFile(path)
		if err := v.ReadInConfig(); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	var c Config
	err := v.UnmarshalExact(&c, viper.DecodeHook(mapstructure.ComposeDecodeHookFunc(
		mapstructure.StringToTimeDurationHookFunc(), secretFromFile)))
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	for i := range c.Shops {
		c.Shops[i].fillDefaults()
	}
	for i := range c.ReturnGO {
		if c.ReturnGO[i].BaseURL == "" {
			c.ReturnGO[i].BaseURL = "https://api.returngo.ai"
		}
	}
	if problems := c.Problems(); len(problems) > 0 {
		return nil, fmt.Errorf("configuration %s:\n  %w", path, errors.New(strings.Join(problems, "\n  ")))
	}
	return &c, nil
}

func (s *Shop) fillDefaults() {
	if s.Link.OrderNamePattern == "" {
		s.Link.OrderNamePattern = shopDefaults.Link.OrderNamePattern
	}
	if s.Refund.Gate == "" {
		s.Refund.Gate = shopDefaults.Refund.Gate
	}
}
