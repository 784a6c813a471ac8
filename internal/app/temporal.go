package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/messages"
)

// createSearchAttributes creates what people search by; a start with an unknown
// attribute would fail.
func createSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range messages.SearchAttributes() {
		switch is, ok := have.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = kind
		case is != kind:
			return fmt.Errorf("search attribute %s is of type %s in this namespace, it must be %s", name, is, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if _, exists := errors.AsType[*serviceerror.AlreadyExists](err); err != nil && !exists {
		return fmt.Errorf("create search attributes %v (on Temporal Cloud create them there): %w", slices.Sorted(maps.Keys(missing)), err)
	}
	return nil
}

// createSchedules makes each shop's regular jobs visible and pausable in the Web
// UI: no overlap, and after an outage one run instead of a storm.
func createSchedules(ctx context.Context, c client.Client, cfg *config.Config) error {
	for _, s := range cfg.Shops {
		for _, job := range []struct {
			workflow string
			every    time.Duration
		}{
			{messages.SweepReturnGO, cfg.Periods.SweepReturnGO},
			{messages.SweepTikTok, cfg.Periods.SweepTikTok},
			{messages.RefreshToken, cfg.Periods.RefreshToken},
		} {
			if err := createSchedule(ctx, c, s, job.workflow, job.every); err != nil {
				return fmt.Errorf("schedule %s of %s: %w", job.workflow, s.Name, err)
			}
		}
	}
	return nil
}

func createSchedule(ctx context.Context, c client.Client, s config.Shop, workflow string, every time.Duration) error {
	id := workflow + "/" + s.Name
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}, Jitter: every / 10}
	action := &client.ScheduleWorkflowAction{
		ID: id, Workflow: workflow, TaskQueue: messages.QueueReturns,
		Args:                  []any{messages.ShopInput{Shop: s.Name, ReturnGOKey: s.ReturnGOKey}},
		TypedSearchAttributes: temporal.NewSearchAttributes(messages.AttrShop.ValueSet(s.Name)), Priority: fairly(s.Name),
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 5 * time.Minute, Action: action,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err //nolint:wrapcheck // the caller names the schedule
	}
	// A shop may have moved to another ReturnGO key; whether a person paused the
	// schedule stays as it is.
	return c.ScheduleClient().GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{ //nolint:wrapcheck // the caller names the schedule
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			in.Description.Schedule.Spec, in.Description.Schedule.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
		},
	})
}

func zapShops(cfg *config.Config) zap.Field {
	var names []string
	for _, s := range cfg.Shops {
		names = append(names, s.Name)
	}
	return zap.Strings("shops", names)
}

func zapQueues(queues []string) zap.Field { return zap.Strings("queues", queues) }
