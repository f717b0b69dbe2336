package zklock

import (
	"github.com/zookylock/zklock/internal/recipe"
)

// Pending is an acquisition under way, made by LockAsync. If it succeeds the lock is held through its handle, and is
// unlocked there or by Cancel.
type Pending struct {
	a      *recipe.Acquisition
	path   string
	forget func(*recipe.Acquisition) bool // takes the hold from the handle; false if it is not there
}

// Queued returns a channel that is closed when the candidate's znode exists: from then on nobody who comes later is
// granted the lock earlier, unless the candidate is lost and replaced. It stays open if the acquisition fails before, and while
// a lost hold occupies the handle.
func (p *Pending) Queued() <-chan struct{} { return p.a.Queued() }

// Done returns a channel that is closed when the lock is acquired or the acquisition has failed.
func (p *Pending) Done() <-chan struct{} { return p.a.Done() }

// Err returns nil while the acquisition is under way and once it has succeeded, and otherwise why it failed: the
// context's error, context.Canceled after Cancel, ErrClosed, or what a server answered.
func (p *Pending) Err() error {
	return opError("lock", p.path, p.a.Err())
}

// Revoked returns a channel that is closed when somebody asks for the lock, be it while this one still waits for it, and
// when the hold is lost. If the candidate is lost after it was asked, and replaced, there is another channel.
func (p *Pending) Revoked() <-chan struct{} {
	return p.a.Hold().Revoked()
}

// Released returns a channel that is closed when the acquisition has left the queue: after it failed,
// after its hold was released or lost, and, with WithLocalHandoff, when the hold is passed on with its
// candidate. Its znode is gone then, unless the Session has given up a ZooKeeper session that no server
// takes; the servers remove the znode when that session times out.
func (p *Pending) Released() <-chan struct{} { return p.a.Released() }

// Cancel leaves the queue, or releases the lock if it has been acquired. It does not wait: Released tells the end.
func (p *Pending) Cancel() {
	if p.a.Abandon() || !p.forget(p.a) {
		return
	}
	p.a.Drop()
}
