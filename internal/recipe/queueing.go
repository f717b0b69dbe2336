package recipe

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// This is how an acquisition goes through the queue.

// Begin goes through the queue on a goroutine.
func (p *Passage) Begin(ctx context.Context) {
	if p.queued == nil {
		p.queued = make(chan struct{})
	}
	p.bound(ctx)
	if !p.enter(ctx) {
		return
	}
	// what removes others by force does not heed the context; the caller must not wait for that
	if p.Revoke != nil {
		p.follow(p.ctx, p.onContextDone)
	}
	go p.run() // ends with the context, or granted; Close waits for it
}

// Acquire goes through the queue on the caller's goroutine. It returns when the acquisition is
// settled, and if ctx ends, at once.
func (p *Passage) Acquire(ctx context.Context) {
	if ctx.Done() == nil {
		p.ctx, p.cancel = p.locks.client.Closing(), func(error) {}
	} else {
		p.bound(ctx)
	}
	if p.enter(ctx) {
		p.run()
	}
}

// run goes through the queue until the acquisition is settled. It returns as soon as the context
// ends, unless others are being removed by force.
func (p *Passage) run() {
	for soon := 0; ; {
		zs, err := p.awaitSession()
		if err != nil {
			p.settle(p.orContextError(err))
			p.leave()
			return
		}
		c, begun := p.newCandidate(zs), time.Now()
		p.latest.Store(c)
		err = p.obtain(c)
		if err == nil {
			if p.granted() {
				return
			}
			p.withdraw(c.hold)
		}
		if isLostPlace(err) {
			c.doubted = errors.Is(err, ErrVanished)
			if soon++; time.Since(begun) > quickly {
				soon = 0
			}
			if c.remove(p.ctx); p.pause(requeuePause(soon)) {
				continue // to the end of the queue
			}
		}
		p.settle(p.orContextError(err))
		// ends with the ZooKeeper session; Close waits for it
		p.locks.client.Go(func() { p.giveUp(c) })
		return
	}
}

// newCandidate returns the next candidate.
func (p *Passage) newCandidate(zs *Local) *candidate {
	if p.Config.Pool != nil {
		return newPermit(zs, p.Config, p.freshHold(), int(p.Permits))
	}
	c := newCandidate(zs, p.Path, p.Kind, p.Config, p.freshHold())
	c.sifts = p.sifts
	if p.Keeps {
		c.prefix = queue.Keeping(c.prefix)
	}
	return c
}

// isLostPlace reports whether err says that the candidate has lost its place in the queue, so that
// another one is needed.
func isLostPlace(err error) bool {
	return errors.Is(err, ErrVanished) || errors.Is(err, errOccupied) ||
		errors.Is(err, errCrowded) ||
		errors.Is(err, errRepeated) ||
		isOver(err) && !errors.Is(err, ensemble.ErrClosed)
}

// quickly is how soon a candidate is lost that is followed by another with a pause, unless it is
// the first.
const quickly = time.Second

// requeuePause is how long to wait after so many candidates in a row were lost quickly: whatever
// has removed them, or says so, will do so again.
func requeuePause(soon int) time.Duration {
	if soon < 2 {
		return 0
	}
	return min(10*time.Millisecond<<min(soon-2, 10), quickly)
}

// pause waits, and reports whether the context still stands.
func (p *Passage) pause(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-p.ctx.Done():
		}
	}
	return p.ctx.Err() == nil
}

// orContextError prefers to say that the context has ended; err may be just a consequence.
func (p *Passage) orContextError(err error) error {
	switch {
	case p.ctx.Err() != nil:
		return p.explained()
	case p.locks.client.Closing().Err() != nil:
		return ensemble.ErrClosed
	default:
		return err
	}
}

// obtain queues the candidate and waits until it holds the lock. Then its hold has taken the
// handle's slot and is under the lease. After an error the candidate may exist.
func (p *Passage) obtain(c *candidate) error {
	if err := p.survey(c); err != nil {
		return err
	}
	if c.exit != nil {
		c.exit.hopeful = p.Sight.free.Load()
	}
	c.founds = !p.Sight.met.Load() && c.zs.meetsNew.Load()
	if err := c.create(p.ctx); err != nil {
		return err
	}
	p.Sight.met.Store(true)
	var patience time.Duration
	if p.Try {
		patience = c.idlePatience()
	}
	p.announce()
	if err := c.lookAhead(p.ctx, p.Revoke != nil); err != nil {
		return err
	}
	if p.Config.Pool != nil {
		return p.obtainPermits(c)
	}
	if p.Try && c.isBlocked() && !c.isBehindIdle() { // by another try perhaps, which is about to leave
		c.line = queue.Line{}
		if err := c.clarify(p.ctx, false); err != nil {
			return err
		}
	}
	p.Sight.free.Store(!c.isBlocked())
	if p.Try && c.isBlocked() && !c.isBehindIdle() {
		return p.refuse(c)
	}
	if c.czxid == 0 { // the answer got lost, or the server is old
		if err := c.look(p.ctx); err != nil {
			return err
		}
	}
	ctx := p.ctx
	if c.isBlocked() {
		var err error
		if ctx, err = p.awaitTurn(c, patience); err != nil {
			return err
		}
	}
	c.bindHold() // not before: its path is shared with the watch from there on
	if err := p.takeSlot(ctx, c); err != nil {
		return err
	}
	return p.admit(ctx, c)
}

