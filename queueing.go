package zklock

// This is how an acquisition goes through the queue.

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// run goes through the queue until the acquisition is settled. It returns as soon as the context ends, unless others are
// being removed by force.
func (a *acquisition) run() {
	for soon := 0; ; {
		zs, err := a.awaitSession()
		if err != nil {
			a.settle(a.orContextError(err))
			a.leave()
			return
		}
		c, begun := newCandidate(zs, a.path, a.kind, a.cfg, a.freshHold()), time.Now()
		c.sifts = a.sifts
		a.trying.Store(c)
		err = a.obtain(c)
		if err == nil {
			a.candidate = c
			if a.settle(nil) {
				zs.young.add(a)
				c.hold.whenLost(a.removeSoon)
				return
			}
			a.withdraw(c.hold)
		}
		if errors.Is(err, errVanished) || errors.Is(err, errOccupied) || errors.Is(err, ErrLost) && !errors.Is(err, ErrClosed) {
			c.doubted = errors.Is(err, errVanished)
			if soon++; time.Since(begun) > quickly {
				soon = 0
			}
			if c.remove(a.ctx); a.pause(requeuePause(soon)) {
				continue // to the end of the queue
			}
		}
		a.settle(a.orContextError(err))
		a.s.work.Go(func() { a.giveUp(c) }) // ends with the ZooKeeper session; Close waits for it
		return
	}
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
func (a *acquisition) pause(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-a.ctx.Done():
		}
	}
	return a.ctx.Err() == nil
}

// giveUp removes the candidate of an acquisition that has failed.
func (a *acquisition) giveUp(c *candidate) {
	err := c.remove(context.Background())
	if errors.Is(err, errVanished) || errors.Is(err, ErrLost) {
		err = nil // it is gone, which is all that was wanted
	}
	a.noteRemoved(c, err)
}

// orContextError prefers to say that the context has ended; err may be just a consequence.
func (a *acquisition) orContextError(err error) error {
	switch {
	case a.ctx.Err() != nil:
		return a.explained()
	case a.s.closing.Err() != nil:
		return ErrClosed
	default:
		return err
	}
}

// obtain queues the candidate and waits until it holds the lock. Then its hold has taken the handle's slot and is under the
// lease. After an error the candidate may exist.
func (a *acquisition) obtain(c *candidate) error {
	if a.try {
		if err := a.peek(c); err != nil {
			return err
		}
	}
	if err := c.create(a.ctx); err != nil {
		return err
	}
	a.announce()
	if err := c.lookAhead(a.ctx, a.revocation != nil); err != nil {
		return err
	}
	if a.try && c.isBlocked() { // by another try perhaps, which is about to leave
		if err := c.lookAhead(a.ctx, false); err != nil {
			return err
		}
	}
	a.sight.free.Store(!c.isBlocked())
	if a.try && c.isBlocked() {
		return a.refuse(c)
	}
	if c.czxid == 0 { // the answer got lost, or the server is old
		if err := c.look(a.ctx); err != nil {
			return err
		}
	}
	c.hold.bind(c)
	ctx := a.ctx
	if c.isBlocked() {
		var err error
		if ctx, err = a.queue(c); err != nil {
			return err
		}
	}
	c.standing.Store(isBehindOwner)
	if err := a.takeSlot(ctx, c); err != nil {
		return err
	}
	c.standing.Store(isFirst)
	if err := c.zs.lease.admit(ctx, c.hold); err != nil {
		a.leaveSlot()
		if errors.Is(err, zk.ErrNoNode) {
			return errVanished
		}
		return err
	}
	c.front = a.kind.Exclusive()
	a.sight.free.Store(true)
	return nil
}

// refuse ends a try with somebody ahead. In the packet that removes the candidate a server is asked whether the nearest
// ahead is one; if not, the try begins anew, and looks at all of those ahead before it is refused.
func (a *acquisition) refuse(c *candidate) error {
	if c.sifts || c.isBehindSibling() {
		return ErrLocked
	}
	nearest := c.line.nearest[0]
	question := wire.Exists(c.dir+"/"+nearest.Name, false)
	answer := responsesTo(question, wire.Reply.Stat)
	c.zs.send(question)
	if err := c.remove(a.ctx); err != nil {
		return err
	}
	stat, err := answer.wait(a.ctx)
	if err != nil || isCandidate(c.voice, nearest, stat.EphemeralOwner) {
		return ErrLocked
	}
	a.sifts = true
	return errVanished
}

