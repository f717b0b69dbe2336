package simulate

import (
	"context"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// semaphore returns a handle on the semaphore.
func (r *run) semaphore(st Step) (*zklock.Semaphore, Step) {
	st.Lock = semaphore
	return once(r, key(st), func() (*zklock.Semaphore, error) {
		return r.sessions[st.Session].Semaphore(semaphore, r.plan.Permits)
	}), st
}

// count is how many permits a step wants, now and then more than there are.
func (r *run) count(st Step) int { return 1 + st.Variant>>9%(r.plan.Permits+1)%8 }

// permits acquires some, and holds them for as long as the step wants.
func (r *run) permits(st Step) {
	sem, st := r.semaphore(st)
	c, n := r.begin(st), r.count(st)
	fair := []error{mixed}
	if n > r.plan.Permits || r.resizes() {
		fair = append(fair, zklock.ErrSize)
	}
	acquire := sem.Acquire
	if st.Variant&1024 != 0 {
		acquire, fair = sem.TryAcquire, append(fair, zklock.ErrLocked)
	}
	p, err := acquire(c, n)
	c.returned("acquire", err, fair...)
	if err == nil {
		r.holdPermits(st, p, n)
	}
}

// resizes reports whether the semaphore may have another size than its handles say.
func (r *run) resizes() bool {
	return slices.ContainsFunc(r.plan.Steps, func(st Step) bool {
		return st.Verb == "resize" || st.Verb == "forge"
	})
}

func (r *run) holdPermits(st Step, p *zklock.Permit, n int) {
	held := &hold{by: st, lock: semaphore, shared: true, token: p.Token(), lost: p.Lost()}
	if guard, err := p.Guard(); err == nil {
		held.path = guard.Path
		held.session = r.Owner(guard.Path)
		if held.session != 0 {
			r.granted(held)
		}
	}
	if p.Count() != n {
		r.violate("%v: %d permits granted instead of %d", st, p.Count(), n)
	}
	ctx, cancel := p.Context(context.Background())
	defer cancel()
	revoked := p.Revoked()
	if st.Variant&16 != 0 {
		revoked = nil // not heeded
	}
	r.linger(st.For, revoked, held)
	r.over(held)
	released := r.release(st, p.ReleaseContext)
	r.requireEnded(st, ctx)
	if released {
		r.requireGone(handle{step: st}, held)
	}
	if p.ReleaseContext(context.Background()) == nil {
		r.violate("%v: released twice", st)
	}
}

// requireEnded checks that the context of a hold that was released has ended.
func (r *run) requireEnded(st Step, ctx context.Context) {
	if ctx.Err() == nil {
		r.violate("%v: released, and the context of the hold goes on", st)
	}
}

// resize sets the semaphore's size for all, or leaves it to its handles.
func (r *run) resize(st Step) {
	sem, st := r.semaphore(st)
	c := r.begin(st)
	c.returned("resize", sem.Resize(c, st.Variant>>9%(2*r.plan.Permits+1)), mixed)
}

// manage looks at the semaphore, or has others release its permits.
func (r *run) manage(st Step) {
	sem, st := r.semaphore(st)
	c := r.begin(st)
	var err error
	switch st.Variant >> 9 % 6 {
	case 0:
		_, err = sem.Size(c)
	case 1:
		_, err = sem.Contenders(c)
	case 2:
		_, err = sem.RevokeHolders(c)
	case 3:
		_, err = sem.RevokeAll(c)
	case 4:
		r.remover(semaphore)
		_, err = sem.Clear(c)
	case 5:
		err = r.sessions[st.Session].Remove(c, semaphore)
	}
	c.returned("manage", err, zk.ErrNoNode, zk.ErrNotEmpty, zklock.ErrLocked, mixed)
}
