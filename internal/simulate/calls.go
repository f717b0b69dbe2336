package simulate

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

func (r *run) lock(st Step) {
	h, c := r.handle(st), r.begin(st)
	revoked, err := h.LockContext(c)
	c.returned("lock", err, mixed)
	if err == nil {
		r.hold(h, revoked, nil)
	}
}

// loop acquires a lock again and again, as a handle does that mostly has it to itself.
func (r *run) loop(st Step) {
	h := r.handle(st)
	for range 3 + st.Variant>>9%32 {
		st.At = time.Since(r.begun)
		c := r.begin(st)
		revoked, err := h.LockContext(c)
		c.returned("lock", err, mixed)
		if err != nil {
			return
		}
		h.step = st
		r.hold(h, revoked, nil)
		if st.Variant&4 != 0 {
			time.Sleep(st.For)
		}
		if closed.Is(r.well) {
			return
		}
	}
	if st.Variant&8 != 0 {
		st.At, st.Within = time.Since(r.begun), 0
		c := r.begin(st)
		c.returned("relinquish", h.Relinquish(c))
	}
}

func (r *run) try(st Step) {
	h, c := r.handle(st), r.begin(st)
	if st.Variant&2 != 0 {
		defer c.end()
		if h.TryLock() {
			r.hold(h, h.Revoked(), nil)
		}
		return
	}
	revoked, err := h.TryLockContext(c)
	c.returned("try", err, zklock.ErrLocked, mixed)
	if err == nil {
		r.hold(h, revoked, nil)
	}
}

func (r *run) async(st Step) {
	h, c := r.handle(st), r.begin(st)
	p := h.LockAsync(c)
	if st.Variant&4 != 0 { // give it up in time
		select {
		case <-p.Done():
		case <-time.After(st.For):
			p.Cancel()
		}
	}
	<-p.Done()
	err := p.Err()
	fair := []error{mixed}
	if st.Variant&4 != 0 {
		fair = append(fair, context.Canceled)
	}
	c.returned("async", err, fair...)
	if err == nil {
		r.hold(h, p.Revoked(), p)
	}
	<-p.Released()
}

func (r *run) revoke(st Step) {
	how, what := zklock.Ask, "ask"
	switch st.Variant >> 2 % 3 {
	case 1:
		how, what = zklock.Force, "force"
	case 2:
		how, what = zklock.AskThenForce(1+st.For/4), "force"
	}
	if how != zklock.Ask {
		r.remover(st.Lock)
	}
	h, c := r.handle(st), r.begin(st)
	revoked, err := h.LockRevoking(c, how)
	c.returned(what, err, mixed)
	if err == nil {
		r.hold(h, revoked, nil)
	}
}

// do runs a function under the lock, which asks about the lock until its context ends, and once
// more. Some write by Guard, and some of those late, when the hold is over.
func (r *run) do(st Step) {
	h, c := r.handle(st), r.begin(st)
	var outcome error
	err := h.Do(c, func(ctx context.Context) error {
		held := r.enter(h)
		defer r.over(held)
		write := r.writer(h)
		timeout := time.NewTimer(st.For)
		defer timeout.Stop()
		for ctx.Err() == nil {
			h.Held(ctx)
			h.Contenders(ctx)
			if st.Variant&16 != 0 {
				write()
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			case <-r.well:
				return nil
			case <-timeout.C:
				return nil
			}
		}
		if st.Variant&32 != 0 {
			r.linger(st.For, nil, &hold{})
			write()
		}
		if r.sessions[st.Session].Locks(ctx); st.Variant&8 != 0 {
			outcome = fmt.Errorf("%d", st.Variant)
		}
		return outcome
	})
	// the last is the release's
	fair := []error{mixed, zklock.ErrLost, zklock.ErrRevoked, context.DeadlineExceeded}
	if outcome != nil {
		fair = append(fair, outcome)
	}
	c.returned("do", err, fair...)
}

func (r *run) read(st Step) {
	rw := r.rwMutex(st)
	if rw == nil {
		r.lock(st)
		return
	}
	c := r.begin(st)
	revoked, err := rw.RLockContext(c)
	c.returned("read", err, mixed)
	if err != nil {
		return
	}
	r.handlesMu.Lock()
	beside := r.reads[rw]
	if beside == nil {
		beside = new(readers)
		r.reads[rw] = beside
	}
	r.handlesMu.Unlock()
	held := &hold{by: st, lock: st.Lock, shared: true,
		session: r.sessions[st.Session].ID(), lost: revoked, beside: beside}
	beside.add(held)
	r.granted(held)
	select {
	case <-time.After(st.For):
	case <-r.well:
	case <-revoked:
	}
	r.over(beside.release())
	rw.RUnlock()
}

// readers are the holds of one handle by RLockContext. Of those that were granted at one moment the
// user does not know which of them an RUnlock releases, and so not whose loss a channel tells of.
type readers struct {
	mu    sync.Mutex        // guards the fields below
	holds []*hold           // the oldest first
	told  []<-chan struct{} // of these holds, and of some that were released
}

func (rs *readers) add(h *hold) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.holds, rs.told = append(rs.holds, h), append(rs.told, h.lost)
}

// release returns the hold that the next RUnlock releases: one that was lost or revoked, or the
// oldest.
func (rs *readers) release() *hold {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	i := max(0, slices.IndexFunc(rs.holds, func(h *hold) bool { return closed.Is(h.lost) }))
	h := rs.holds[i]
	rs.holds = slices.Delete(rs.holds, i, i+1)
	if j := slices.IndexFunc(rs.told, closed.Is); j >= 0 {
		rs.told = slices.Delete(rs.told, j, j+1)
	} else if len(rs.holds) == 0 {
		rs.told = nil
	}
	return h
}

// areTold reports whether one of them has been told of its loss.
func (rs *readers) areTold() bool {
	if rs == nil {
		return false
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.ContainsFunc(rs.told, closed.Is)
}

func (r *run) look(st Step) {
	h, c, s := r.handle(st), r.begin(st), r.sessions[st.Session]
	var err error
	switch st.Variant >> 2 % 4 {
	case 0:
		_, err = h.Contenders(c)
	case 1:
		_, err = s.Locks(c)
	case 2:
		_, err = h.Held(c)
	case 3:
		err = s.Remove(c, st.Lock)
	}
	c.returned("look", err, zk.ErrNoNode, zk.ErrNotEmpty, zklock.ErrLocked)
}

func (r *run) clear(st Step) {
	h, c := r.handle(st), r.begin(st)
	var err error
	if st.Variant>>2%4 == 0 {
		r.remover(st.Lock)
		_, err = h.Clear(c)
	} else {
		_, err = h.RevokeAll(c)
	}
	c.returned("clear", err)
}

// close closes a Session for good, unless it is the first.
func (r *run) close(st Step) {
	if st.Session == 0 || st.Variant%4 != 0 {
		return
	}
	r.closed[st.Session].Store(true)
	begun := time.Now()
	r.sessions[st.Session].Close() // that no server could be told is no violation
	if took := time.Since(begun); took > closing {
		r.violate("%v: Close takes %v", st, took)
	}
}

// closing is what Close may take: a few seconds.
const closing = 6 * time.Second

// disturb unlocks what others hold, through a handle that is made for that.
func (r *run) disturb(st Step) {
	st.Lock = "wild"
	h, c := r.handle(st), r.begin(st)
	c.returned("disturb", h.UnlockContext(c), zklock.ErrNotLocked, zklock.ErrLost)
}