// queue waits until nobody is ahead, and has those ahead make way if that is wanted. It returns the context for what follows:
// those ahead must not be removed for nothing.
func (a *acquisition) queue(c *candidate) (ctx context.Context, err error) {
	ctx = a.ctx
	var force <-chan time.Time
	if a.revocation != nil {
		force = a.revocation.after()
		if a.revocation.asks() {
			if err := c.ask(ctx, c.line.nearest); err != nil {
				return ctx, err
			}
		}
	}
	c.since = time.Now()
	defer c.unwatchAhead()
	for c.isBlocked() {
		at, left, err := a.wait(ctx, c, force)
		if err != nil {
			return ctx, err
		}
		if left == wasForced {
			committed, ok := a.commit()
			if !ok {
				return ctx, a.ended()
			}
			ctx, force = committed, closedTimer
			err = c.clear(ctx)
		} else {
			err = c.moveUp(ctx, at, left, a.revocation != nil)
		}
		if err != nil {
			return ctx, err
		}
	}
	switch {
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
func (a *acquisition) announce() {
	if a.queued != nil && !closed.Is(a.queued) { // closed here only, by whoever runs the acquisition
		close(a.queued)
	}
}

// freshHold returns the hold for the next candidate. One that was revoked does not serve: the mark was the last candidate's.
func (a *acquisition) freshHold() *hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.hold.revoked.isGiven() || a.done.isGiven() {
		return a.hold
	}
	a.hold = new(hold)
	return a.hold
}

// commit decides that others are removed by force, unless the acquisition has failed already. It
// returns the context for that and what follows, which ends when the acquisition is settled.
func (a *acquisition) commit() (ctx context.Context, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.committed == nil && a.ctx.Err() == nil {
		a.committed, a.uncommit = context.WithCancel(context.WithoutCancel(a.ctx))
	}
	return a.committed, a.committed != nil && !a.done.isGiven()
}

// departure is how a blocker stopped being one.
type departure uint8

const (
	wasGone   departure = iota + 1 // who is ahead of it may still be there
	wasFirst                       // and nobody was ahead of it
	wasForced                      // it is still there, but it is time for force
)

// wait waits until one of those ahead is gone that the candidate watches, and returns which, or until force is due.
func (a *acquisition) wait(ctx context.Context, c *candidate, force <-chan time.Time) (at int, left departure, err error) {
	c.watchAhead()
	told := c.isBehindSibling() && !c.long && c.self == nil // by that alone: no server is asked for now
	patient := c.measured == 0 && !c.long && (told || c.line.more)
	if patient {
		c.zs.patient.add(c)
		defer c.zs.patient.drop(c)
	}
	for {
		due := patient && time.Since(c.since) >= ownLook
		if told = told && !due; !told { // then it is known to be there when the others are gone
			c.prepare()
		}
		for i, w := range c.watchers {
			if left, err := a.lookAtBlocker(ctx, c, w, &c.line.nearest[i]); left != 0 || err != nil {
				return i, left, err
			}
		}
		if !told {
			if err := c.look(ctx); err != nil {
				return 0, 0, err
			}
		}
		if due {
			lock, err := c.measure(ctx)
			if err != nil {
				return 0, 0, err
			}
			patient, c.measured = false, max(1, lock.candidates)
		}
		if left, err := a.sleep(ctx, c, force); left != 0 || err != nil {
			return 0, left, err
		}
	}
}

// lookAtBlocker returns how the blocker stopped being one, 0 if it still is.
func (a *acquisition) lookAtBlocker(ctx context.Context, c *candidate, w *watcher, blocker *queue.Candidate) (departure, error) {
	if c.zs.siblings.have(c.dir, *blocker) { // it tells by watchTable.left
		return 0, nil
	}
	node, err := w.read(ctx)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		l, leaving := w.legacy()
		if leaving {
			return 0, nil
		}
		if l == nil {
			return wasGone, nil
		}
		if c.lock = l.lock; l.next == c.place.Name {
			c.seen = true
			return wasFirst, c.judge(l.state, nil)
		}
		return wasFirst, nil
	case err == nil && !isCandidate(c.voice, *blocker, node.owner):
		c.ignore(*blocker)
		return wasGone, nil
	}
	return 0, err
}

// sleep waits until there is something to look at, or force is due.
func (a *acquisition) sleep(ctx context.Context, c *candidate, force <-chan time.Time) (left departure, err error) {
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
		return 0, a.ended()
	}
}

// errOccupied is why a candidate leaves the queue whose handle is occupied by a lost hold. If it stayed, it would keep all other
// clients from the lock until that hold is unlocked.
var errOccupied = errors.New("the handle is occupied by a lost hold")

// awaitSession waits until a candidate can be created: no lost hold occupies the handle, and there is a ZooKeeper session.
func (a *acquisition) awaitSession() (*zkSession, error) {
	if a.slot != nil {
		for left := a.slot.blocked(a.obstacle); left != nil; left = a.slot.blocked(a.obstacle) {
			if a.try {
				return nil, ErrLocked
			}
			if err := waitFor(a.ctx, left); err != nil {
				return nil, err
			}
		}
	}
	return a.s.await(a.ctx)
}

// takeSlot puts the hold of a candidate that has nobody ahead into the handle's slot. Another hold that stands can only be a
// Reader's, whose candidates are at the head together: then it waits for that to be released. It fails with errOccupied if
// the other hold is lost.
func (a *acquisition) takeSlot(ctx context.Context, c *candidate) (err error) {
	if a.slot == nil {
		return nil
	}
	other, changed, ok := a.slot.take(c.hold)
	if ok {
		return nil
	}
	defer func() {
		if err != nil {
			a.slot.giveUp(c.hold)
		}
	}()
	if a.try {
		return ErrLocked
	}
	for !ok {
		if other != nil && (a.kind.Exclusive() || other.isLost()) {
			a.obstacle = other
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
			return a.ended()
		}
		other, changed, ok = a.slot.take(c.hold)
	}
	if err := c.look(ctx); err != nil {
		a.slot.leave()
		return err
	}
	return nil
}

// withdraw takes back a grant that came after the acquisition had failed.
func (a *acquisition) withdraw(h *hold) {
	h.lease.drop(h)
	a.leaveSlot()
}

func (a *acquisition) leaveSlot() {
	if a.slot != nil {
		a.slot.leave()
	}
}
