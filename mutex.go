package zklock

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/zkpath"
)

// Mutex is a handle on one named lock, made by Session.Mutex. It is a sync.Locker. Goroutines may
// share a handle, and two handles on one name exclude each other, in one process or in two.
// Requests are granted in the order in which they were queued. A Mutex is not reentrant.
//
// One acquisition, from its grant to its release, is a hold. Any goroutine may release it by
// unlocking the handle. A hold occupies the handle until it is unlocked, even if it was lost: other
// acquisitions through the handle wait. While they wait for a lost hold to be unlocked they are not
// in the lock's queue, so that other handles can be granted the lock; then they queue at the end. A
// hold has two channels of its own:
//
//   - Revoked closes when the holder should stop: another client asked for the lock or removed
//     the hold by force, or the hold is lost.
//   - Lost closes when the hold is gone or can no longer be proved, because the session expired,
//     the lease ran out or the znode was removed. Revoked is closed then too.
//
// A hold shorter than about 20 ms is cheaper, because its znode is not watched yet. A revocation or
// removal in that time is noticed within 30 ms of the grant.
//
// A Mutex must not be copied. The methods of a copy, and of a Mutex that was not made by a Session,
// panic.
//
// What happened before an Unlock is visible after the Lock that follows, within one process.
// Between processes the lock orders nothing but itself: pass its Token to what it protects.
type Mutex struct {
	self *Mutex // see check
	s    *Session
	name string
	path string
	kind queue.Kind
	cfg  lockConfig
	slot *recipe.Slot

	cutShort atomic.Bool // Close has ended the goroutine of a Lock
	sight    recipe.Sight
	granted  func(*recipe.Acquisition) // setCurrent, which is made a function once

	cohort *recipe.Cohort // of the goroutines that share a candidate; nil if each has its own

	mu      sync.Mutex // guards the field below
	current *recipe.Acquisition
}

// Mutex returns a handle on the lock with that name. It does not use the network, and the handle need
// not be closed. The name is one or more segments joined by "/". The error of a name that ZooKeeper
// could not store, or that is below the servers' own /zookeeper, matches ErrInvalidName.
func (s *Session) Mutex(name string, opts ...LockOption) (*Mutex, error) {
	return s.newMutex(name, queue.Lock, opts)
}

func (s *Session) newMutex(name string, kind queue.Kind, opts []LockOption) (*Mutex, error) {
	s.check()
	path, err := s.lockPath(name)
	if err != nil {
		return nil, opError("open", "", err)
	}
	cfg, err := s.cfg.newLockConfig(opts)
	if err != nil {
		return nil, opError("open", path, err)
	}
	m := s.newHandle(name, path, kind, cfg)
	m.share(m.slot)
	return m, nil
}

func (s *Session) newHandle(name, path string, kind queue.Kind, cfg lockConfig) *Mutex {
	m := &Mutex{s: s, name: name, path: path, kind: kind, cfg: cfg, slot: new(recipe.Slot)}
	m.self, m.granted = m, m.setCurrent
	return m
}

// share lets the handle's goroutines share a candidate if WithLocalHandoff is set.
func (m *Mutex) share(slot *recipe.Slot) {
	if m.cfg.handoffs > 0 {
		m.cohort = recipe.NewCohort(m.s.locks,
			recipe.Claim{Path: m.path, Kind: m.kind, Config: &m.cfg.Config, Slot: slot,
				Sight: &m.sight}, m.cfg.handoffs)
		m.cohort.Keep(m.cfg.idle)
	}
}

// lockPath returns the path of the znode of the lock with that name.
func (s *Session) lockPath(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	path := zkpath.Join(s.root, "/"+name)
	if zkpath.IsServers(path) {
		return "", fmt.Errorf("%w: below /zookeeper is what belongs to the servers", ErrInvalidName)
	}
	return path, nil
}

// Name returns the lock's name.
func (m *Mutex) Name() string { return m.name }

// Path returns the path of the lock's znode, with the chroot, as Session.Conn takes it.
func (m *Mutex) Path() string { return m.path }

// modifier changes what is claimed.
type modifier func(recipe.Claim) recipe.Claim

// acquire begins an acquisition for this handle. If waits is set it also completes it, in the
// caller's goroutine if possible. mod changes what is claimed.
func (m *Mutex) acquire(ctx context.Context, waits bool, mod modifier) *recipe.Acquisition {
	m.check()
	ctx = ensemble.OrNone(ctx)
	a, trace, started := m.join(ctx, mod)
	if a != nil {
		return a
	}
	p := m.newPassage(mod)
	if p.Trace = trace; !started {
		p.Trace = m.s.observer.start(ctx, &p.Claim)
	}
	if waits && p.Revoke == nil { // with force the acquisition may outlast its context
		p.Acquire(ctx)
	} else {
		p.Begin(ctx)
	}
	return &p.Acquisition
}

