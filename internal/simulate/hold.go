package simulate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// handle is one that a step uses.
type handle struct {
	*zklock.Mutex
	key    string
	step   Step
	shared bool
	cohort bool
}

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

// afterwards returns the context of a call that a step makes once it has been granted something.
func (r *run) afterwards(st Step) call {
	ctx, cancel := context.WithCancelCause(context.Background())
	st.At, st.Within = time.Since(r.begun), 0
	end := func() { cancel(nil) }
	if st.Variant&256 != 0 {
		st.Within = time.Duration(st.Variant>>9) * time.Millisecond / 2
		timer := time.AfterFunc(st.Within, func() { cancel(causes[st.Cause]) })
		end = func() { timer.Stop(); cancel(nil) }
	}
	return call{ctx, r, st, end}
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
