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

// createSchedules makes the regular jobs visible and pausable in the Web
// UI: no overlap, and after an outage one run instead of a storm.
func createSchedules(ctx context.Context, c client.Client, cfg *config.Config) error {
	return makeSchedules(ctx, c, jobs(cfg))
}

// replaceSchedules makes those of the schedules again that are missing, and returns
// which. One that was made a moment ago may not be listed yet, and is only set again.
func replaceSchedules(ctx context.Context, c client.Client, cfg *config.Config) ([]string, error) {
	missing, err := missingSchedules(ctx, c, cfg)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, j := range missing {
		names = append(names, j.id())
	}
	return names, makeSchedules(ctx, c, missing)
}

// missingSchedules are the jobs that Temporal has no schedule for.
func missingSchedules(ctx context.Context, c client.Client, cfg *config.Config) ([]job, error) {
	missing := jobs(cfg)
	there, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 100})
	for err == nil && there.HasNext() {
		var entry *client.ScheduleListEntry
		if entry, err = there.Next(); err == nil {
			missing = slices.DeleteFunc(missing, func(j job) bool { return j.id() == entry.ID })
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return missing, nil
}

// job is one regular job: of a shop, or of none.
type job struct {
	shop     config.Shop
	workflow string
	every    time.Duration
}

func (j job) id() string {
	if j.shop.Name == "" {
		return j.workflow
	}
	return j.workflow + "/" + j.shop.Name
}

func (j job) action() *client.ScheduleWorkflowAction {
	action := &client.ScheduleWorkflowAction{ID: j.id(), Workflow: j.workflow, TaskQueue: messages.QueueReturns, Args: []any{messages.NotifyInput{}}}
	if s := j.shop; s.Name != "" {
		action.Args = []any{messages.ShopInput{Shop: s.Name, ReturnGOKey: s.ReturnGOKey}}
		action.TypedSearchAttributes, action.Priority = temporal.NewSearchAttributes(messages.AttrShop.ValueSet(s.Name)), fairly(s.Name)
	}
	return action
}

// notifyEvery is how often people are told what is new.
const notifyEvery = time.Minute

func jobs(cfg *config.Config) (all []job) {
	if len(cfg.Notify.Sinks) > 0 {
		all = append(all, job{workflow: messages.Notify, every: notifyEvery})
	}
	for _, s := range cfg.Shops {
		all = append(all, job{s, messages.SweepReturnGO, cfg.Periods.SweepReturnGO}, job{s, messages.SweepTikTok, cfg.Periods.SweepTikTok},
			job{s, messages.RefreshToken, cfg.Periods.RefreshToken})
	}
	return all
}

func makeSchedules(ctx context.Context, c client.Client, all []job) error {
	for _, j := range all {
		if err := createSchedule(ctx, c, j); err != nil {
			return fmt.Errorf("schedule %s: %w", j.id(), err)
		}
	}
	return nil
}

func createSchedule(ctx context.Context, c client.Client, j job) error {
	id, action := j.id(), j.action()
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: j.every}}, Jitter: j.every / 10}
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
