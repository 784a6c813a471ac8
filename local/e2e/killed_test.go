package e2e

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"returnbridge/local/demo"
)

// The worker is killed, again and again, in the middle of everything: the
// figures stay.
func TestWorkersKilledInTheMiddleLeaveEveryFigureRight(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.NoWorker, o.Configure = true, nil
		o.PeriodFactor = 1.0 / 1200 // TikTok's deadlines stay far beyond what a dead worker costs
	})
	file := h.writeWorkerFile()
	killed := make(chan int)
	done := make(chan struct{})
	go func() {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
		kills := 0
		for {
			w := h.startWorkerProcess(file)
			life := time.NewTimer(time.Second + time.Duration(random.Int64N(int64(2500*time.Millisecond))))
			select {
			case <-done:
				life.Stop()
				w.kill()
				killed <- kills
				return
			case <-life.C:
			}
			if kills == maxKills {
				<-done
				w.kill()
				killed <- kills
				return
			}
			w.kill()
			kills++
		}
	}()
	h.wantPopulationRight(12)
	close(done)
	n := <-killed
	t.Logf("%d workers were killed", n)
	if n < 3 {
		t.Errorf("only %d workers were killed while returns were under way", n)
	}
}

// maxKills bounds the killing, so that the returns end.
const maxKills = 8

func (h *house) writeWorkerFile() string {
	h.t.Helper()
	raw, err := json.Marshal(workerOrder{Address: h.Server.Address(), Namespace: h.Server.Namespace(), Config: h.Config})
	h.must(err)
	file := filepath.Join(h.t.TempDir(), "worker.json")
	h.must(os.WriteFile(file, raw, 0o600))
	return file
}

type workerProcess struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// startWorkerProcess runs this test's binary as a worker.
func (h *house) startWorkerProcess(file string) workerProcess {
	exe, err := os.Executable()
	if err != nil {
		h.t.Error(err)
	}
	cmd := exec.Command(exe) //nolint:gosec // this very binary
	cmd.Env = append(os.Environ(), workerFile+"="+file)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		h.t.Error(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Error(err)
	}
	return workerProcess{cmd, stdin}
}

// kill gives it no chance to end in order.
func (w workerProcess) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	_ = w.stdin.Close()
}
