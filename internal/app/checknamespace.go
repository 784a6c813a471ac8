package app

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// checkNamespace looks whether the namespace belongs to this ledger, and whether the
// programs that work in it run.
func (c *checkup) checkNamespace(ctx context.Context) {
	if c.ledger == nil {
		c.problem("Temporal", "who works in namespace %s was not checked: without the ledger nobody knows whether the namespace is ours", c.namespace)
		return
	}
	switch remembered, err := c.rememberedLedger(ctx); {
	case err != nil:
		c.problem("Temporal", "%v", err)
	case remembered == "":
		c.note("Temporal", "namespace %s belongs to no ledger yet: it will belong to the ledger of the first worker or starter that runs; this one is %s", c.namespace, c.ledger.ID())
	default:
		if err := c.isOurs(remembered); err != nil {
			c.problem("Temporal", "%v", err)
		} else {
			c.fine("Temporal", "namespace %s belongs to this ledger, %s", c.namespace, remembered)
		}
	}
	c.checkSchedules(ctx)
	c.checkWorkers(ctx)
	c.checkCarriage(ctx)
}

func (c *checkup) checkSchedules(ctx context.Context) {
	missing, err := missingSchedules(ctx, c.temporal, c.cfg)
	if err != nil {
		c.problem("starter", "%v", err)
		return
	}
	var names []string
	for _, j := range missing {
		names = append(names, j.id())
	}
	if len(names) > 0 {
		c.problem("starter", "these schedules are missing: %s. A running starter makes them again within a minute: start it (starter serve)", strings.Join(names, ", "))
		return
	}
	c.fine("starter", "has made all schedules of sweeps and tokens")
}

// checkWorkers looks who asks Temporal for work: each task queue needs a worker with
// this ledger, and none with another.
func (c *checkup) checkWorkers(ctx context.Context) {
	var idle []string
	foreign := map[string][]string{} // queues by worker
	for _, q := range c.taskQueues() {
		ours, others, err := c.pollers(ctx, q)
		if err != nil {
			c.problem("worker", "%v", err)
			return
		}
		if ours == 0 {
			idle = append(idle, q.name)
		}
		for _, other := range others {
			foreign[other] = append(foreign[other], q.name)
		}
	}
	for _, other := range slices.Sorted(maps.Keys(foreign)) {
		c.problem("worker", "a worker with another ledger, or of another version, takes work from %s: %q. Stop it: two ledgers in one namespace pay twice and put units into stock twice", strings.Join(foreign[other], ", "), other)
	}
	switch all := len(c.taskQueues()); {
	case len(idle) == all:
		c.problem("worker", "no worker runs with this ledger: for two minutes nobody has asked for work. Start it (worker --config …); until then no return moves")
	case len(idle) > 0:
		c.problem("worker", "no worker takes work from %s: restart the worker with this configuration", strings.Join(idle, ", "))
	default:
		c.fine("worker", "takes work from %s", count(all, "task queue"))
	}
}
