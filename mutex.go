package zklock

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/zkpath"
)

// Mutex is a handle on one named lock, made by Session.Mutex. It is a sync.Locker: many goroutines may share one
// handle, and two handles on one name exclude each other, in one process or in two. Whoever asks first is granted the
// lock first. It is not reentrant.
//
// One acquisition is a hold. A hold is released by unlocking the handle, by any goroutine, and until then it occupies
// the handle, even after it was lost. Other acquisitions through the handle wait until it is unlocked. While the hold is lost
// they do not stand in the lock's queue, so that other handles can be granted the lock; after, they queue at the end. A hold has
// two channels of its own:
//
//   - Revoked closes when the holder should stop: somebody asked for the lock, or removed the hold by force, or it is
//     lost.
//   - Lost closes when the hold is gone or can no longer be proved, because the session expired, the lease ran out or
//     the znode was removed. Revoked is closed then too.
//
// A hold that is over within some 20 ms costs less, for nobody watches its znode that long: who asks for it, or removes it, that
// early is heard by 30 ms after the grant.
//
// What happened before an Unlock is visible after the Lock that follows, within one process. Between processes the
// lock orders nothing but itself: pass its Token to what it protects.
type Mutex struct {
	s    *Session
	name string
	path string
	kind queue.Kind
	cfg  lockConfig
	slot *recipe.Slot

	cutShort atomic.Bool // Close has ended the goroutine of a Lock
	sight    recipe.Sight

	cohort *recipe.Cohort // of the goroutines that share a candidate; nil if each has its own

	mu      sync.Mutex // guards the field below
	current *recipe.Acquisition
}

// Mutex returns a handle on the lock of that name. It does not use the network. The name is one or more segments joined
// by "/"; one that ZooKeeper could not store matches ErrInvalidName.
func (s *Session) Mutex(name string, opts ...LockOption) (*Mutex, error) {
	return s.newMutex(name, queue.Lock, opts)
}

func (s *Session) newMutex(name string, kind queue.Kind, opts []LockOption) (*Mutex, error) {
	path, err := s.lockPath(name)
	if err != nil {
		return nil, opError("open", "", err)
	}
	cfg, err := s.newLockConfig(opts)
	if err != nil {
		return nil, opError("open", path, err)
	}
	m := &Mutex{s: s, name: name, path: path, kind: kind, cfg: cfg, slot: new(recipe.Slot)}
	m.share(m.slot)
	return m, nil
}

// share lets the handle's goroutines share a candidate, if that is wanted.
func (m *Mutex) share(slot *recipe.Slot) {
	if m.cfg.handoffs > 0 {
		m.cohort = recipe.NewCohort(m.s.locks, recipe.Claim{Path: m.path, Kind: m.kind, Config: &m.cfg.Config, Slot: slot, Sight: &m.sight}, m.cfg.handoffs)
	}
}

// lockPath returns the znode of the lock of that name.
func (s *Session) lockPath(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	return zkpath.Join(s.root, "/"+name), nil
}

// Name returns the lock's name.
func (m *Mutex) Name() string { return m.name }

// Path returns the lock's znode, with the chroot: the path that Session.Conn knows it by.
func (m *Mutex) Path() string { return m.path }

// acquire begins an acquisition for this handle, or makes it if the caller waits for it anyway. mod changes what is claimed.
func (m *Mutex) acquire(ctx context.Context, waits bool, mod func(*recipe.Claim)) *recipe.Acquisition {
	ctx = ensemble.OrNone(ctx)
	if a := m.join(ctx, mod); a != nil {
		return a
	}
	p := m.newPassage(mod)
	p.Trace = m.s.observer.start(ctx, &p.Claim)
	if waits && p.Revoke == nil { // what removes others by force outlasts its context
		p.Acquire(ctx)
	} else {
		p.Begin(ctx)
	}
	return &p.Acquisition
}

// join begins an acquisition through the cohort. It returns nil for one that has a candidate of its own.
func (m *Mutex) join(ctx context.Context, mod func(*recipe.Claim)) *recipe.Acquisition {
	if m.cohort == nil {
		return nil
	}
	c := m.claim(mod)
	if c.Try || c.Revoke != nil {
		return nil
	}
	c.Trace = m.s.observer.start(ctx, &c)
	return m.cohort.Begin(ctx, c)
}

func (m *Mutex) newPassage(mod func(*recipe.Claim)) *recipe.Passage {
	return m.s.locks.New(m.claim(mod))
}

func (m *Mutex) claim(mod func(*recipe.Claim)) recipe.Claim {
	c := recipe.Claim{Path: m.path, Kind: m.kind, Config: &m.cfg.Config, Slot: m.slot, Sight: &m.sight, Granted: m.setCurrent}
	if mod != nil {
		mod(&c)
	}
	return c
}

func (m *Mutex) setCurrent(a *recipe.Acquisition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = a
}

// forget takes an acquisition, which is about to be released, from the handle. It is false if the handle holds another, or none.
func (m *Mutex) forget(a *recipe.Acquisition) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a == nil || m.current != a {
		return false
	}
	m.current = nil
	return true
}

