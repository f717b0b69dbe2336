package zklock

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// logs is the slog.Handler of the Session's logger. It passes entries to the user's handler on a
// goroutine of its own, so that a handler that blocks delays nothing else for more than a moment.
type logs struct {
	to      slog.Handler
	entries chan logEntry
	blocked *atomic.Bool // the handler has not returned in time
}

// logEntry is a record on its way to the user's handler.
type logEntry struct {
	to      slog.Handler
	record  slog.Record
	written chan struct{} // closed when the handler has returned
}

const (
	// mostLogEntries is how many entries wait for a handler that blocks. More are dropped.
	mostLogEntries = 1000

	// logPatience is how long Handle waits for the user's handler, unless that blocks already.
	logPatience = 20 * time.Millisecond
)

func newLogs(to slog.Handler) *logs {
	return &logs{to: to, entries: make(chan logEntry, mostLogEntries), blocked: new(atomic.Bool)}
}

// Enabled returns true. The user's handler may block, so write asks it instead.
func (l *logs) Enabled(context.Context, slog.Level) bool { return true }

// Handle queues the record. It waits for the user's handler up to logPatience.
func (l *logs) Handle(_ context.Context, record slog.Record) error {
	e := logEntry{l.to, record.Clone(), make(chan struct{})}
	select {
	case l.entries <- e:
	default:
		return nil
	}
	if l.blocked.Load() {
		return nil
	}
	patience := time.NewTimer(logPatience)
	defer patience.Stop()
	select {
	case <-e.written:
	case <-patience.C:
		l.blocked.Store(true)
	}
	return nil
}

func (l *logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logs{l.to.WithAttrs(attrs), l.entries, l.blocked}
}

func (l *logs) WithGroup(name string) slog.Handler {
	return &logs{l.to.WithGroup(name), l.entries, l.blocked}
}

// run passes entries to their handler until over is closed, and then the entries that are left.
func (l *logs) run(over <-chan struct{}) {
	for {
		select {
		case e := <-l.entries:
			l.write(e)
		case <-over:
			for range len(l.entries) {
				l.write(<-l.entries)
			}
			return
		}
	}
}

func (l *logs) write(e logEntry) {
	ctx := context.Background()
	if e.to.Enabled(ctx, e.record.Level) {
		_ = e.to.Handle(ctx, e.record) // there is nowhere to report its error
	}
	l.blocked.Store(false)
	close(e.written)
}
