package devserver

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
)

const metricsPath = "/metrics"

// metricsEndpoint serves the server's figures. It is ours and not the server's
// own, which ends the process when its port is taken and holds the port after a
// stop.
type metricsEndpoint struct {
	meters *sdkmetric.MeterProvider
	http   *http.Server
	done   chan struct{}
}

// startMetrics answers on listener until stop.
func startMetrics(listener net.Listener) (*metricsEndpoint, error) {
	registry := prometheus.NewRegistry()
	// The names of Temporal's own dashboards: action, not action_total.
	reader, err := exporter.New(
		exporter.WithRegisterer(registry),
		exporter.WithoutCounterSuffixes(),
		exporter.WithoutUnits(),
		exporter.WithoutScopeInfo(),
		exporter.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, fmt.Errorf("prepare metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(metricsPath, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	m := &metricsEndpoint{
		meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		http:   &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second},
		done:   make(chan struct{}),
	}
	go func() {
		defer close(m.done)
		_ = m.http.Serve(listener) // ends by stop alone: the listener is open
	}()
	return m, nil
}

// handler is where the server writes its figures.
func (m *metricsEndpoint) handler(logger log.Logger) (metrics.Handler, error) {
	handler, err := metrics.NewOtelMetricsHandler(logger, meterOf{m}, metrics.ClientConfig{}, false)
	if err != nil {
		return nil, fmt.Errorf("prepare metrics: %w", err)
	}
	return handler, nil
}

// stop frees the port.
func (m *metricsEndpoint) stop() {
	_ = m.http.Close()
	<-m.done
}

// meterOf lends the meters to the server. The endpoint outlives the server's
// Stop, so that rollback and Stop have one order.
type meterOf struct{ endpoint *metricsEndpoint }

func (m meterOf) GetMeter() metric.Meter { return m.endpoint.meters.Meter("temporal") }

func (m meterOf) Stop(log.Logger) {}