// take frees the handle of whatever it holds, nil if nothing.
func (m *Mutex) take() *recipe.Acquisition {
	for {
		a := m.holding()
		if a == nil || m.forget(a) {
			return a
		}
	}
}

// holding returns what the handle holds, nil if nothing.
func (m *Mutex) holding() *recipe.Acquisition {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// Lock acquires the lock, however long that takes, across disconnections and session expiries. It
// panics if the Session has been closed before, if it has too many locks (ErrTooMany), if the servers
// refuse, or if clients are in the queue that order it differently: it has no error to return.
// LockContext returns errors.
//
// If the Session is closed while Lock waits, Lock does not return: it ends its goroutine by
// runtime.Goexit, which runs the goroutine's deferred calls. So a program can close its Session
// beside goroutines in Lock, and wait for them.
func (m *Mutex) Lock() {
	late := closed.Is(m.s.Done())
	if _, err := m.LockContext(context.Background()); err != nil {
		m.endLock(err, late)
	}
}

// endLock ends a Lock that has failed and cannot say so. late says whether the Session was closed
// when Lock was called. If it was not, the program is shutting down and has done nothing wrong:
// then the goroutine ends, with its deferred calls, one of which may be an Unlock.
func (m *Mutex) endLock(err error, late bool) {
	if errors.Is(err, ErrClosed) && !late {
		m.cutShort.Store(true)
		runtime.Goexit()
	}
	panic(err)
}

// TryLock acquires the lock if it is free, and reports whether it did. False means that somebody else had the lock or queued for
// it when a server was asked, be it another try; or that the servers refuse, that none answers within the session timeout, or
// that the Session is closed: TryLockContext tells these apart.
func (m *Mutex) TryLock() bool {
	ctx, cancel := m.s.bounded(context.Background())
	defer cancel()
	_, err := m.TryLockContext(ctx)
	return err == nil
}

// Unlock releases the lock. Like sync.Mutex's it panics if the handle is not locked, unless Close
// has ended a Lock of this handle: then Unlock may be one of the deferred calls. A hold that was
// lost is unlocked like any other. Unlock returns when a server has confirmed the release or the
// session is gone; while no server answers, after one session timeout, and then the release goes on
// in the background.
func (m *Mutex) Unlock() {
	ctx, cancel := m.s.bounded(context.Background())
	defer cancel()
	if err := m.UnlockContext(ctx); errors.Is(err, ErrNotLocked) && !m.cutShort.Load() {
		panic(err)
	}
}

// LockContext acquires the lock and returns the hold's Revoked channel. ctx bounds the acquisition, never the hold. When
// it ends first, the call returns within 100 ms whatever the servers do, with an error that matches both ctx.Err and
// context.Cause(ctx), and the candidate is removed, in the background if need be.
//
// If ctx carries a hold that this acquisition would wait for, it fails at once with ErrDeadlock; see Context and Do.
//
// Other errors match ErrClosed, ErrTooMany, ErrExhausted, ErrMixedDialects, or are what a server answered, zk.ErrNoAuth for one.
// Lost connections and expired sessions are not errors: the acquisition goes on, after an expiry from the end of the queue.
func (m *Mutex) LockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	return m.lock(ctx, nil)
}

// TryLockContext is LockContext if the lock is free. If somebody else has the lock or queues for it, it fails with ErrLocked. All
// other errors are those of LockContext: the context's if no server answers, zk.ErrNoAuth if we have no permission. It
// leaves no znode. If the handle last saw the lock taken, it reads the queue first, and writes nothing if the lock is still taken
// as the server shows it that the Session is connected to: that may be a moment behind the others.
func (m *Mutex) TryLockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	return m.lock(ctx, func(c *recipe.Claim) { c.Try = true })
}

// LockRevoking is LockContext that has those ahead in the queue make way; a reader, only the writers ahead of it. If ctx
// has ended nobody is removed by force, and if it ends while that is under way, its outcome is given a moment: nobody is
// removed for an acquisition that then fails by its own timeout, unless the servers hang just then.
//
// Those who are asked are told by whom, and with WithReason why: see RevokedError. Who is removed
// by Force is not.
func (m *Mutex) LockRevoking(
	ctx context.Context, how Revocation, opts ...RevokeOption,
) (revoked <-chan struct{}, err error) {
	mark, err := m.mark(opts)
	if err != nil {
		return nil, opError("lock", m.path, err)
	}
	return m.lock(ctx, func(c *recipe.Claim) { c.Revoke = how.revocation(mark) })
}

func (m *Mutex) lock(ctx context.Context, mod func(*recipe.Claim)) (<-chan struct{}, error) {
	a, err := m.obtain(ctx, mod)
	if err != nil {
		return nil, err
	}
	return a.Hold().Revoked(), nil
}

