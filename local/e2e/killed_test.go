package e2e

import (
	"encoding/gob"
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
	done, killed := make(chan struct{}), make(chan int, 1)
	go func() { killed <- h.killWorkers(file, done) }()
	h.wantPopulationRight(12)
	close(done)
	n := <-killed
	t.Logf("%d workers were killed", n)
	if n < 3 {
		t.Errorf("only %d workers were killed while returns were under way", n)
	}
}

// killWorkers runs one worker after the other, each for a short and random time,
// and the last until done. It gives the number of those killed in the middle.
func (h *house) killWorkers(file string, done <-chan struct{}) int {
	random := rand.New(rand.NewPCG(1, 2))
	for kills := 0; ; kills++ {
		w := h.startWorkerProcess(file)
		life := time.NewTimer(time.Second + time.Duration(random.Int64N(int64(2500*time.Millisecond))))
		if kills == maxKills {
			life.Stop()
		}
		select {
		case <-done:
			life.Stop()
			w.kill()
			return kills
		case <-life.C:
		}
		if !w.kill() {
			h.t.Error("a worker ended by itself")
		}
	}
}

// maxKills bounds the killing, so that the returns end.
const maxKills = 8

func (h *house) writeWorkerFile() string {
	h.t.Helper()
	file, err := os.OpenFile(filepath.Join(h.t.TempDir(), "worker"), os.O_CREATE|os.O_WRONLY, 0o600)
	h.must(err)
	// Not JSON: a configuration never writes its secrets there.
	h.must(gob.NewEncoder(file).Encode(workerOrder{Address: h.Server.Address(), Namespace: h.Server.Namespace(), Config: h.Config}))
	h.must(file.Close())
	return file.Name()
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
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), workerFile+"="+file) //nolint:forbidigo // passed on to a process of our own
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

// kill gives it no chance to end in order, and tells whether it was alive.
func (w workerProcess) kill() bool {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	_ = w.stdin.Close()
	return !w.cmd.ProcessState.Exited()
}
