package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"returnbridge/internal/messages"
)

// A namespace belongs to one ledger: what one ledger knows to be paid or in stock,
// the workers of another would pay and put into stock again. Temporal remembers the
// ledger's id in a schedule of this name, which is paused and never fires. A schedule
// is made by one program only, is kept as long as the namespace, and needs no more
// rights than a worker has, on Temporal Cloud too.
const ledgerSchedule = "returnbridge-ledger"

// ledgerAction stands before the ledger's id, as the name of what the schedule would
// start. Names are kept as they are: memos may be encrypted, and a note is changed
// by whoever pauses a schedule.
const ledgerAction = "ledger/"

// errOtherLedger is that the namespace belongs to another ledger: the program must
// not work in it.
var errOtherLedger = errors.New("two ledgers in one namespace pay twice and put units into stock twice, because neither knows what was done from the other")

// bindLedger has the namespace remember this ledger, and fails with errOtherLedger
// where it remembers another. A namespace that remembers none is new or was lost: it
// then belongs to the first program that comes.
func (h *house) bindLedger(ctx context.Context) error {
	theirs, err := h.rememberedLedger(ctx)
	if err != nil {
		return err
	}
	if theirs != "" {
		return h.isOurs(theirs)
	}
	_, err = h.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: ledgerSchedule, Paused: true, Note: ledgerNote(h.ledger.ID()), Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		Action: ledgerRemembered(h.ledger.ID()),
	})
	switch {
	case errors.Is(err, temporal.ErrScheduleAlreadyRunning): // another program was first
		return h.sameLedger(ctx)
	case err != nil:
		return fmt.Errorf("have namespace %s remember the ledger: %w", h.namespace, err)
	}
	h.log.Info("the namespace belongs to this ledger from now on", zap.String("namespace", h.namespace), zap.String("ledger", h.ledger.ID()))
	return nil
}

// sameLedger fails with errOtherLedger where the namespace remembers another ledger.
func (h *house) sameLedger(ctx context.Context) error {
	theirs, err := h.rememberedLedger(ctx)
	if err != nil || theirs == "" {
		return err
	}
	return h.isOurs(theirs)
}

func (h *house) isOurs(remembered string) error {
	if remembered == h.ledger.ID() {
		return nil
	}
	return fmt.Errorf("namespace %s belongs to the ledger %s, and the ledger of this program is %s: %w. "+
		"Mend the key ledger of the configuration, or TEMPORAL_NAMESPACE. Only if this ledger is to take the place of the other for good: "+
		"stop every worker and starter, then run starter adopt-ledger (deploy/README.md)", h.namespace, remembered, h.ledger.ID(), errOtherLedger)
}

// rememberedLedger is the id of the ledger that the namespace belongs to; empty if
// it remembers none.
func (h *house) rememberedLedger(ctx context.Context) (string, error) {
	d, err := h.temporal.ScheduleClient().GetHandle(ctx, ledgerSchedule).Describe(ctx)
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("which ledger namespace %s belongs to: %w", h.namespace, err)
	}
	return ledgerOf(d.Schedule.Action)
}

func ledgerOf(remembered client.ScheduleAction) (string, error) {
	if action, ok := remembered.(*client.ScheduleWorkflowAction); ok {
		if id, ok := strings.CutPrefix(action.ID, ledgerAction); ok {
			return id, nil
		}
	}
	return "", fmt.Errorf("the schedule %s was changed by somebody and names no ledger: delete it, then start the worker of the right ledger", ledgerSchedule)
}

// adoptLedger has the namespace remember this ledger instead of another.
func (h *house) adoptLedger(ctx context.Context) error {
	err := h.temporal.ScheduleClient().GetHandle(ctx, ledgerSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := in.Description.Schedule
			s.Action = ledgerRemembered(h.ledger.ID())
			s.State = &client.ScheduleState{Paused: true, Note: ledgerNote(h.ledger.ID())}
			return &client.ScheduleUpdate{Schedule: &s}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("have namespace %s remember the ledger: %w", h.namespace, err)
	}
	return nil
}

