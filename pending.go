package zklock

// Pending is an acquisition under way, made by LockAsync. If it succeeds the lock is held through its handle, and is
// unlocked there or by Cancel.
type Pending struct {
	a      *acquisition
	path   string
	forget func(*acquisition) bool // takes the hold from the handle; false if it is not there
}

// Queued returns a channel that is closed when the candidate's znode exists: from then on nobody who comes later is
// granted the lock earlier, unless the candidate is lost and replaced. It stays open if the acquisition fails before, and while
// a lost hold occupies the handle.
func (p *Pending) Queued() <-chan struct{} { return p.a.queued }

// Done returns a channel that is closed when the lock is acquired or the acquisition has failed.
func (p *Pending) Done() <-chan struct{} { return p.a.done.C() }

// Err returns nil while the acquisition is under way and once it has succeeded, and otherwise why it failed: the
// context's error, context.Canceled after Cancel, ErrClosed, or what a server answered.
func (p *Pending) Err() error {
	p.a.mu.Lock()
	defer p.a.mu.Unlock()
	return opError("lock", p.path, p.a.err)
}

// Revoked returns a channel that is closed when somebody asks for the lock, be it while this one still waits for it, and
// when the hold is lost. If the candidate is lost after it was asked, and replaced, there is another channel.
func (p *Pending) Revoked() <-chan struct{} {
	p.a.mu.Lock()
	defer p.a.mu.Unlock()
	return p.a.hold.revoked.C()
}

// Released returns a channel that is closed when the candidate of this acquisition is certainly gone: after it failed,
// or after its hold was released or lost. With WithLocalHandoff it is also closed when the hold is passed on with the candidate.
func (p *Pending) Released() <-chan struct{} { return p.a.gone.C() }

// Cancel leaves the queue, or releases the lock if it has been acquired. It does not wait: Released tells the end.
func (p *Pending) Cancel() {
	if p.a.abandon() || !p.forget(p.a) {
		return
	}
	if _, err := p.a.letGo(); err == nil && p.a.tenure == nil {
		p.a.removeSoon()
	}
}
