package zklock

import "github.com/zookylock/zklock/internal/recipe"

// Pending is an acquisition under way, made by LockAsync. If it succeeds, the lock is held through
// its handle, and is released by unlocking the handle or by Cancel.
type Pending struct {
	a    *recipe.Acquisition
	path string
	// takes the hold from the handle; false if it is not there
	forget func(*recipe.Acquisition) bool
}

// Queued returns a channel that closes when the candidate's znode exists. From then on no later
// request is granted the lock earlier, unless the candidate is lost and replaced. The channel stays
// open if the acquisition fails before, and while a lost hold occupies the handle.
func (p *Pending) Queued() <-chan struct{} {
	p.check()
	return p.a.Queued()
}

// Done returns a channel that closes when the lock is acquired or the acquisition has failed.
func (p *Pending) Done() <-chan struct{} {
	p.check()
	return p.a.Done()
}

// Err returns nil while the acquisition is under way and after it has succeeded. Otherwise it
// returns why it failed: the context's error, context.Canceled after Cancel, ErrClosed, or what a
// server answered.
func (p *Pending) Err() error {
	p.check()
	return opError("lock", p.path, p.a.Err())
}

// Revoked returns a channel that closes when another client asks for the lock, even while this
// acquisition still waits, and when the hold is lost. If the candidate is lost after that, and
// replaced, Revoked returns a new channel.
func (p *Pending) Revoked() <-chan struct{} {
	p.check()
	return p.a.Hold().Revoked()
}

// Released returns a channel that closes when the acquisition has left the queue: after it failed,
// after its hold was released or lost, and, with WithLocalHandoff or WithIdleHold, when the hold is
// passed on with its candidate or kept. Otherwise its znode is gone then, unless the Session has given up a ZooKeeper session that
// no server accepts; the servers remove the znode when that session times out.
func (p *Pending) Released() <-chan struct{} {
	p.check()
	return p.a.Released()
}

// Cancel leaves the queue, or releases the lock if it was acquired. It does not wait; see Released.
func (p *Pending) Cancel() {
	p.check()
	if p.a.Abandon() || !p.forget(p.a) {
		return
	}
	p.a.Drop()
}

func (p *Pending) check() {
	if p == nil || p.a == nil {
		panic(notMadePending)
	}
}
