package devserver

import (
	"context"
	"fmt"
	"io"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Figures are what the server counted since it started.
type Figures struct {
	// Actions are the steps Temporal Cloud would bill for, by their kind, such
	// as "command_SCHEDULE_ACTIVITY_TASK" or "grpc_SignalWithStartWorkflowExecution".
	// The server's own workflows are in another namespace and not among them.
	Actions map[string]float64

	// ActionsTotal is the sum of Actions.
	ActionsTotal float64
}

// Figures reads the metrics endpoint. The server counts just after it has acted,
// so commands in a workflow's very last task may appear a moment after its result.
func (s *Server) Figures(ctx context.Context) (Figures, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.MetricsURL(), nil)
	if err != nil {
		return Figures{}, fmt.Errorf("read metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Figures{}, fmt.Errorf("read metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Figures{}, fmt.Errorf("read metrics from %s: %s", s.MetricsURL(), response.Status)
	}
	return parseFigures(response.Body, s.Namespace())
}

// parseFigures counts at the frontend only: the services behind it see the same
// calls again.
func parseFigures(text io.Reader, namespace string) (Figures, error) {
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return Figures{}, fmt.Errorf("parse metrics: %w", err)
	}
	figures := Figures{Actions: map[string]float64{}}
	for _, series := range families["action"].GetMetric() {
		labels := labelsOf(series)
		if labels["service_name"] != "frontend" || labels["namespace"] != namespace {
			continue
		}
		count := series.GetCounter().GetValue()
		figures.Actions[labels["action_type"]] += count
		figures.ActionsTotal += count
	}
	return figures, nil
}

func labelsOf(series *dto.Metric) map[string]string {
	labels := make(map[string]string, len(series.GetLabel()))
	for _, pair := range series.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}
