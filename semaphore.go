package zklock

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// Semaphore is a handle on one named semaphore, made by Session.Semaphore: a number of permits, of
// which each hold has some, in the manner of golang.org/x/sync/semaphore. Many goroutines may share
// one handle.
//
// Whoever asks first is granted permits first, however many it asks for: one that wants many is not
// overtaken by others that want few. A release wakes one who waits. When the holder's session ends,
// its permits are free again, and the holder has been told before, as with a Mutex.
//
// The size is checked among all who use the name, by the first acquisition of each: see ErrSize. It
// is stored with the semaphore, which the servers remove some minutes after its last use, if they
// have containers. Resize sets it for all.
type Semaphore struct {
	s    *Session
	name string
	path string
	cfg  lockConfig

	sight recipe.Sight
	self  *Semaphore // see check
}

// Semaphore returns a handle on the semaphore of that name, which has n permits. It does not use
// the network. A semaphore and a lock must not have the same name, nor a lock the name of a
// semaphore with "/locks" or "/leases" behind it.
//
// Of the options, WithNaming takes NamingDefault, or NamingCurator to share the semaphore with
// Curator's InterProcessSemaphoreV2: all clients must say NamingCurator then, give the same size,
// which Curator does not check, and acquire one permit at a time. Kazoo's Semaphore is refused.
// WithLocalHandoff and WithKazooPatterns are for locks.
func (s *Session) Semaphore(name string, n int, opts ...LockOption) (*Semaphore, error) {
	s.check()
	path, err := s.lockPath(name)
	if err != nil {
		return nil, opError("open", "", err)
	}
	cfg, err := s.newLockConfig(opts)
	if err == nil {
		err = checkSemaphore(n, &cfg)
	}
	if err != nil {
		return nil, opError("open", path, err)
	}
	cfg.Pool = &recipe.Pool{Path: path, Size: n}
	sem := &Semaphore{s: s, name: name, path: path, cfg: cfg}
	sem.self = sem
	return sem, nil
}

// checkSemaphore refuses what only a lock can be.
func checkSemaphore(n int, cfg *lockConfig) error {
	switch {
	case n < 1 || n > math.MaxInt32:
		return fmt.Errorf("semaphore of %d permits: want from 1 to %d", n, math.MaxInt32)
	case cfg.naming != NamingDefault && cfg.naming != NamingCurator:
		return fmt.Errorf("semaphore under the %v naming: want NamingDefault or NamingCurator",
			cfg.naming)
	case cfg.KazooListens:
		return errors.New("WithKazooPatterns is for locks: kazoo's Semaphore cannot be shared")
	case cfg.handoffs > 0:
		return errors.New("WithLocalHandoff is for locks: each hold of a semaphore has its own permits")
	}
	return nil
}

// Name returns the semaphore's name.
func (s *Semaphore) Name() string { return s.name }

// Path returns the semaphore's znode, with the chroot.
func (s *Semaphore) Path() string { return s.path }

// Acquire acquires n permits, however long that takes. ctx bounds the acquisition, never the hold;
// when it ends first, the call returns as Mutex.LockContext does, and nothing is held.
//
// It fails at once with ErrSize if the semaphore has not so many permits, and when it is made
// smaller than n while the call waits. Other errors are those of LockContext.
func (s *Semaphore) Acquire(ctx context.Context, n int) (*Permit, error) {
	return s.acquire(ctx, n, false)
}

// TryAcquire acquires n permits if they are free and nobody waits for permits. Otherwise it fails
// with ErrLocked. Those who are about to take theirs, at that very moment, are given up to 200 ms.
func (s *Semaphore) TryAcquire(ctx context.Context, n int) (*Permit, error) {
	return s.acquire(ctx, n, true)
}

func (s *Semaphore) acquire(ctx context.Context, n int, try bool) (*Permit, error) {
	s.check()
	if err := s.checkCount(n); err != nil {
		return nil, opError("acquire", s.path, err)
	}
	ctx = ensemble.OrNone(ctx)
	p := s.s.locks.New(recipe.Claim{
		Path: s.path, Kind: queue.Lock, Config: &s.cfg.Config, Permits: n,
		Try: try, Sight: &s.sight, Granted: func(*recipe.Acquisition) {},
	})
	p.Trace = s.s.observer.start(ctx, &p.Claim)
	p.Acquire(ctx)
	a := &p.Acquisition
	if _, err := a.Result(); err != nil {
		return nil, opError("acquire", s.path, err)
	}
	s.s.observer.tally.profiled(a)
	permit := &Permit{s: s, a: a}
	permit.self = permit
	return permit, nil
}

// checkCount refuses a number of permits that no semaphore of this handle can grant.
func (s *Semaphore) checkCount(n int) error {
	switch {
	case n < 1 || n > math.MaxInt32:
		return fmt.Errorf("%d permits: want from 1 to the size of the semaphore", n)
	case n > 1 && s.cfg.naming == NamingCurator:
		return fmt.Errorf("%d permits at once: Curator counts each hold as one. Acquire them one by one, "+
			"or use NamingDefault", n)
	}
	return nil
}

// Do runs fn while n permits are held, with the contract of Mutex.Do: its context is that of
// Permit.Context.
func (s *Semaphore) Do(ctx context.Context, n int, fn func(context.Context) error,
	opts ...DoOption) error {
	s.check()
	cfg, err := newDoConfig(fn, opts)
	if err != nil {
		return opError("acquire", s.path, err)
	}
	ctx = ensemble.OrNone(ctx)
	waiting, stop := boundedBy(ctx, cfg.wait, ErrWaitTimeout)
	p, err := s.acquire(waiting, n, cfg.try)
	stop()
	if err != nil {
		return err
	}
	held, cancel := p.Context(ctx)
	defer cancel()
	return s.s.runUnder(p.a, held, cfg.run, p.take, fn)
}

// Size returns how many permits the semaphore has: this handle's number if nobody uses it yet.
func (s *Semaphore) Size(ctx context.Context) (int, error) {
	s.check()
	size, err := recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) (int, error) {
			size, _, err := zs.Limit(ctx, s.cfg.Pool)
			if errors.Is(err, zk.ErrNoNode) {
				err = nil
			}
			return size, err
		})
	if err == nil && size == 0 {
		size = s.cfg.Pool.Size
	}
	return size, opError("look at", s.path, err)
}

// Resize sets how many permits the semaphore has, for all, whatever size their handles are made
// for, and until it is set again: the semaphore is not removed meanwhile. Whoever waits learns of
// it at once. If there are fewer permits then than are out, no holder is told anything, and nobody
// is granted any until enough are released. 0 leaves the size to the handles again: the next that
// acquires permits says it.
func (s *Semaphore) Resize(ctx context.Context, n int) error {
	s.check()
	if n < 0 || n > math.MaxInt32 {
		err := fmt.Errorf("semaphore of %d permits: want from 1 to %d, or 0 for the handles' size",
			n, math.MaxInt32)
		return opError("resize", s.path, err)
	}
	_, err := recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) (struct{}, error) {
			return struct{}{}, zs.Resize(ctx, &s.cfg.Config, n)
		})
	return opError("resize", s.path, err)
}
