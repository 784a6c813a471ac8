package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"

	"returnbridge/config"
	"returnbridge/internal/messages"
)

// operator is a namespace with search attributes.
type operator struct {
	client.Client
	operatorservice.OperatorServiceClient

	have  map[string]enumspb.IndexedValueType
	added map[string]enumspb.IndexedValueType
	fails error
}

func (o *operator) OperatorService() operatorservice.OperatorServiceClient { return o }

func (o *operator) ListSearchAttributes(_ context.Context, in *operatorservice.ListSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	if in.GetNamespace() != "default" {
		return nil, serviceerror.NewNamespaceNotFound(in.GetNamespace())
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: o.have}, nil
}

func (o *operator) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	o.added = in.GetSearchAttributes()
	return &operatorservice.AddSearchAttributesResponse{}, o.fails
}

func TestSearchAttributesAreCreatedWhereMissing(t *testing.T) {
	t.Parallel()
	all := messages.SearchAttributes()
	require.Len(t, all, 10)
	most := maps.Clone(all)
	delete(most, "RmaId")
	most["Foreign"] = enumspb.INDEXED_VALUE_TYPE_INT
	wrong := maps.Clone(most)
	wrong["Shop"] = enumspb.INDEXED_VALUE_TYPE_TEXT
	for name, c := range map[string]struct {
		have  map[string]enumspb.IndexedValueType
		fails error
		added []string
		says  string
	}{
		"a fresh namespace":      {nil, nil, slices.Sorted(maps.Keys(all)), ""},
		"one is missing":         {most, nil, []string{"RmaId"}, ""},
		"all are there":          {all, nil, nil, ""},
		"another was just first": {most, serviceerror.NewAlreadyExists("RmaId"), []string{"RmaId"}, ""},
		"of another type":        {wrong, nil, nil, "search attribute Shop is of type Text in this namespace, it must be Keyword"},
		"not allowed":            {most, serviceerror.NewPermissionDenied("no", ""), []string{"RmaId"}, "create search attributes [RmaId] (on Temporal Cloud create them there)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &operator{have: c.have, fails: c.fails}
			err := createSearchAttributes(t.Context(), o, "default")
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.says)
			}
			require.Equal(t, c.added, slices.Sorted(maps.Keys(o.added)))
		})
	}
	require.ErrorContains(t, createSearchAttributes(t.Context(), &operator{}, "other"), "list search attributes")
}

// timetable is a server with schedules.
type timetable struct {
	client.ScheduleClient

	kept  map[string]client.ScheduleOptions
	fails error
	first func() // runs once, before the next schedule is made
}

// server has only the timetable.
type server struct {
	client.Client

	timetable *timetable
}

func (s server) ScheduleClient() client.ScheduleClient { return s.timetable }

func (s *timetable) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if first := s.first; first != nil {
		s.first = nil
		first()
	}
	if s.fails != nil {
		return nil, s.fails
	}
	if _, there := s.kept[o.ID]; there {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.kept[o.ID] = o
	return nil, nil //nolint:nilnil // nobody asks for the handle
}

func (s *timetable) List(context.Context, client.ScheduleListOptions) (client.ScheduleListIterator, error) {
	return &listed{slices.Sorted(maps.Keys(s.kept))}, s.fails
}

// listed gives one schedule after the other.
type listed struct{ ids []string }

func (l *listed) HasNext() bool { return len(l.ids) > 0 }

func (l *listed) Next() (*client.ScheduleListEntry, error) {
	id := l.ids[0]
	l.ids = l.ids[1:]
	return &client.ScheduleListEntry{ID: id}, nil
}

func (s *timetable) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return &entry{timetable: s, id: id}
}

type entry struct {
	client.ScheduleHandle

	timetable *timetable
	id        string
}

func (e *entry) Describe(context.Context) (*client.ScheduleDescription, error) {
	kept, there := e.timetable.kept[e.id]
	if !there {
		return nil, serviceerror.NewNotFound(e.id)
	}
	return &client.ScheduleDescription{Schedule: client.Schedule{Spec: &kept.Spec, Action: kept.Action, State: &client.ScheduleState{Paused: kept.Paused, Note: kept.Note}}}, e.timetable.fails
}

func (e *entry) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	kept := e.timetable.kept[e.id]
	was := client.Schedule{Spec: &kept.Spec, Action: kept.Action, State: &client.ScheduleState{Paused: true, Note: "held by Ann"}}
	out, err := o.DoUpdate(client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: was}})
	if err != nil {
		return err
	}
	if !out.Schedule.State.Paused || out.Schedule.Action == nil {
		return errors.New("an update must leave a person's pause and the action alone") //nolint:err113 // a fake
	}
	kept.Spec, kept.Action = *out.Schedule.Spec, out.Schedule.Action
	e.timetable.kept[e.id] = kept
	return nil
}

func TestSchedulesAreCreatedAndUpdated(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{
		Shops:   []config.Shop{{Name: "uk", ReturnGOKey: "main"}, {Name: "de", ReturnGOKey: "main"}},
		Periods: config.Periods{SweepReturnGO: 15 * time.Minute, SweepTikTok: 10 * time.Minute, RefreshToken: 6 * time.Hour},
	}
	s := &timetable{kept: map[string]client.ScheduleOptions{}}
	require.NoError(t, createSchedules(t.Context(), server{timetable: s}, cfg))
	require.Len(t, s.kept, 6)
	uk := s.kept["SweepReturnGO/uk"]
	require.Equal(t, []client.ScheduleIntervalSpec{{Every: 15 * time.Minute}}, uk.Spec.Intervals)
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, uk.Overlap)
	require.LessOrEqual(t, uk.CatchupWindow, 10*time.Minute, "after an outage one run, no storm")
	require.Positive(t, uk.CatchupWindow)
	action, ok := uk.Action.(*client.ScheduleWorkflowAction)
	require.True(t, ok)
	require.Equal(t, messages.SweepReturnGO, action.Workflow)
	require.Equal(t, []any{messages.ShopInput{Shop: "uk", ReturnGOKey: "main"}}, action.Args)

	cfg.Periods.SweepReturnGO = 30 * time.Minute
	require.NoError(t, createSchedules(t.Context(), server{timetable: s}, cfg))
	require.Len(t, s.kept, 6)
	for _, shop := range []string{"uk", "de"} {
		require.Equal(t, 30*time.Minute, s.kept["SweepReturnGO/"+shop].Spec.Intervals[0].Every)
		require.Equal(t, 10*time.Minute, s.kept["SweepTikTok/"+shop].Spec.Intervals[0].Every)
	}
	s.fails = serviceerror.NewUnavailable("down")
	require.ErrorContains(t, createSchedules(t.Context(), server{timetable: s}, cfg), "schedule SweepReturnGO/uk")
}