// admit puts the hold of a candidate that is first, and has taken the handle's slot, under the
// lease.
func (p *Passage) admit(ctx context.Context, c *candidate) error {
	c.standing.Store(isFirst)
	if err := c.admit(ctx); err != nil {
		p.leaveSlot()
		return err
	}
	c.isFirst = p.Kind.Exclusive()
	p.Sight.free.Store(true)
	return nil
}

// obtainPermits is the rest of obtain for a semaphore.
func (p *Passage) obtainPermits(c *candidate) error {
	long := c.line.More
	if c.isBlocked() {
		p.Sight.free.Store(false)
		if _, err := p.awaitTurn(c, passingPatience); err != nil {
			return err
		}
	}
	waited, err := p.takePermits(p.ctx, c)
	if err != nil {
		return err
	}
	// otherwise it would be in vain to list the permits with the next creation
	p.Sight.free.Store(!long && !waited)
	c.standing.Store(isFirst)
	c.bindHold()
	return c.admit(p.ctx)
}

// admit puts the candidate's hold under the lease.
func (c *candidate) admit(ctx context.Context) (err error) {
	c.hold.tenure, err = c.zs.Lease.Admit(ctx, c.hold)
	if errors.Is(err, zk.ErrNoNode) {
		return ErrVanished
	}
	return err
}

// survey looks, before there is a candidate, whether the acquisition is in vain.
func (p *Passage) survey(c *candidate) error {
	switch {
	case p.Config.Pool != nil:
		return p.checkPermits(c)
	case p.Try:
		return c.peek(p.ctx, p.Sight)
	default:
		return nil
	}
}

// refuse ends a try that is not first. In the packet that removes the candidate it asks a server
// whether the nearest predecessor is a candidate. If not, the try begins again, and checks all
// children ahead before it is refused.
func (p *Passage) refuse(c *candidate) error {
	if c.sifts || c.isBehindSibling() {
		return ErrLocked
	}
	nearest := c.line.Nearest[0]
	question := wire.Exists(c.dir+"/"+nearest.Name, false)
	answer := ensemble.ResponsesTo(question, wire.Reply.Stat)
	c.zs.Send(question)
	if err := c.remove(p.ctx); err != nil {
		return err
	}
	stat, err := answer.Wait(p.ctx)
	if err != nil || isCandidate(c.voice, nearest, stat.EphemeralOwner) {
		return ErrLocked
	}
	p.sifts = true
	return ErrVanished
}

// announce tells that there is a candidate in the queue.
func (p *Passage) announce() {
	// closed here only, by the goroutine that runs the acquisition
	if p.queued != nil && !closed.Is(p.queued) {
		close(p.queued)
	}
}

// errOccupied is why a candidate leaves the queue whose handle is occupied by a lost hold. If it
// stayed, it would keep all other clients from the lock until that hold is unlocked.
var errOccupied = errors.New("the handle is occupied by a lost hold")

// awaitSession waits until a candidate can be created: no lost hold occupies the handle, and there
// is a ZooKeeper session.
func (p *Passage) awaitSession() (*Local, error) {
	if p.Slot != nil {
		for left := p.Slot.blocked(p.obstacle); left != nil; left = p.Slot.blocked(p.obstacle) {
			if p.Try {
				return nil, ErrLocked
			}
			if err := ensemble.WaitFor(p.ctx, left); err != nil {
				return nil, err
			}
		}
	}
	return p.locks.await(p.ctx)
}

// takeSlot puts the hold of a candidate that is first into the handle's slot. If another hold is in
// the slot and stands, the handle is a Reader's, whose candidates are at the head together: then it
// waits for the release of that hold. It fails with errOccupied if the other hold is lost.
func (p *Passage) takeSlot(ctx context.Context, c *candidate) (err error) {
	c.standing.Store(isBehindOwner)
	if p.Slot == nil {
		return nil
	}
	other, changed, ok := p.Slot.take(c.hold)
	if ok {
		return nil
	}
	defer func() {
		if err != nil {
			p.Slot.giveUp(c.hold)
		}
	}()
	if p.Try {
		return ErrLocked
	}
	for !ok {
		if other != nil && (p.Kind.Exclusive() || other.isLost()) {
			p.obstacle = other
			return errOccupied
		}
		var lost <-chan struct{} // nil if the slot is free, and others have come earlier
		if other != nil {
			lost = other.lost.C()
		}
		if err := c.look(ctx); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-lost:
		case <-c.wake:
		case <-ctx.Done():
			return p.ended()
		}
		other, changed, ok = p.Slot.take(c.hold)
	}
	if err := c.look(ctx); err != nil {
		p.Slot.leave()
		return err
	}
	return nil
}

// withdraw takes back a grant that came after the acquisition had failed.
func (p *Passage) withdraw(h *Hold) {
	h.lease.Drop(h.tenure)
	p.leaveSlot()
}

// errRepeated is why candidates leave the queue of which one has a number that was given before;
// see candidate.checkNumber.
var errRepeated = errors.New("its number was given to an earlier candidate")
