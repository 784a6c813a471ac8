package chaos

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/local/demo"
)

// Two starters and three workers share a ledger on PostgreSQL; one of either is
// killed at random moments, again and again: the figures stay.
func TestStartersAndWorkersOnPostgreSQLKilledAtRandomLeaveEveryFigureRight(t *testing.T) {
	t.Parallel()
	dsn := ledgertest.Postgres(t)
	h := openHouse(t, elsewhere, configured(func(c *config.Config) { c.Ledger = dsn }))
	workers, starters := h.programs(3, 2, "")
	most, returns := either(6, 40), either(10, 60)
	h.killedAtRandom("3 workers and 2 starters on PostgreSQL", most, returns, slices.Concat(workers, starters))
}

// The only worker is killed in the middle of everything.
func TestTheOnlyWorkerKilledAgainAndAgainLeavesEveryFigureRight(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) { o.NoWorker = true })
	worker := newChild(t, order{Name: "worker", Address: h.Server.Address(), Namespace: h.Server.Namespace(), Config: h.Config})
	h.killedAtRandom("one worker", either(6, 20), either(10, 40), []*child{worker})
}

// killedAtRandom drives a population and kills one of the programs after the
// other, each after a random while, at most so often.
func (h *house) killedAtRandom(what string, most, returns int, programs []*child) {
	h.t.Helper()
	result := h.population(returns, 11)
	random := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for {
		life := time.NewTimer(time.Second + time.Duration(random.Int64N(int64(2*time.Second))))
		select {
		case v := <-result:
			life.Stop()
			h.wantRight(what, v)
			h.t.Logf("%d programs were killed", kills)
			if kills < 3 {
				h.t.Errorf("only %d programs were killed while returns were under way", kills)
			}
			return
		case <-life.C:
		}
		if kills < most { // so that the returns end
			programs[random.IntN(len(programs))].killAndRestart()
			kills++
		}
	}
}
