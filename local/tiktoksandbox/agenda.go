package tiktoksandbox

import (
	"container/heap"
	"time"
)

// task is something the platform will do by itself at a moment.
type task struct {
	at    time.Time
	order int // tasks of one moment run in the order they were planned
	run   func()
}

type agenda struct {
	tasks   []*task
	planned int
}

func (a *agenda) Len() int { return len(a.tasks) }
func (a *agenda) Less(i, j int) bool {
	if a.tasks[i].at.Equal(a.tasks[j].at) {
		return a.tasks[i].order < a.tasks[j].order
	}
	return a.tasks[i].at.Before(a.tasks[j].at)
}
func (a *agenda) Swap(i, j int) { a.tasks[i], a.tasks[j] = a.tasks[j], a.tasks[i] }
func (a *agenda) Push(x any)    { a.tasks = append(a.tasks, x.(*task)) } //nolint:forcetypeassert // the heap holds tasks only
func (a *agenda) Pop() any {
	last := a.tasks[len(a.tasks)-1]
	a.tasks = a.tasks[:len(a.tasks)-1]
	return last
}

// plan puts a task on the agenda. The moment is kept exactly; only the wire
// rounds to whole seconds, which matters when 48 h become seconds.
func (s *Sandbox) plan(at time.Time, run func()) {
	s.agenda.planned++
	heap.Push(&s.agenda, &task{at: at, order: s.agenda.planned, run: run})
}

// after plans a task one platform period from now and returns the moment.
func (s *Sandbox) after(d time.Duration, run func()) time.Time {
	at := s.now().Add(s.period(d))
	s.plan(at, run)
	return at
}

// catchUp runs everything due by now, each task at its own moment, so a clock
// that jumps three days still leaves the history of three days.
func (s *Sandbox) catchUp() {
	if !s.virtual.IsZero() {
		return
	}
	clock := s.clock()
	for len(s.agenda.tasks) > 0 && !s.agenda.tasks[0].at.After(clock) {
		due := heap.Pop(&s.agenda).(*task) //nolint:forcetypeassert // the heap holds tasks only
		s.virtual = due.at
		due.run()
		s.virtual = time.Time{}
	}
}

// Tick does everything that is due: deadlines, completions, webhook deliveries.
// With an injected clock it returns only after the due deliveries were made.
func (s *Sandbox) Tick() {
	for {
		leave := s.enter()
		due := s.takeDueDeliveries()
		leave()
		if len(due) == 0 {
			return
		}
		for _, d := range due {
			if s.options.Clock != nil {
				s.deliver(d)
				continue
			}
			s.workers.Go(func() { s.deliver(d) })
		}
	}
}

// tickEvery is far below every period a test or demo would use.
const tickEvery = 5 * time.Millisecond

func (s *Sandbox) keepTicking() {
	defer s.workers.Done()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.running.Done():
			return
		case <-ticker.C:
			s.Tick()
		}
	}
}
