package zklock

import (
	"context"
	"log/slog"
	"time"
)

// logs hands what the Session logs to the user's handler, on a goroutine of its own: a handler that
// blocks holds up nothing else. It is the slog.Handler of the Session's logger.
type logs struct {
	to      slog.Handler
	entries chan<- logEntry
}

type logEntry struct {
	to     slog.Handler
	record slog.Record
}

// mostLogEntries is how many entries wait for a handler that is slow. More are dropped.
const mostLogEntries = 1000

// newLogs returns a logger like the user's, and what writeLogs has to write.
func newLogs(logger *slog.Logger) (*slog.Logger, <-chan logEntry) {
	entries := make(chan logEntry, mostLogEntries)
	return slog.New(&logs{logger.Handler(), entries}), entries
}

// Enabled is asked where the entry is made. The user's handler is asked by write, as it may block.
func (l *logs) Enabled(context.Context, slog.Level) bool { return true }

func (l *logs) Handle(_ context.Context, record slog.Record) error {
	select {
	case l.entries <- logEntry{l.to, record.Clone()}:
	default:
	}
	return nil
}

func (l *logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logs{l.to.WithAttrs(attrs), l.entries}
}

func (l *logs) WithGroup(name string) slog.Handler {
	return &logs{l.to.WithGroup(name), l.entries}
}

// writeLogs hands entries to their handler until over is closed, and then those that are left.
func writeLogs(entries <-chan logEntry, over <-chan struct{}) {
	for {
		select {
		case e := <-entries:
			e.write()
		case <-over:
			for range len(entries) {
				e := <-entries
				e.write()
			}
			return
		}
	}
}

func (e logEntry) write() {
	ctx := context.Background()
	if e.to.Enabled(ctx, e.record.Level) {
		_ = e.to.Handle(ctx, e.record) // there is nowhere to tell
	}
}

// userPatience is how long Close waits for the user's handler and state function to return.
const userPatience = time.Second

// userCode is what runs the user's functions, each on a goroutine of its own.
type userCode struct {
	over chan struct{} // closed when nothing more comes
	runs []chan struct{}
}

// run has f run until over is closed.
func (u *userCode) run(f func()) {
	done := make(chan struct{})
	u.runs = append(u.runs, done)
	go func() { // ends after over, if the user's function returns; end waits for it for a while
		defer close(done)
		f()
	}()
}

// end waits for the user's functions to return, for a while.
func (u *userCode) end() {
	close(u.over)
	patience := time.NewTimer(userPatience)
	defer patience.Stop()
	for _, done := range u.runs {
		select {
		case <-done:
		case <-patience.C:
			return
		}
	}
}
