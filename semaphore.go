package zklock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// Semaphore is a handle on one named semaphore, made by Session.Semaphore. A semaphore has a number
// of permits; each hold has one or more of them, as with golang.org/x/sync/semaphore. Goroutines
// may share a handle.
//
// Requests are granted in the order in which they were queued, whatever their sizes: a request for
// many permits is not overtaken by later requests for few. When the session of a holder ends, its
// permits are free again. As with a Mutex, the holder's Lost channel closes before that.
//
// The size of a semaphore is stored in its znode by the first acquisition. An acquisition through a
// handle that was made for another size fails with ErrSize. Resize sets the size for all handles.
// Servers that have container znodes remove the semaphore some minutes after its last use.
type Semaphore struct {
	s    *Session
	name string
	path string
	cfg  lockConfig

	sight recipe.Sight
	self  *Semaphore // see check
}

// Semaphore returns a handle on the semaphore with that name, which has n permits. It does not use
// the network. A lock must not have the name of a semaphore, nor that name followed by "/locks" or
// "/leases".
//
// With WithNaming(NamingCurator) the semaphore can be shared with Curator's
// InterProcessSemaphoreV2. Then all zklock clients must use NamingCurator, all clients must give
// the same size, which Curator does not check, and each acquisition is for one permit. Other
// namings than NamingDefault and NamingCurator, WithLocalHandoff and WithKazooPatterns are errors.
// A semaphore of kazoo at the same path is refused with ErrMixedDialects.
func (s *Session) Semaphore(name string, n int, opts ...LockOption) (*Semaphore, error) {
	s.check()
	path, err := s.lockPath(name)
	if err != nil {
		return nil, opError("open", "", err)
	}
	cfg, err := s.cfg.newLockConfig(opts)
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

// checkSemaphore fails if an option is for locks only.
func checkSemaphore(n int, cfg *lockConfig) error {
	switch {
	case n < 1 || n > math.MaxInt32:
		return fmt.Errorf("semaphore of %d permits: want from 1 to %d", n, math.MaxInt32)
	case cfg.naming != NamingDefault && cfg.naming != NamingCurator:
		return fmt.Errorf("semaphore under the %v naming: want NamingDefault or NamingCurator",
			cfg.naming)
	case cfg.KazooListens:
		return errors.New("WithKazooPatterns is for locks: kazoo's Semaphore cannot be shared")
	case cfg.idle > 0:
		return errors.New("WithIdleHold is for locks: a semaphore's permits are of use to others")
	case cfg.handoffs > 0:
		return errors.New("WithLocalHandoff is for locks: each hold of a semaphore has its own permits")
	}
	return nil
}

// Name returns the semaphore's name.
func (s *Semaphore) Name() string { return s.name }

// Path returns the semaphore's znode, with the chroot.
func (s *Semaphore) Path() string { return s.path }

// Acquire acquires n permits and returns the hold of them. ctx bounds the acquisition, not the
// hold. If ctx ends first, Acquire fails as Mutex.LockContext does, and nothing is held.
//
// Acquire fails with ErrSize if the semaphore has fewer than n permits, or is resized to fewer
// while the call waits. Other errors are as for LockContext.
func (s *Semaphore) Acquire(ctx context.Context, n int) (*Permit, error) {
	return s.acquire(ctx, n, false)
}

// TryAcquire acquires n permits if they are free and no other request waits for permits. Otherwise
// it fails with ErrLocked. It waits up to 200 ms for requests ahead of it that are about to be
// granted.
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
		Path: s.path, Kind: queue.Lock, Config: &s.cfg.Config, Permits: int32(n),
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

// checkCount fails if this handle can never be granted n permits.
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

// Do runs fn while it holds n permits. It is like Mutex.Do. The context of fn is like a context of
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

// Exists reports whether the semaphore has znodes. It returns false for a lock with that name.
func (s *Semaphore) Exists(ctx context.Context) (bool, error) {
	s.check()
	exists, err := recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) (bool, error) {
			children, _, err := zs.Conn.Children(s.path)
			if errors.Is(err, zk.ErrNoNode) {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			return zs.IsSemaphore(ctx, s.path, children)
		})
	return exists, opError("look at", s.path, err)
}

// Size returns how many permits the semaphore has. If no client has used it yet, that is the size
// of this handle.
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

// Resize sets how many permits the semaphore has. The size then applies to all handles, whatever
// size they were made for, and the servers do not remove the semaphore. Waiting requests are
// granted at once if there is room. If more than n permits are held, no holder is told, and no
// request is granted until enough permits are released. Resize(ctx, 0) undoes Resize: the next
// acquisition sets the size again, to the size of its handle.
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

func (s *Semaphore) check() {
	if s == nil || s.self != s {
		panic(notMadeSemaphore)
	}
}

// Contenders returns the holders of permits, in the order of their grants, and then the waiters, in
// the order of the queue. The Znode of each is a path below the semaphore's znode. Contenders
// returns none if the semaphore is not in use.
func (s *Semaphore) Contenders(ctx context.Context) ([]Contender, error) {
	s.check()
	contenders, err := recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) ([]Contender, error) {
			q, err := s.entries(ctx, zs)
			if err != nil {
				return nil, err
			}
			contenders, err := describe(ctx, zs, s.path, q)
			for i := range contenders {
				c := &contenders[i]
				if c.Kind = KindSemaphore; c.Holder {
					c.HeldSince = c.Created // permits are created at their grant
					c.Permits = int(queue.ParsePermit(path.Base(c.Znode)).Count)
				}
			}
			return contenders, err
		})
	return contenders, opError("look at", s.path, err)
}

// entries returns the holders and then the waiters.
func (s *Semaphore) entries(ctx context.Context, zs *recipe.Local) ([]recipe.Entry, error) {
	held, err := zs.Holders(ctx, s.cfg.Pool, zs.Stats)
	if err != nil {
		return nil, err
	}
	waiting, err := zs.Waiters(ctx, s.cfg.Pool, s.cfg.Voice(queue.Lock), zs.Stats)
	return append(held, waiting...), err
}

// RevokeHolders writes the revocation mark into the znodes of all holders and returns how many
// there are. It is like Mutex.RevokeHolder.
func (s *Semaphore) RevokeHolders(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, func(c recipe.Entry) bool { return c.Holder }, opts)
}

// RevokeAll is like RevokeHolders but marks the waiters too.
func (s *Semaphore) RevokeAll(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, isAny, opts)
}

// Revoke writes the revocation mark into the znode of one contender, which Contenders has returned;
// only its Znode is used. It fails with an error that matches zk.ErrNoNode if the znode is gone.
func (s *Semaphore) Revoke(ctx context.Context, c Contender, opts ...RevokeOption) error {
	return s.managed().revokeOne(ctx, c, opts)
}

// Clear removes the permits of all holders and the candidates of all waiters, and returns how many
// contenders there were. As with Mutex.Clear, a holder is told only when another client may have
// the permits already.
func (s *Semaphore) Clear(ctx context.Context) (int, error) {
	return s.managed().clear(ctx)
}

func (s *Semaphore) managed() managed {
	s.check()
	return managed{s.s, s.path, &s.cfg, s.entries}
}
