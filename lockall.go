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

// Hold is several locks that Session.LockAll has acquired as one. Each is also held by its handle,
// which has the Token, for one.
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

// LockAll acquires several locks, all of them or none, in any order: those who use it never wait
// for one another in a circle. For a read/write lock name rw.Mutex to write, and rw.Reader() to
// read. ctx bounds the acquisition as that of Mutex.LockContext does, and the errors are the same,
// with the path of one of the locks.
//
// The candidates are queued in one transaction. If one of them is lost while they wait, all leave
// their queues, and queue again at the end. A lock that is free meanwhile is kept from others while
// the rest is waited for.
//
// The caller should hold no other lock: to acquire more under a Hold, or LockAll under a hold, can
// wait in a circle as ever. If it asks for what ctx carries, or for one lock twice, it fails with
// ErrDeadlock. It takes 256 locks at most, whose paths and identifiers take 512 kB at most, all of
// this Session. WithLocalHandoff has no effect.
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

// checkAll fails if the locks cannot be acquired together.
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

// Revoked returns the channel that closes when the holder should stop: when one of the locks was
// asked for, or is lost.
func (h *Hold) Revoked() <-chan struct{} {
	h.check()
	_ = h.Err() // tells a loss that nobody has noticed so far
	return h.bond.Revoked()
}

// Lost returns the channel that closes when one of the locks is lost. The others are held until
// they are unlocked.
func (h *Hold) Lost() <-chan struct{} {
	h.check()
	_ = h.Err()
	return h.bond.Lost()
}

// Err returns how the hold stands: nil, or an error that matches ErrRevoked or ErrLost, with the
// path of a lock that was asked for, or lost. It does not change once the hold is released.
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

// Deadline returns until when all the locks are certain to be held as things stand, as
// Mutex.Deadline does for one; the zero Time if one of them is not held or was lost.
func (h *Hold) Deadline() (deadline time.Time) {
	h.check()
	for i, l := range h.held {
		certain := l.m.Deadline()
		if certain.IsZero() {
			return time.Time{}
		}
		if i == 0 || certain.Before(deadline) {
			deadline = certain
		}
	}
	return deadline
}

// Context returns a context that ends with the hold, as Mutex.Context does, and carries all of it.
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

// Token returns the fencing token of all the locks: each is greater than those of all earlier
// exclusive holds of that lock.
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

// Unlock releases all the locks, as Mutex.Unlock does one. It panics if none is held any more.
func (h *Hold) Unlock() {
	h.check()
	ctx, cancel := h.s.bounded(context.Background())
	defer cancel()
	if err := h.UnlockContext(ctx); errors.Is(err, ErrNotLocked) {
		panic(err)
	}
}

// UnlockContext releases all the locks, as Mutex.UnlockContext does one. What was unlocked by its
// handle is left alone; if that is all, the error matches ErrNotLocked. If several fail, the error
// is the first one's.
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
