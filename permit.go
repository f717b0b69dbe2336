package zklock

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// Permit is a hold of permits of a Semaphore. It is released once. Its channels and methods are
// those of a Mutex that is held: Revoked closes when the holder should stop, and Lost when the
// permits are gone or can no longer be proved, before anybody else can be granted them.
type Permit struct {
	self     *Permit // see check
	s        *Semaphore
	a        *recipe.Acquisition
	released atomic.Bool
}

// Count returns how many permits are held.
func (p *Permit) Count() int {
	p.check()
	return p.a.Permits
}

// Revoked returns the channel that closes when the holder should stop: somebody asked for the
// permits, or removed them by force, or they are lost.
func (p *Permit) Revoked() <-chan struct{} {
	p.check()
	p.a.Hold().State()
	return p.a.Hold().Revoked()
}

// Lost returns the channel that closes when the permits are gone or cannot be proved any more. It
// stays open if they are released before: see Context.
func (p *Permit) Lost() <-chan struct{} {
	p.check()
	p.a.Hold().State()
	return p.a.Hold().Lost()
}

// Err returns how the hold stands: nil, ErrRevoked, or an error that matches ErrLost and says why.
func (p *Permit) Err() error {
	p.check()
	return p.a.Hold().State()
}

// Deadline returns until when the hold is certain as things stand, as Mutex.Deadline does.
func (p *Permit) Deadline() time.Time {
	p.check()
	return deadlineOf(p.a)
}

// Token returns the transaction by which the permits were granted. It is not a fencing token: holds
// are out together, none of them replaces another, and a smaller token does not mean that its hold
// is over. A store that refuses smaller ones would refuse holders in good standing. For writes that
// must not come late, use Guard, or for each permit a Mutex of its own.
func (p *Permit) Token() Token {
	p.check()
	return tokenOf(p.a)
}

// Guard returns an operation to put first in Session.Conn().Multi(...), as Mutex.Guard does: the
// transaction writes nothing unless the permits are still held when the ensemble executes it.
func (p *Permit) Guard() (*zk.CheckVersionRequest, error) {
	p.check()
	if p.released.Load() {
		return nil, opError("guard", p.s.path, ErrNotLocked)
	}
	return guardOf(p.a)
}

// Held asks the ensemble, a quorum of it, whether the hold still stands.
func (p *Permit) Held(ctx context.Context) (bool, error) {
	p.check()
	if p.released.Load() {
		return false, nil
	}
	return p.s.s.held(ctx, p.a)
}

// Context returns a context that ends with the hold: when somebody asks for the permits, when they
// are lost, and when they are released. context.Cause is then ErrRevoked, an error that matches
// ErrLost, or ErrNotLocked. It also ends with parent. It carries no hold as that of Mutex.Context
// does: to acquire more permits under it is no error, and can wait for ever.
//
// The hold refers to the context until either ends or the CancelFunc is called, which does not
// release the permits.
func (p *Permit) Context(parent context.Context) (context.Context, context.CancelFunc) {
	p.check()
	ctx, cancel := context.WithCancelCause(ensemble.OrNone(parent))
	p.a.Hold().State() // tells a loss that nobody has noticed so far
	stop := p.a.Hold().Follow(cancel)
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// take reports whether the permits are to be released by the caller. It does so once.
func (p *Permit) take() bool { return !p.released.Swap(true) }

// Release gives the permits back. It panics if they have been given back before. Permits that were
// lost are released like any others. Release returns when a server has confirmed it or the session
// is gone; while no server answers, after one session timeout, and then it goes on in the
// background.
func (p *Permit) Release() {
	p.check()
	ctx, cancel := p.s.s.bounded(context.Background())
	defer cancel()
	if err := p.ReleaseContext(ctx); errors.Is(err, ErrNotLocked) {
		panic(err)
	}
}

// ReleaseContext gives the permits back, whatever it returns. It returns when a server has
// confirmed it, and earlier with ctx's error; then the release goes on in the background. The error
// matches ErrNotLocked if the permits had been given back before, and ErrLost if they had been
// lost. If a server refuses, the Session gives its ZooKeeper session up, as for
// Mutex.UnlockContext.
func (p *Permit) ReleaseContext(ctx context.Context) error {
	p.check()
	if !p.take() {
		return opError("release", p.s.path, ErrNotLocked)
	}
	return opError("release", p.s.path, p.a.Release(ensemble.OrNone(ctx)))
}
