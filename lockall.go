package zklock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// Hold is the hold of several locks, returned by Session.LockAll. Each lock is also held through
// its handle, whose methods apply to that lock alone.
type Hold struct {
	s    *Session
	held []heldLock // in the order in which they were asked for
	bond *recipe.Bond
}

type heldLock struct {
	m *Mutex
	a *recipe.Acquisition
}

var (
	errNoLocks      = errors.New("no lock is named")
	errOtherSession = errors.New("the lock is another Session's")
	errTwice        = fmt.Errorf("%w, for it is named twice", ErrDeadlock)
)

// LockAll acquires several locks, all of them or none. Calls of LockAll never deadlock with each
// other, whatever the order of their arguments. To write under an RWMutex rw, pass rw.Mutex; to
// read, pass rw.Reader(). ctx bounds the acquisition, not the hold. The errors are as for
// Mutex.LockContext; their Path is the path of one of the locks.
//
// The candidates are queued in one transaction. If one of them is lost while they wait, all are
// removed and queued again at the ends of their queues. While LockAll waits for one lock, other
// clients also wait for the other locks, free or not.
//
// The caller should hold no other lock, and acquire none while it has the Hold: such an acquisition
// can deadlock with another client. LockAll fails with ErrDeadlock if a lock is passed twice, or if
// it would wait for a hold that ctx carries. All handles must be of this Session. At most 256 locks
// can be acquired together, with paths, identifiers and ACLs of at most 512 kB in total.
// WithLocalHandoff has no effect.
func (s *Session) LockAll(ctx context.Context, locks ...*Mutex) (*Hold, error) {
	s.check()
	ctx = ensemble.OrNone(ctx)
	if err := s.checkAll(ctx, locks); err != nil {
		return nil, err
	}
	claims := make([]recipe.Claim, len(locks))
	for i, m := range locks {
		claims[i] = m.claim(nil)
		claims[i].Trace = s.observer.start(ctx, &claims[i])
	}
	acquired, bond, failed := s.locks.AcquireAll(ctx, claims)
	if failed != nil {
		return nil, opError("lock", failed.Path, failed.Err)
	}
	h := &Hold{s: s, bond: bond}
	for i, a := range acquired {
		s.observer.tally.profiled(a)
		h.held = append(h.held, heldLock{locks[i], a})
	}
	return h, nil
}

// checkAll fails if the locks cannot be acquired together under ctx.
func (s *Session) checkAll(ctx context.Context, locks []*Mutex) error {
	if len(locks) == 0 {
		return opError("lock", "", errNoLocks)
	}
	named := make(map[string]bool)
	for _, m := range locks {
		m.check()
		switch {
		case m.s != s:
			return opError("lock", m.path, errOtherSession)
		case named[m.path]:
			return opError("lock", m.path, errTwice)
		}
		if err := m.checkDeadlock(ctx); err != nil {
			return err
		}
		named[m.path] = true
	}
	return nil
}

// Revoked returns a channel that closes when the locks should be released, because one of them is
// revoked or lost.
func (h *Hold) Revoked() <-chan struct{} {
	h.check()
	_ = h.Err() // notices a loss, if there is one
	return h.bond.Revoked()
}

// Lost returns a channel that closes when one of the locks is lost. The others are held until they
// are unlocked.
func (h *Hold) Lost() <-chan struct{} {
	h.check()
	_ = h.Err()
	return h.bond.Lost()
}

// Err returns the state of the hold: nil if all locks are held, an error that matches ErrLost if
// one is lost, and otherwise an error that matches ErrRevoked if one is revoked. The Path of the
// error is the path of that lock. The state does not change once the hold is released.
func (h *Hold) Err() error {
	h.check()
	var revoked error
	for _, l := range h.held {
		err := opError("hold", l.m.path, l.a.Hold().State())
		switch {
		case errors.Is(err, ErrLost):
			return err
		case revoked == nil:
			revoked = err
		}
	}
	return revoked
}

// Deadline returns the earliest of the locks' deadlines; see Mutex.Deadline. It returns the zero
// Time if one of the locks is not held or was lost.
func (h *Hold) Deadline() (deadline time.Time) {
	h.check()
	for i, l := range h.held {
		certain := deadlineOf(l.a) // also of one that was downgraded, which another handle holds
		if certain.IsZero() || l.a.Hold().Released() {
			return time.Time{}
		}
		if i == 0 || certain.Before(deadline) {
			deadline = certain
		}
	}
	return deadline
}

// Context returns a context that ends when one of the locks is revoked, lost or released; see
// Mutex.Context. It carries the holds of all the locks.
func (h *Hold) Context(parent context.Context) (context.Context, context.CancelFunc) {
	h.check()
	_ = h.Err()
	parent = ensemble.OrNone(parent)
	stops := make([]context.CancelFunc, 0, len(h.held))
	for _, l := range h.held {
		ctx, stop := l.m.under(parent, l.a.Hold())
		parent, stops = ctx, append(stops, stop)
	}
	return parent, func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// Token returns one fencing token for all the locks. For each of them it is greater than the tokens
// of all earlier exclusive holds of that lock.
func (h *Hold) Token() Token {
	h.check()
	return tokenOf(h.held[0].a)
}

// Guard returns operations to put first in Session.Conn().Multi(...): the transaction writes
// nothing unless all the locks are still held. See Mutex.Guard.
func (h *Hold) Guard() ([]any, error) {
	h.check()
	guards := make([]any, len(h.held))
	for i, l := range h.held {
		if l.a.Hold().Released() {
			return nil, opError("guard", l.m.path, ErrNotLocked)
		}
		guard, err := guardOf(l.a)
		if err != nil {
			return nil, err
		}
		guards[i] = guard
	}
	return guards, nil
}

// Unlock releases all the locks. It is like Mutex.Unlock, and panics if none of the locks is held.
func (h *Hold) Unlock() {
	h.check()
	ctx, cancel := h.s.bounded()
	defer cancel()
	if err := h.UnlockContext(ctx); errors.Is(err, ErrNotLocked) {
		panic(err)
	}
}

// UnlockContext releases all the locks that were not released through their handles; see
// Mutex.UnlockContext. If there are none, it fails with ErrNotLocked. If several releases fail, it
// returns the error of the first.
func (h *Hold) UnlockContext(ctx context.Context) error {
	h.check()
	ctx = ensemble.OrNone(ctx)
	var releases sync.WaitGroup
	failed, released := make([]error, len(h.held)), false
	for i, l := range h.held {
		if l.m.forget(l.a) {
			released = true
			releases.Go(func() { failed[i] = opError("unlock", l.m.path, l.a.Release(ctx)) })
		}
	}
	releases.Wait()
	if !released {
		return opError("unlock", h.held[0].m.path, ErrNotLocked)
	}
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) check() {
	if h == nil || h.bond == nil {
		panic(notMadeHold)
	}
}