// ledgerRemembered is an action that carries the ledger's id. It goes to a queue on
// which nobody takes workflows, so that a person who triggers it starts nothing.
func ledgerRemembered(id string) client.ScheduleAction {
	return &client.ScheduleWorkflowAction{ID: ledgerAction + id, Workflow: "None", TaskQueue: messages.QueueControl, WorkflowRunTimeout: time.Minute}
}

func ledgerNote(id string) string {
	return "This namespace belongs to the returnbridge ledger " + id + ". Never fires; do not delete it."
}

// prepareNamespace makes sure, at the start and again and again, that the namespace
// is this ledger's and has all search attributes: Temporal may be lost or emptied
// under a running program.
func (h *house) prepareNamespace(ctx context.Context) error {
	if err := h.bindLedger(ctx); err != nil {
		return err
	}
	return createSearchAttributes(ctx, h.temporal, h.namespace)
}

// prepareEvery is how often a running program looks whether Temporal still has what
// it needs there.
const prepareEvery = time.Minute

// keepPrepared prepares again and again until ctx ends, or until the namespace
// belongs to another ledger.
func (h *house) keepPrepared(ctx context.Context, every time.Duration, prepare func(context.Context) error) error {
	for wait(ctx, every) {
		err := prepare(ctx)
		if errors.Is(err, errOtherLedger) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			h.log.Warn("what the program needs in Temporal could not be checked or made", zap.Error(err))
		}
	}
	return nil
}

// identity is how a worker of a ledger calls itself when it asks Temporal for work:
// a worker with another ledger is known by it.
func identity(ledgerID string) string {
	host, _ := os.Hostname() // for people alone
	return fmt.Sprintf("%s%d@%s", ofLedger(ledgerID), os.Getpid(), cmp.Or(host, "unknown"))
}

func ofLedger(id string) string { return "ledger " + id + ", worker " }

// polledLately is how long ago a worker that runs may have asked for work last: it
// asks at least once a minute.
const polledLately = 2 * time.Minute

// taskQueue is a queue that workers must ask for work.
type taskQueue struct {
	name string
	kind enumspb.TaskQueueType
}

// taskQueues are all of them.
func (h *house) taskQueues() []taskQueue {
	all := []taskQueue{{messages.QueueReturns, enumspb.TASK_QUEUE_TYPE_WORKFLOW}}
	for _, q := range h.queues() {
		all = append(all, taskQueue{q, enumspb.TASK_QUEUE_TYPE_ACTIVITY})
	}
	return all
}

// pollers are who asked a task queue for work lately: the number of those with this
// ledger, and the names of the others.
func (h *house) pollers(ctx context.Context, q taskQueue) (ours int, others []string, err error) {
	all, err := h.describe(ctx, q)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range all {
		switch {
		case p.GetLastAccessTime().AsTime().Before(h.now().Add(-polledLately)):
		case h.isOurWorker(p):
			ours++
		default:
			others = append(others, p.GetIdentity())
		}
	}
	return ours, others, nil
}

// lastPolled is when a worker with this ledger last asked a task queue for work; zero
// if Temporal knows of none.
func (h *house) lastPolled(ctx context.Context, q taskQueue) (last time.Time, err error) {
	all, err := h.describe(ctx, q)
	for _, p := range all {
		if at := p.GetLastAccessTime().AsTime(); h.isOurWorker(p) && at.After(last) {
			last = at
		}
	}
	return last, err
}

func (h *house) isOurWorker(p *taskqueuepb.PollerInfo) bool {
	return strings.HasPrefix(p.GetIdentity(), ofLedger(h.ledger.ID()))
}

// describe lists who asked a task queue for work, as far back as Temporal remembers:
// some minutes.
func (h *house) describe(ctx context.Context, q taskQueue) ([]*taskqueuepb.PollerInfo, error) {
	out, err := h.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: h.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: q.name}, TaskQueueType: q.kind,
	})
	if err != nil {
		return nil, fmt.Errorf("who works on task queue %s: %w", q.name, err)
	}
	return out.GetPollers(), nil
}