// obtain makes an acquisition and returns it once it is granted the lock.
func (m *Mutex) obtain(ctx context.Context, mod func(*recipe.Claim)) (*recipe.Acquisition, error) {
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

// LockAsync begins to acquire the lock and returns at once. ctx bounds the acquisition, as in LockContext.
func (m *Mutex) LockAsync(ctx context.Context) *Pending {
	return &Pending{a: m.acquire(ctx, false, nil), path: m.path, forget: m.forget}
}

// UnlockContext releases the lock. Whatever it returns, the handle is unlocked after. It returns when a server has
// confirmed the release, and earlier with ctx's error; then the release goes on in the background until it is done or
// the session ends. The error matches ErrNotLocked if the handle was not locked, and ErrLost if the hold had been lost.
// If a server refuses, with zk.ErrNoAuth for one, that is returned and logged. Then the Session gives its ZooKeeper session
// up, since nobody could get the lock before its end: all holds of the Session are lost. From then on acquisitions of
// that lock fail with zk.ErrNoAuth, until the ACL of its znode lets the Session delete.
func (m *Mutex) UnlockContext(ctx context.Context) error {
	a := m.take()
	if a == nil {
		return opError("unlock", m.path, ErrNotLocked)
	}
	return opError("unlock", m.path, a.Release(ensemble.OrNone(ctx)))
}

// Revoked returns the channel of the current hold that closes when the holder should stop; a closed one when nothing is
// held. A hold that is released is not revoked any more: its channel stays as it was, and a goroutine that waits for it alone
// waits for ever. Use Context for what is to end with the hold.
func (m *Mutex) Revoked() <-chan struct{} {
	a := m.holding()
	if a == nil {
		return recipe.Closed
	}
	a.Hold().State()
	return a.Hold().Revoked()
}

// Lost returns the channel of the current hold that closes when the hold is gone or cannot be proved any more; a closed
// one when nothing is held. Like that of Revoked, it stays as it was when the hold is released: see Context.
func (m *Mutex) Lost() <-chan struct{} {
	a := m.holding()
	if a == nil {
		return recipe.Closed
	}
	a.Hold().State()
	return a.Hold().Lost()
}

// Err returns how the current hold stands: nil, an error that matches ErrRevoked, which may be a
// RevokedError, or one that matches ErrLost and says why it was lost. It is nil when nothing is
// held.
func (m *Mutex) Err() error {
	a := m.holding()
	if a == nil {
		return nil
	}
	return a.Hold().State()
}

// Deadline returns until when the current hold is certain as things stand: if no server confirms it again before then, Lost
// closes at that time. Each confirmation moves it. It is the zero Time if nothing is held, if the hold was lost, and with
// LeaseServer, which knows no such time.
//
// Its monotonic clock reading stands still while the machine is suspended. A process that passes the time on reads the
// clock of the other process before it calls Deadline.
func (m *Mutex) Deadline() time.Time {
	a := m.holding()
	if a == nil {
		return time.Time{}
	}
	deadline := a.Hold().Deadline()
	if errors.Is(a.Hold().State(), ErrLost) {
		return time.Time{}
	}
	return deadline
}

// Jeopardy reports whether the current hold may be lost soon: a beat is overdue, which the Session
// sends eight times in a session timeout, and less than a quarter of the timeout is left until
// Deadline; with LeasePing a ping, and an eighth. Begin nothing new then, and ask again: most
// outages are over before the hold is lost, and then Jeopardy is false again. What has begun may go
// on until Lost closes.
//
// It is true if the hold was lost, and if nothing is held. It is false of a hold that stands with
// LeaseServer, which knows no Deadline. It does not use the network.
func (m *Mutex) Jeopardy() bool {
	a := m.holding()
	return a == nil || errors.Is(a.Hold().State(), ErrLost) || a.Hold().Overdue()
}

// Token returns the current hold's fencing token, also after the hold was lost; the zero Token when nothing is held.
func (m *Mutex) Token() Token {
	a := m.holding()
	if a == nil {
		return Token{}
	}
	return tokenOf(a)
}

// Guard returns an operation to put first in Session.Conn().Multi(...): the transaction fails with zk.ErrNoNode, and
// writes nothing, unless the lock is still held by the current hold when the ensemble executes it. Guard itself fails
// with ErrNotLocked when nothing is held, and with an error that matches ErrLost when the hold is known to be lost.
func (m *Mutex) Guard() (*zk.CheckVersionRequest, error) {
	a := m.holding()
	if a == nil {
		return nil, opError("guard", m.path, ErrNotLocked)
	}
	if err := a.Hold().State(); errors.Is(err, ErrLost) {
		return nil, opError("guard", m.path, err)
	}
	// Any version: a revocation mark changes it. The name is never used again, so that it exists says everything.
	return &zk.CheckVersionRequest{Path: a.Hold().Znode(), Version: -1}, nil
}

// Held asks the ensemble, a quorum of it, whether the current hold still stands.
func (m *Mutex) Held(ctx context.Context) (bool, error) {
	a := m.holding()
	if a == nil || errors.Is(a.Hold().State(), ErrLost) {
		return false, nil
	}
	held, err := recipe.Request(ctx, m.s.locks, func(ctx context.Context, zs *recipe.Local) (bool, error) {
		err := zs.Lease.Check(ctx, a.Hold().Znode())
		if errors.Is(err, zk.ErrNoNode) {
			return false, nil
		}
		return err == nil, err
	})
	return held, opError("look at", m.path, err)
}
