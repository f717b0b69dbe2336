package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// lockNames are the locks that there may be.
var lockNames = []string{"a", "b", "shared", "cohort", "readers", "wild"}

// calls are what users do, by verb.
var calls = map[string]func(*run, Step){
	"lock":    (*run).lock,
	"try":     (*run).try,
	"async":   (*run).async,
	"revoke":  (*run).revoke,
	"do":      (*run).do,
	"read":    (*run).read,
	"look":    (*run).look,
	"clear":   (*run).clear,
	"close":   (*run).close,
	"disturb": (*run).disturb,
	"queue":   (*run).queue,
	"forge":   (*run).forge,

	"permits":   (*run).permits,
	"resize":    (*run).resize,
	"manage":    (*run).manage,
	"together":  (*run).together,
	"downgrade": (*run).downgrade,
	"campaign":  (*run).campaign,
	"observe":   (*run).observe,
}

// callVerbs are those verbs, the likelier the oftener.
var callVerbs = []string{
	"lock", "lock", "lock", "lock", "try", "async", "async", "async", "revoke", "revoke", "do",
	"do", "read", "read",
	"look", "clear", "close", "disturb", "queue", "forge",
	"permits", "permits", "permits", "permits", "resize", "manage", "together", "together", "together",
	"downgrade", "downgrade", "campaign", "observe",
}

// causes are why a context ends that a user gives a call. Each could be taken for an answer of a
// server, or for what has become of a session, a hold or a candidate.
var causes = []error{
	context.DeadlineExceeded, zk.ErrNoNode, zk.ErrNoNode, zk.ErrNodeExists, zk.ErrConnectionClosed,
	zk.ErrNoServer,
	zk.ErrSessionMoved, zk.ErrSessionExpired, zk.ErrNoAuth, zk.ErrBadArguments,
	errors.New("unknown error: -127"),
	zklock.ErrLost, zklock.ErrClosed, zklock.ErrLocked, zklock.ErrRevoked, zklock.ErrUnavailable,
	zklock.ErrNotLocked,
	&zklock.OpError{Op: "lock", Path: "/other", Err: zk.ErrNoNode},
}

// promptly is how late a call may return after the end of its context.
const promptly = 100 * time.Millisecond

// call is one call of the library with a context.
type call struct {
	context.Context
	r    *run
	step Step
	end  context.CancelFunc
}

// begin returns the context of a step.
func (r *run) begin(st Step) call {
	switch {
	case st.Within == 0:
		return call{context.Background(), r, st, func() {}}
	case st.Variant&1 != 0:
		ctx, cancel := context.WithTimeoutCause(context.Background(), st.Within, causes[st.Cause])
		return call{ctx, r, st, cancel}
	default:
		ctx, cancel := context.WithCancelCause(context.Background())
		timer := time.AfterFunc(st.Within, func() { cancel(causes[st.Cause]) })
		return call{ctx, r, st, func() { timer.Stop(); cancel(nil) }}
	}
}

// returned checks how the call has ended.
func (c call) returned(what string, err error, fair ...error) {
	defer c.end()
	c.r.log("%v: %s returns %v", c.step, what, err)
	late := time.Since(c.r.begun) - c.step.At - c.step.Within
	if c.step.Within > 0 && c.Err() != nil && late > promptly && !slices.Contains(unbounded, what) {
		c.r.violate("%v: %s returns %v after its context's end, with %v", c.step, what, late, err)
	}
	if err == nil || c.r.fair(c.step, err, fair) {
		return
	}
	if c.Err() == nil {
		c.r.violate("%v: %s fails with %v", c.step, what, err)
		return
	}
	if !errors.Is(err, c.Err()) || !errors.Is(err, context.Cause(c)) {
		c.r.violate("%v: %s fails with %v, which does not match %v and %v", c.step, what, err,
			c.Err(), context.Cause(c))
	}
}

// unbounded are calls that may go on for a moment after their context's end.
var unbounded = []string{"force", "do", "campaign"}

// fair reports whether a call may fail like this, whatever has become of its context.
func (r *run) fair(st Step, err error, fair []error) bool {
	if errors.Is(err, zklock.ErrClosed) && r.closed[st.Session].Load() {
		return true
	}
	return slices.ContainsFunc(fair, func(target error) bool { return errors.Is(err, target) })
}

// mixed is an error that strangers in the queue can cause.
var mixed = zklock.ErrMixedDialects

func (r *run) lock(st Step) {
	h, c := r.handle(st), r.begin(st)
	revoked, err := h.LockContext(c)
	c.returned("lock", err, mixed)
	if err == nil {
		r.hold(h, revoked, nil)
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
// more.
func (r *run) do(st Step) {
	h, c := r.handle(st), r.begin(st)
	var outcome error
	err := h.Do(c, func(ctx context.Context) error {
		held := r.enter(h)
		defer r.over(held)
		timeout := time.NewTimer(st.For)
		defer timeout.Stop()
		for ctx.Err() == nil {
			h.Held(ctx)
			h.Contenders(ctx)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			case <-r.well:
				return nil
			case <-timeout.C:
				return nil
			}
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
	held := &hold{by: st, lock: st.Lock, shared: true,
		session: r.sessions[st.Session].ID(), lost: revoked}
	r.granted(held)
	r.handlesMu.Lock()
	r.reads[rw] = append(r.reads[rw], held)
	r.handlesMu.Unlock()
	select {
	case <-time.After(st.For):
	case <-r.well:
	case <-revoked:
	}
	r.over(r.released(rw))
	rw.RUnlock()
}

// released returns the hold that the next RUnlock releases: one that was lost or revoked, or the
// oldest.
func (r *run) released(rw *zklock.RWMutex) *hold {
	r.handlesMu.Lock()
	defer r.handlesMu.Unlock()
	reads := r.reads[rw]
	i := max(0, slices.IndexFunc(reads, func(h *hold) bool { return closed.Is(h.lost) }))
	h := reads[i]
	r.reads[rw] = slices.Delete(reads, i, i+1)
	return h
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
