package simulate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// enter takes note of a hold that has been granted through a handle, unless its znode is gone
// already, or others may unlock the handle.
func (r *run) enter(h handle) *hold {
	held := &hold{by: h.step, lock: h.step.Lock, shared: h.shared, token: h.Token(), lost: h.Lost()}
	guard, err := h.Guard()
	if err != nil || h.step.Lock == "wild" {
		return held
	}
	held.path = guard.Path
	held.session = r.Owner(guard.Path)
	if held.session != 0 {
		r.granted(held)
	}
	return held
}

// hold holds the lock for as long as the step wants, and unlocks it.
func (r *run) hold(h handle, revoked <-chan struct{}, p *zklock.Pending) {
	st := h.step
	held := r.enter(h)
	if st.Variant&16 != 0 {
		revoked = nil // not heeded
	}
	r.linger(st.For, revoked, held)
	if closed.Is(held.lost) {
		switch {
		case st.Variant&32 != 0 && p != nil:
			<-p.Released()
		case st.Variant&64 != 0:
			r.hang(key(st))
		}
	}
	r.over(held)
	r.unlock(h, held, p)
}

// linger waits while a hold goes on.
func (r *run) linger(d time.Duration, revoked <-chan struct{}, held *hold) {
	select {
	case <-time.After(d):
	case <-r.well:
	case <-revoked:
	case <-held.lost:
	}
}

// hang does not unlock until everything else is over.
func (r *run) hang(key string) {
	r.mu.Lock()
	r.waits[key]++
	r.mu.Unlock()
	<-r.late
}

func (r *run) unlock(h handle, held *hold, p *zklock.Pending) {
	st := h.step
	if p != nil && st.Variant&128 != 0 {
		p.Cancel()
		<-p.Released()
		r.requireGone(h, held)
		return
	}
	if r.release(st, h.UnlockContext) {
		r.requireGone(h, held)
	}
}

// release releases what a step holds, in a context that may end. It reports whether nothing was
// wrong.
func (r *run) release(st Step, unlock func(context.Context) error) bool {
	c := r.afterwards(st)
	fair := []error{zklock.ErrLost}
	if slices.Contains(strings.Split(st.Lock, "+"), "wild") {
		fair = append(fair, zklock.ErrNotLocked)
	}
	err := unlock(c)
	c.returned("unlock", err, fair...)
	return err == nil
}

// requireGone checks that nothing is left of a hold that was released. If its session is given up,
// its znode may stay until the ensemble ends that.
func (r *run) requireGone(h handle, held *hold) {
	if r.sessions[h.step.Session].ID() != held.session || held.path == "" || h.cohort ||
		h.step.Lock == "wild" {
		return
	}
	if owner := r.Owner(held.path); owner != 0 && owner == held.session {
		r.violate("released, and its znode is there: %v", held)
	}
}

// closedNow reports whether a channel is closed once everything that was due has happened.
func closedNow(ch <-chan struct{}) bool {
	time.Sleep(time.Millisecond)
	return closed.Is(ch)
}
