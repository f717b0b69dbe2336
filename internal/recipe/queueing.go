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
		p.trying.Store(c)
		err = p.obtain(c)
		if err == nil {
			if p.granted(c) {
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
		return newPermit(zs, p.Config, p.freshHold(), p.Permits)
	}
	c := newCandidate(zs, p.Path, p.Kind, p.Config, p.freshHold())
	c.sifts = p.sifts
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
	c.hopeful = p.Config.Pool != nil && p.Sight.free.Load()
	c.founds = !p.Sight.met.Load() && c.zs.meetsNew.Load()
	if err := c.create(p.ctx); err != nil {
		return err
	}
	p.Sight.met.Store(true)
	p.announce()
	if err := c.lookAhead(p.ctx, p.Revoke != nil); err != nil {
		return err
	}
	if p.Config.Pool != nil {
		return p.obtainPermits(c)
	}
	if p.Try && c.isBlocked() { // by another try perhaps, which is about to leave
		c.line = queue.Line{}
		if err := c.clarify(p.ctx, false); err != nil {
			return err
		}
	}
	p.Sight.free.Store(!c.isBlocked())
	if p.Try && c.isBlocked() {
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
		if ctx, err = p.awaitTurn(c); err != nil {
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
	if c.isBlocked() {
		c.out = nil
		p.Sight.free.Store(false)
		if _, err := p.awaitTurn(c); err != nil {
			return err
		}
	}
	if err := p.takePermits(p.ctx, c); err != nil {
		return err
	}
	c.standing.Store(isFirst)
	c.bindHold()
	return c.admit(p.ctx)
}

// admit puts the candidate's hold under the lease.
func (c *candidate) admit(ctx context.Context) error {
	err := c.zs.Lease.Admit(ctx, c.hold)
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

// awaitTurn waits until the candidate is first, and revokes its predecessors if that is wanted. It
// returns the context for what follows, which outlasts the caller's once predecessors have been
// removed, so that they are not removed for nothing.
func (p *Passage) awaitTurn(c *candidate) (ctx context.Context, err error) {
	ctx = p.ctx
	var force <-chan time.Time // is due
	switch {
	case p.Try: // of a semaphore
		force = time.After(passingPatience)
	case p.Revoke != nil:
		force = p.Revoke.due()
		if p.Revoke.Ask {
			if err := c.revokeAhead(ctx, p.Revoke.Mark); err != nil {
				return ctx, err
			}
		}
	}
	c.since = time.Now()
	p.tellQueued(len(c.line.Nearest))
	defer c.unwatchAhead()
	for c.isBlocked() {
		at, left, err := p.wait(ctx, c, force)
		if err != nil {
			return ctx, err
		}
		switch {
		case left == wasForced && p.Try:
			return ctx, errOthersAhead
		case left == wasForced:
			committed, ok := p.commit()
			if !ok {
				return ctx, p.ended()
			}
			ctx, force = committed, closedTimer
			err = c.evict(ctx)
		default:
			err = p.moveUp(ctx, c, at, left)
		}
		if err != nil {
			return ctx, err
		}
	}
	switch {
	case p.Config.Pool != nil: // it is seen when the candidate leaves the queue
		return ctx, nil
	case c.self != nil:
		return ctx, c.look(ctx) // which asks nothing where the watch stands, and heeds a mark
	case c.seen:
		return ctx, nil
	default:
		return ctx, c.glance(ctx)
	}
}

// closedTimer is a timer that is always due.
var closedTimer = func() <-chan time.Time {
	ch := make(chan time.Time)
	close(ch)
	return ch
}()

// announce tells that there is a candidate in the queue.
func (p *Passage) announce() {
	// closed here only, by the goroutine that runs the acquisition
	if p.queued != nil && !closed.Is(p.queued) {
		close(p.queued)
	}
}

// wait waits until one of those ahead is gone that the candidate watches, and returns which, or
// until force is due.
func (p *Passage) wait(ctx context.Context, c *candidate, force <-chan time.Time) (at int,
	left departure, err error) {
	c.watchAhead()
	told := c.isBehindSibling() && c.self == nil // by that alone: no server is asked until ownLook
	if told {
		c.zs.longWaiters.add(c)
		defer c.zs.longWaiters.drop(c)
	}
	for {
		// then it is known to be there when the others are gone
		if told = told && time.Since(c.since) < ownLook; !told {
			c.prepare()
		}
		for i, w := range c.watchers {
			if left, err := p.lookAtPredecessor(ctx, c, w, &c.line.Nearest[i]); left != 0 ||
				err != nil {
				return i, left, err
			}
		}
		if !told {
			if err := c.look(ctx); err != nil {
				return 0, 0, err
			}
		}
		if left, err := p.sleep(ctx, c, force); left != 0 || err != nil {
			return 0, left, err
		}
	}
}

// lookAtPredecessor returns how the predecessor stopped being one, 0 if it still is.
func (p *Passage) lookAtPredecessor(ctx context.Context, c *candidate, w *ensemble.Watcher,
	predecessor *queue.Candidate) (departure, error) {
	if c.zs.siblings.have(c.dir, *predecessor) { // it tells by announceGone
		return 0, nil
	}
	node, err := w.Read(ctx)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		h, leaving := handoffFrom(w)
		if leaving {
			return 0, nil
		}
		if h == nil && predecessor.BecomesReader() && !w.WasDeleted() {
			return leftReader, nil
		}
		if h == nil {
			return wasGone, nil
		}
		if h.next == c.place.Name {
			c.seen = true
			return wasFirst, c.judge(h.state, nil)
		}
		return wasFirst, nil
	case err == nil && !node.Hidden && !isCandidate(c.voice, *predecessor, node.Owner):
		c.ignore(*predecessor)
		return wasGone, nil
	}
	return 0, err
}

// sleep waits until there is something to look at, or force is due.
func (p *Passage) sleep(ctx context.Context, c *candidate,
	force <-chan time.Time) (left departure, err error) {
	var poll <-chan time.Time
	if c.watchesOpaque() {
		poll = time.After(opaqueLook)
	}
	select {
	case <-c.wake:
		return 0, nil
	case <-poll:
		c.distrustOpaque()
		return 0, nil
	case <-force:
		return wasForced, nil
	case <-ctx.Done():
		return 0, p.ended()
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
	h.lease.Drop(h)
	p.leaveSlot()
}

func (p *Passage) leaveSlot() {
	if p.Slot != nil {
		p.Slot.leave()
	}
}

// errRepeated is why candidates leave the queue of which one has a number that was given before;
// see candidate.checkNumber.
var errRepeated = errors.New("its number was given to an earlier candidate")

// moveUp takes note that one of those ahead is gone, and how it left. A reader that has its number
// is asked as the writer was.
func (p *Passage) moveUp(ctx context.Context, c *candidate, at int, left departure) error {
	c.line = c.line.Without(at, left == wasFirst)
	if left == leftReader {
		c.line = queue.Line{}
	}
	err := c.clarify(ctx, p.Revoke != nil)
	if err == nil && left == leftReader && p.Revoke != nil && p.Revoke.Ask {
		err = c.revokeAhead(ctx, p.Revoke.Mark)
	}
	return err
}