// join begins an acquisition through the cohort. It returns nil if the acquisition must have a
// candidate of its own, and then whether the observer has been told of it, and its context.
func (m *Mutex) join(
	ctx context.Context, mod modifier,
) (a *recipe.Acquisition, trace context.Context, started bool) {
	if m.cohort == nil {
		return nil, nil, false
	}
	c := m.claim(mod)
	if c.Revoke != nil || c.Try && !m.cohort.Kept() {
		return nil, nil, false
	}
	c.Trace = m.s.observer.start(ctx, &c)
	if c.Try {
		return m.cohort.Resume(ctx, c), c.Trace, true
	}
	return m.cohort.Begin(ctx, c), nil, true
}

func (m *Mutex) newPassage(mod modifier) *recipe.Passage {
	return m.s.locks.New(m.claim(mod))
}

func (m *Mutex) claim(mod modifier) recipe.Claim {
	c := recipe.Claim{Path: m.path, Kind: m.kind, Config: &m.cfg.Config, Slot: m.slot,
		Sight: &m.sight, Granted: m.granted}
	if mod != nil {
		return mod(c)
	}
	return c
}

func (m *Mutex) setCurrent(a *recipe.Acquisition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = a
}

// forget takes an acquisition that is about to be released from the handle. It returns false if the
// handle holds another or none.
func (m *Mutex) forget(a *recipe.Acquisition) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a == nil || m.current != a {
		return false
	}
	m.current = nil
	return true
}

// take removes the current hold from the handle and returns it, or nil if there is none.
func (m *Mutex) take() *recipe.Acquisition {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.current
	m.current = nil
	return a
}

// holding returns the acquisition that holds the handle, or nil if nothing is held.
func (m *Mutex) holding() *recipe.Acquisition {
	m.check()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// Lock acquires the lock, however long that takes, across disconnections and session expiries. It
// has no error to return, so it panics if the Session was closed before, if the Session has too
// many locks (ErrTooMany), if the servers refuse, or if an incompatible client is in the queue.
// LockContext returns errors.
//
// If the Session is closed while Lock waits, Lock does not return: it ends its goroutine by
// runtime.Goexit, which runs the goroutine's deferred calls. So a program can close its Session
// while goroutines wait in Lock.
func (m *Mutex) Lock() {
	m.check()
	late := closed.Is(m.s.Done())
	if _, err := m.obtain(context.Background(), nil); err != nil {
		m.endLock(err, late)
	}
}

// endLock ends a Lock that has failed and has no error to return. late says whether the Session was
// closed when Lock was called. If it was not, the program is shutting down and has done nothing
// wrong: then endLock ends the goroutine, with its deferred calls, one of which may be an Unlock.
func (m *Mutex) endLock(err error, late bool) {
	if errors.Is(err, ErrClosed) && !late {
		m.cutShort.Store(true)
		runtime.Goexit()
	}
	panic(err)
}

// TryLock acquires the lock if it is free, and reports whether it did. It returns false if another
// client held the lock or was in its queue, even only for another try. It also returns false if the
// servers refuse, if none answers within the session timeout, and if the Session is closed;
// TryLockContext tells these cases apart.
func (m *Mutex) TryLock() bool {
	m.check()
	ctx, cancel := m.s.bounded()
	defer cancel()
	_, err := m.TryLockContext(ctx)
	return err == nil
}

// Unlock releases the lock. Like the Unlock of a sync.Mutex it panics if the handle is not locked,
// unless Close has ended a Lock of this handle: then Unlock may be one of the deferred calls. A
// lost hold is unlocked like any other. Unlock returns when a server has confirmed the release or
// the session is gone. If no server answers it returns after one session timeout, and the release
// goes on in the background.
func (m *Mutex) Unlock() {
	m.check()
	a := m.take()
	switch {
	case a == nil && m.cutShort.Load():
		return
	case a == nil:
		panic(opError("unlock", m.path, ErrNotLocked))
	}
	// Unlock has no way to return an error, and the removal goes on in any case.
	_ = a.ReleaseWithin(m.s.patience())
}

// LockContext acquires the lock and returns the hold's Revoked channel. ctx bounds the acquisition,
// not the hold. If ctx ends first, the call returns within 100 ms, whatever the servers do, with an
// error that matches both ctx.Err and context.Cause(ctx). The candidate is removed, in the
// background if need be.
//
// If ctx carries a hold that this acquisition would wait for, LockContext fails at once with
// ErrDeadlock; see Context and Do.
//
// Other errors match ErrClosed, ErrTooMany, ErrExhausted or ErrMixedDialects, or are what a server
// answered, such as zk.ErrNoAuth. Lost connections and expired sessions are not errors: the
// acquisition goes on, after an expiry from the end of the queue.
func (m *Mutex) LockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	return m.lock(ctx, nil)
}

