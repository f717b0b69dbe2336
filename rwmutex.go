package zklock

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// RWMutex is a handle on one named read/write lock, made by Session.RWMutex. It is used like a
// sync.RWMutex. The methods of the embedded Mutex are about the exclusive hold, which is the
// writer's.
//
// A reader waits for the writers ahead of it, a writer for all candidates ahead of it. No request
// overtakes another, so neither readers nor writers starve. A Mutex of the same name is one more
// writer: it excludes both.
//
// Like a Mutex, an RWMutex must not be copied.
type RWMutex struct {
	*Mutex
	self   *RWMutex // see check
	reader *Mutex   // what a reader claims; its slot is not used

	readGranted func(*recipe.Acquisition) // addRead, which is made a function once

	mu    sync.Mutex // guards the field below
	reads []*recipe.Acquisition
}

// RWMutex returns a handle on the read/write lock with that name. It does not use the network. See
// Session.Mutex.
func (s *Session) RWMutex(name string, opts ...LockOption) (*RWMutex, error) {
	writer, err := s.newMutex(name, queue.Write, opts)
	if err != nil {
		return nil, err
	}
	rw := &RWMutex{Mutex: writer}
	rw.self, rw.readGranted = rw, rw.addRead
	rw.reader = rw.Reader()
	rw.reader.share(nil)
	return rw, nil
}

// Reader returns a new handle for read holds, with every method of Mutex. Use it to address one
// read hold: RLock and RUnlock do not say which hold is the caller's.
func (rw *RWMutex) Reader() *Mutex {
	rw.check()
	w := rw.Mutex
	return w.s.newHandle(w.name, w.path, queue.Read, w.cfg)
}

// Downgrade turns the exclusive hold into a read hold. No writer holds the lock in between.
// Downgrade returns the handle of the read hold, which is the same hold: its channels, contexts and
// Token stay. The RWMutex is then unlocked; unlock the returned handle instead, also within Do.
//
// If Downgrade fails, the RWMutex keeps the hold and must be unlocked. The error matches
// ErrNotLocked if nothing is held, ErrLost if the hold was lost, or is what a server answered, such
// as zk.ErrNoAuth if the ACL of the znode lacks zk.PermWrite. If ctx ends first the error is the
// context's; readers may share the lock already then, and Downgrade can be called again.
//
// Clients of all namings respect the downgraded hold, except zklock before 0.2.0, whose writers can
// be granted the lock beside the reader.
//
// A reader cannot become a writer, because two readers that tried would wait for each other; see
// ErrDeadlock.
func (rw *RWMutex) Downgrade(ctx context.Context) (reader *Mutex, err error) {
	rw.check()
	a := rw.holding()
	if a == nil {
		return nil, opError("downgrade", rw.path, ErrNotLocked)
	}
	if err := a.Downgrade(ensemble.OrNone(ctx)); err != nil {
		return nil, opError("downgrade", rw.path, err)
	}
	if !rw.forget(a) { // another goroutine has unlocked it
		return nil, opError("downgrade", rw.path, ErrNotLocked)
	}
	reader = rw.Reader()
	a.MoveTo(reader.slot, reader.setCurrent)
	return reader, nil
}

// RLock acquires a read hold. It waits, panics and ends its goroutine as Mutex.Lock does. One
// RWMutex can have any number of read holds.
func (rw *RWMutex) RLock() {
	rw.check()
	late := closed.Is(rw.s.Done())
	if _, err := rw.RLockContext(context.Background()); err != nil {
		rw.reader.endLock(err, late)
	}
}

// TryRLock acquires a read hold if no writer is ahead, and reports whether it did. See
// Mutex.TryLock.
func (rw *RWMutex) TryRLock() bool {
	rw.check()
	ctx, cancel := rw.s.bounded()
	defer cancel()
	_, err := rw.rlock(ctx, true)
	return err == nil
}

// RLockContext acquires a read hold as Mutex.LockContext acquires an exclusive one, and returns the
// hold's Revoked channel.
func (rw *RWMutex) RLockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	return rw.rlock(ctx, false)
}

func (rw *RWMutex) rlock(ctx context.Context, try bool) (<-chan struct{}, error) {
	rw.check()
	return rw.reader.lock(ctx, func(c recipe.Claim) recipe.Claim {
		c.Try, c.Slot, c.Granted = try, nil, rw.readGranted
		return c
	})
}

func (rw *RWMutex) addRead(a *recipe.Acquisition) {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	rw.reads = append(rw.reads, a)
}

// RUnlock releases one read hold: a lost one first, then a revoked one, then the oldest. It panics
// if there is none, unless Close has ended an RLock: see Mutex.Unlock. To tell holds apart, use
// Reader.
func (rw *RWMutex) RUnlock() {
	rw.check()
	a := rw.takeRead()
	switch {
	case a == nil && rw.reader.cutShort.Load():
		return
	case a == nil:
		panic(opError("unlock", rw.path, ErrNotLocked))
	}
	// RUnlock has no way to return an error, and the removal goes on in any case.
	_ = a.ReleaseWithin(rw.s.patience())
}

// takeRead removes and returns the read hold that is to be released next, or nil if there is none.
func (rw *RWMutex) takeRead() *recipe.Acquisition {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	if len(rw.reads) == 0 {
		return nil
	}
	next, worst := 0, 0
	rw.reads[0].Hold().Stands(time.Now()) // the others' lease is the same, or newer
	for i, a := range rw.reads {
		bad := 0
		switch err := a.Hold().Known(); {
		case errors.Is(err, ErrLost):
			bad = 2
		case err != nil:
			bad = 1
		}
		if bad > worst {
			next, worst = i, bad
		}
	}
	a := rw.reads[next]
	rw.reads = slices.Delete(rw.reads, next, next+1)
	return a
}

// RLocker returns a sync.Locker whose Lock and Unlock are RLock and RUnlock.
func (rw *RWMutex) RLocker() sync.Locker { return (*rlocker)(rw) }

type rlocker RWMutex

func (r *rlocker) Lock()   { (*RWMutex)(r).RLock() }
func (r *rlocker) Unlock() { (*RWMutex)(r).RUnlock() }

func (rw *RWMutex) check() {
	if rw == nil || rw.self != rw {
		panic(notMadeRWMutex)
	}
}
