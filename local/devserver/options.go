package devserver

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.uber.org/zap"
)

// NoUI as Options.UIPort starts the server without its web pages.
const NoUI = -1

const (
	defaultNamespace = "default"
	defaultRetention = 30 * 24 * time.Hour
)

// Options says what to start. The zero value is a server in memory, on free
// ports, with the Web UI.
type Options struct {
	// Namespace is created if it is missing. Default: "default".
	Namespace string

	// DatabaseFile is the SQLite file that keeps every workflow across a
	// restart. Its folder is created if it is missing. Default: "", everything
	// in memory and gone with the process.
	//
	// A file that exists is used as it is, and its open workflows go on. The
	// tables are only ever created, never migrated, so give the file a name with
	// the server's version in it (temporal-1.32.db) and begin a new file with a
	// new server. One server at a time may use a file.
	DatabaseFile string

	// FrontendPort is where clients and workers connect. Default: 0, a free port.
	FrontendPort int

	// UIPort serves the Web UI. Default: 0, a free port. NoUI: none.
	UIPort int

	// MetricsPort serves the server's Prometheus figures under /metrics.
	// Default: 0, a free port.
	MetricsPort int

	// Retention is how long a closed workflow can still be looked up, and how
	// long its ID is remembered. Default: 30 days, because the server's own 24
	// hours would lose a return before anybody asks about it. It takes effect
	// when the namespace is created; an existing file keeps what it has.
	Retention time.Duration

	// SearchAttributes exist before Start returns. Default: none; a product that
	// creates its own through the operator service can use them at once.
	SearchAttributes map[string]enumspb.IndexedValueType

	// TimeSkipping allows workflows to skip the time they only wait, see
	// TimeSkippingInterceptor. Default: false. For tests: the server's authors
	// have not released the feature.
	TimeSkipping bool

	// Logger receives the server's lines from Warn upwards. Default: nil, silence.
	Logger *zap.Logger
}

func (o Options) withDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return o
}

func (o Options) validate() error {
	if o.Retention < 0 {
		return fmt.Errorf("retention %s is negative", o.Retention)
	}
	return nil
}
