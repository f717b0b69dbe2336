package zklock

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// Permit is a hold of one or more permits of a Semaphore. It must be released once. Its methods are
// like the methods of a locked Mutex: Revoked closes when the holder should stop; Lost closes when
// the permits are gone or can no longer be proved, before another client can be granted them.
type Permit struct {
	self     *Permit // see check
	s        *Semaphore
	a        *recipe.Acquisition
	released atomic.Bool
}

// Count returns how many permits are held.
func (p *Permit) Count() int {
	p.check()
	return int(p.a.Permits)
}

// Revoked returns a channel that closes when the permits should be released, because another client
// asked for them or removed them by force, or because they are lost.
func (p *Permit) Revoked() <-chan struct{} {
	p.check()
	p.a.Hold().State()
	return p.a.Hold().Revoked()
}

// Lost returns a channel that closes when the permits are gone or can no longer be proved. A
// release closes neither this channel nor the channel of Revoked; see Context.
func (p *Permit) Lost() <-chan struct{} {
	p.check()
	p.a.Hold().State()
	return p.a.Hold().Lost()
}

// Err returns the state of the hold: nil, an error that matches ErrRevoked, or an error that
// matches ErrLost and says why the permits were lost.
func (p *Permit) Err() error {
	p.check()
	return p.a.Hold().State()
}

// Deadline returns the time at which Lost closes if no server confirms the hold before; see
// Mutex.Deadline.
func (p *Permit) Deadline() time.Time {
	p.check()
	return deadlineOf(p.a)
}

// Token returns the transaction that granted the permits. It is not a fencing token: several holds
// exist at a time, so a smaller token does not mean that its hold is over, and a store that refuses
// smaller tokens would refuse valid holders. To keep late writes out, use Guard, or a Mutex of its
// own for each permit.
func (p *Permit) Token() Token {
	p.check()
	return tokenOf(p.a)
}

// Guard returns an operation to put first in Session.Conn().Multi(...). The transaction fails with
// zk.ErrNoNode, and writes nothing, unless the permits are still held when the ensemble executes
// it. See Mutex.Guard.
func (p *Permit) Guard() (*zk.CheckVersionRequest, error) {
	p.check()
	if p.released.Load() {
		return nil, opError("guard", p.s.path, ErrNotLocked)
	}
	return guardOf(p.a)
}

// Held asks a quorum of the ensemble whether the permits are still held. It returns false if they
// were released.
func (p *Permit) Held(ctx context.Context) (bool, error) {
	p.check()
	if p.released.Load() {
		return false, nil
	}
	return p.s.s.held(ctx, p.a)
}

// Context returns a context that ends with the hold: when another client asks for the permits, when
// they are lost, and when they are released. Its context.Cause then matches ErrRevoked or ErrLost,
// or is ErrNotLocked. It also ends with parent. Unlike a context of Mutex.Context, it does not
// carry the hold: an acquisition under it of more permits does not fail with ErrDeadlock, and may
// wait forever.
//
// The hold refers to the context until either ends or the CancelFunc is called. The CancelFunc does
// not release the permits.
func (p *Permit) Context(parent context.Context) (context.Context, context.CancelFunc) {
	p.check()
	ctx, cancel := context.WithCancelCause(ensemble.OrNone(parent))
	p.a.Hold().State() // notices a loss, if there is one
	stop := p.a.Hold().Follow(cancel)
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// take reports whether the caller is to release the permits. It returns true once.
func (p *Permit) take() bool { return !p.released.Swap(true) }

// Release releases the permits. It panics if they were released before. Lost permits are released
// like any others. Release returns when a server has confirmed the release or the session is gone.
// If no server answers it returns after one session timeout, and the release goes on in the
// background.
func (p *Permit) Release() {
	p.check()
	if !p.take() {
		panic(opError("release", p.s.path, ErrNotLocked))
	}
	// Release has no way to return an error, and the removal goes on in any case.
	_ = p.a.ReleaseWithin(p.s.s.patience())
}

// ReleaseContext releases the permits, whatever it returns. It returns when a server has confirmed
// the release. If ctx ends first it returns the context's error, and the release goes on in the
// background. The error matches ErrNotLocked if the permits were released before, and ErrLost if
// they had been lost. If a server refuses the release, the Session gives its ZooKeeper session up;
// see Mutex.UnlockContext.
func (p *Permit) ReleaseContext(ctx context.Context) error {
	p.check()
	if !p.take() {
		return opError("release", p.s.path, ErrNotLocked)
	}
	return opError("release", p.s.path, p.a.Release(ensemble.OrNone(ctx)))
}

func (p *Permit) check() {
	if p == nil || p.self != p {
		panic(notMadePermit)
	}
}
