package app

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"returnbridge/config"
	"returnbridge/internal/messages"
)

// namespaceDouble is what a namespace has beside its workflows. The zero value is an
// empty one.
type namespaceDouble struct {
	timetable  timetable
	attributes map[string]enumspb.IndexedValueType
	polled     map[string][]*taskqueuepb.PollerInfo // by task queue
	deafQueues error
	unwell     error
}

func (c *temporalDouble) ScheduleClient() client.ScheduleClient {
	if c.timetable.kept == nil {
		c.timetable.kept = map[string]client.ScheduleOptions{}
	}
	return &c.timetable
}

// wipe has the namespace forget everything.
func (n *namespaceDouble) wipe() { n.timetable.kept, n.attributes = nil, nil }

// prepared has all that a running starter of a ledger makes there.
func (n *namespaceDouble) prepared(ledgerID string, cfg *config.Config) {
	n.attributes = messages.SearchAttributes()
	n.timetable.kept = map[string]client.ScheduleOptions{}
	for _, j := range jobs(cfg) {
		n.timetable.kept[j.id()] = client.ScheduleOptions{}
	}
	n.timetable.kept[ledgerSchedule] = client.ScheduleOptions{Action: ledgerRemembered(ledgerID), Paused: true}
}

// polls has a worker ask all task queues for work.
func (n *namespaceDouble) polls(who string, at time.Time, queues []taskQueue) {
	if n.polled == nil {
		n.polled = map[string][]*taskqueuepb.PollerInfo{}
	}
	for _, q := range queues {
		n.polled[q.name] = append(n.polled[q.name], &taskqueuepb.PollerInfo{Identity: who, LastAccessTime: timestamppb.New(at)})
	}
}

func (c *temporalDouble) OperatorService() operatorservice.OperatorServiceClient {
	return attributesDouble{of: &c.namespaceDouble}
}

func (c *temporalDouble) WorkflowService() workflowservice.WorkflowServiceClient {
	return pollersDouble{of: &c.namespaceDouble}
}

func (c *temporalDouble) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, c.unwell
}

type attributesDouble struct {
	operatorservice.OperatorServiceClient

	of *namespaceDouble
}

func (a attributesDouble) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: a.of.attributes}, nil
}

func (a attributesDouble) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	a.of.attributes = in.GetSearchAttributes()
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

type pollersDouble struct {
	workflowservice.WorkflowServiceClient

	of *namespaceDouble
}

func (p pollersDouble) DescribeTaskQueue(_ context.Context, in *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	want := enumspb.TASK_QUEUE_TYPE_ACTIVITY
	if in.GetTaskQueue().GetName() == messages.QueueReturns {
		want = enumspb.TASK_QUEUE_TYPE_WORKFLOW
	}
	if in.GetTaskQueueType() != want {
		return &workflowservice.DescribeTaskQueueResponse{}, nil
	}
	return &workflowservice.DescribeTaskQueueResponse{Pollers: p.of.polled[in.GetTaskQueue().GetName()]}, p.of.deafQueues
}
