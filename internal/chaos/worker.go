//go:build unix

package chaos

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/zookylock/zklock"
)

// worker is a client process: one Session, and goroutines that lock and write.
type worker struct {
	cfg     workerConfig
	events  *recorder
	session *zklock.Session
	ops     atomic.Int64
}

func (w *worker) record(ev Event) {
	ev.Worker, ev.Life = w.cfg.Worker, w.cfg.Life
	w.events.record(ev)
}

// longGap is how long a process must have been without a processor for that to be in the history.
const longGap = 100 * time.Millisecond

// pulse records when the process did not run, although the harness had not stopped it: on a busy
// machine it may get no processor for longer than any promise about time allows, and no library can
// help that.
func (w *worker) pulse() {
	last := now()
	for range time.Tick(10 * time.Millisecond) {
		at := now()
		if gap := at - last; gap >= int64(longGap) {
			w.record(Event{Kind: kindGap, Gap: gap})
		}
		last = at
	}
}

// logger records the library's errors.
func (w *worker) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(logRecorder{w},
		&slog.HandlerOptions{Level: slog.LevelError}))
}

type logRecorder struct{ worker *worker }

func (r logRecorder) Write(line []byte) (int, error) {
	r.worker.record(Event{Kind: kindLog, Err: string(line)})
	return len(line), nil
}
