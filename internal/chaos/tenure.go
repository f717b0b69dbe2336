//go:build unix

package chaos

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// tenure is a hold.
type tenure struct {
	j             *job
	op            int
	token         string
	lost, revoked <-chan struct{}
	guard         *zk.CheckVersionRequest // nil if it was lost at once
	unwatch       func()                  // ends the goroutine that watches it, and waits for that
}

// enter records that the job's lock was granted.
func (j *job) enter(op int, how string) *tenure {
	h := &tenure{j: j, op: op, token: j.handle.Token().String(), lost: j.handle.Lost(),
		revoked: j.handle.Revoked()}
	number := 0
	if guard, err := j.handle.Guard(); err == nil {
		h.guard = guard
		number, _ = strconv.Atoi(guard.Path[len(guard.Path)-10:])
	}
	j.record(Event{Kind: kindGranted, Op: op, How: how, Token: h.token, Number: number,
		Session: j.worker.session.ID()})
	h.watch(j.handle.Err)
	return h
}

// watch records on a goroutine when the holder is told to stop, and that the hold is gone. state
// says why.
func (h *tenure) watch(state func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends with unwatch, which waits for it
		defer close(done)
		revoked, lost := h.revoked, h.lost
		for revoked != nil || lost != nil {
			select {
			case <-lost:
				h.j.record(Event{Kind: kindLost, Op: h.op, Result: loss(state())})
				lost = nil
			case <-revoked:
				h.j.record(Event{Kind: kindRevoked, Op: h.op})
				revoked = nil
			case <-ctx.Done():
				return
			}
		}
	}()
	h.unwatch = func() {
		cancel()
		<-done
	}
}

// isOver reports whether the holder should stop.
func (h *tenure) isOver() bool { return closed.Is(h.revoked) || closed.Is(h.lost) }

// hold works under the lock and releases it.
func (j *job) hold(op int, how string) {
	h := j.enter(op, how)
	// An obstinate holder goes on after it was asked to stop, and after it was told that it must.
	obstinate := j.rng.IntN(4) == 0
	for range 1 + j.rng.IntN(3) {
		if h.guard == nil || !obstinate && h.isOver() {
			break
		}
		j.pause()
		h.work()
	}
	unlock := j.handle.UnlockContext
	if j.table != nil && j.rng.IntN(4) == 0 {
		if reader := j.downgrade(h); reader != nil {
			unlock = reader.UnlockContext
		}
	}
	j.release(unlock, h)
}

// downgrade makes a writer become a reader, which reads for a while. It is nil if that has failed.
func (j *job) downgrade(h *tenure) *zklock.Mutex {
	j.record(Event{Kind: kindDowngrade, Op: h.op})
	ctx, cancel := context.WithTimeout(context.Background(),
		time.Millisecond+j.upTo(j.worker.cfg.Timeout))
	defer cancel()
	reader, err := j.table.Downgrade(ctx)
	ev := Event{Kind: kindDowngraded, Op: h.op, Result: resultOK}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
		if ctx.Err() == nil && !errors.Is(err, zklock.ErrLost) {
			ev.Result = "error"
		}
	}
	j.record(ev)
	if err != nil {
		return nil
	}
	h.unwatch()
	h.watch(reader.Err)
	for range 1 + j.rng.IntN(3) {
		if h.isOver() {
			break
		}
		j.pause()
		j.readGuarded()
		j.readStore(fenced)
	}
	return reader
}

// work writes or reads under the lock.
func (h *tenure) work() {
	j := h.j
	if !j.shared {
		j.writeGuarded(h.guard, h.token)
		j.writeStore(fenced, h.token)
		j.writeStore(unfenced, h.token)
	}
	if j.shared || j.rng.IntN(3) == 0 {
		j.readGuarded()
		j.readStore(fenced)
	}
}

// release records that holds are released together, and how that went.
func (j *job) release(unlock func(context.Context) error, holds ...*tenure) {
	for _, h := range holds {
		h.j.record(Event{Kind: kindUnlock, Op: h.op})
		h.unwatch()
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.worker.cfg.Timeout)
	if j.rng.IntN(10) == 0 {
		cancel() // the release goes on in the background
	}
	defer cancel()
	ev := Event{Kind: kindUnlocked}
	if err := unlock(ctx); err != nil {
		ev.Err, ev.Result = err.Error(), loss(err)
		if errors.Is(err, zklock.ErrNotLocked) {
			ev.Result = "error"
		}
	}
	for _, h := range holds {
		ev.Op = h.op
		h.j.record(ev)
	}
}

// loss names the reason of a loss, "" if err is none.
func loss(err error) string {
	switch {
	case !errors.Is(err, zklock.ErrLost):
		return ""
	case strings.Contains(err.Error(), "removed"):
		return "removed"
	case strings.Contains(err.Error(), "expired"):
		return "expired"
	default:
		return "lease"
	}
}