// TryLockContext is like LockContext but fails with ErrLocked if the lock is taken: if another
// client holds it or is in its queue. It also fails with the errors of LockContext. It leaves no
// znode. If the handle last saw the lock taken, it first reads the queue, and writes nothing if the
// lock is still taken. That read may be a moment old, because the Session's server may be behind
// the others. If all that is ahead is a hold that may be kept unused, see WithIdleHold, the call
// waits up to 100 ms for it to go.
func (m *Mutex) TryLockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	return m.lock(ctx, func(c recipe.Claim) recipe.Claim {
		c.Try = true
		return c
	})
}

// LockRevoking is like LockContext but revokes the holds and candidates ahead of it in the queue; a
// reader revokes only writers. No znode is removed once ctx has ended. If ctx ends during a
// removal, LockRevoking waits a moment for the outcome, so that no hold is removed for an
// acquisition that then fails. Only if the servers hang at that moment can that happen.
//
// The revocation mark says who revokes, and with WithReason why; see RevokedError. A holder that is
// removed by Force does not learn this.
func (m *Mutex) LockRevoking(
	ctx context.Context, how Revocation, opts ...RevokeOption,
) (revoked <-chan struct{}, err error) {
	m.check()
	mark, err := m.cfg.mark(opts)
	if err != nil {
		return nil, opError("lock", m.path, err)
	}
	return m.lock(ctx, func(c recipe.Claim) recipe.Claim {
		c.Revoke = how.revocation(mark)
		return c
	})
}

func (m *Mutex) lock(ctx context.Context, mod modifier) (<-chan struct{}, error) {
	a, err := m.obtain(ctx, mod)
	if err != nil {
		return nil, err
	}
	return a.Hold().Revoked(), nil
}

// obtain makes an acquisition and returns it once it is granted the lock.
func (m *Mutex) obtain(ctx context.Context, mod modifier) (*recipe.Acquisition, error) {
	ctx = ensemble.OrNone(ctx)
	if err := m.checkDeadlock(ctx); err != nil {
		return nil, err
	}
	a := m.acquire(ctx, true, mod)
	if _, err := a.Result(); err != nil {
		return nil, opError("lock", m.path, err)
	}
	m.s.observer.tally.profiled(a)
	return a, nil
}

// LockAsync begins to acquire the lock and returns at once. ctx bounds the acquisition, as in
// LockContext.
func (m *Mutex) LockAsync(ctx context.Context) *Pending {
	return &Pending{a: m.acquire(ctx, false, nil), path: m.path, forget: m.forget}
}

// UnlockContext releases the lock. The handle is unlocked whatever UnlockContext returns. It
// returns when a server has confirmed the release. If ctx ends first it returns the context's
// error, and the release goes on in the background until it succeeds or the session ends. The error
// matches ErrNotLocked if the handle was not locked, and ErrLost if the hold had been lost.
//
// If a server refuses the release, with zk.ErrNoAuth for example, that error is returned and
// logged. The Session then gives its ZooKeeper session up, because only the end of that session
// frees the lock: all holds of the Session are lost. From then on acquisitions of that lock fail
// with zk.ErrNoAuth, until the ACL of its znode lets the Session delete.
func (m *Mutex) UnlockContext(ctx context.Context) error {
	m.check()
	a := m.take()
	if a == nil {
		return opError("unlock", m.path, ErrNotLocked)
	}
	return opError("unlock", m.path, a.Release(ensemble.OrNone(ctx)))
}

// Relinquish removes the candidate that an Unlock has kept, if there is one; see WithIdleHold. It
// does nothing to a hold in use. It returns when a server has confirmed the removal. If ctx ends
// first it returns the context's error, and the removal goes on in the background. If a server
// refuses, it is as for UnlockContext.
func (m *Mutex) Relinquish(ctx context.Context) error {
	m.check()
	if m.cohort == nil {
		return nil
	}
	return opError("relinquish", m.path, m.cohort.Relinquish(ensemble.OrNone(ctx)))
}

func (m *Mutex) check() {
	if m == nil || m.self != m {
		panic(notMadeMutex)
	}
}
