package recipe

// This is how an acquisition goes through the queue.

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// run goes through the queue until the acquisition is settled. It returns as soon as the context ends, unless others are
// being removed by force.
func (a *Acquisition) run() {
	for {
		zs, err := a.locks.await(a.ctx)
		if err != nil {
			a.settle(a.orContextError(err))
			a.gone.give()
			return
		}
		c := newCandidate(zs, a.Path, a.Kind, a.Config, a.freshHold())
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
		if errors.Is(err, errVanished) || isOver(err) && !errors.Is(err, ensemble.ErrClosed) {
			if c.remove(a.ctx); a.ctx.Err() == nil {
				continue // to the end of the queue
			}
		}
		a.settle(a.orContextError(err))
		a.locks.client.Go(func() { a.giveUp(c) }) // ends with the ZooKeeper session; Close waits for it
		return
	}
}

// giveUp removes the candidate of an acquisition that has failed.
func (a *Acquisition) giveUp(c *candidate) {
	err := c.remove(context.Background())
	if errors.Is(err, errVanished) || isOver(err) {
		err = nil // it is gone, which is all that was wanted
	}
	a.noteRemoved(c, err)
}

// orContextError prefers to say that the context has ended; err may be just a consequence.
func (a *Acquisition) orContextError(err error) error {
	switch {
	case a.locks.client.Closing().Err() != nil:
		return ensemble.ErrClosed
	case a.ctx.Err() != nil:
		return a.contextError()
	default:
		return err
	}
}

// obtain queues the candidate and waits until it holds the lock. Then its hold has taken the handle's slot and is under the
// lease. After an error the candidate may exist.
func (a *Acquisition) obtain(c *candidate) error {
	if err := c.create(a.ctx); err != nil {
		return err
	}
	a.announce()
	if err := c.lookAhead(a.ctx, a.Revoke != nil); err != nil {
		return err
	}
	if a.Try && c.isBlocked() {
		return ErrLocked
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
	if err := c.zs.Lease.Admit(ctx, c.hold); errors.Is(err, zk.ErrNoNode) {
		return errVanished
	} else if err != nil {
		return err
	}
	if err := a.takeSlot(ctx, c); err != nil {
		c.zs.Lease.Drop(c.hold)
		c.hold.Lose(err) // it serves no other candidate: a beat that is under way may still know it by this one
		return err
	}
	c.front = a.Kind.Exclusive()
	return nil
}

// queue waits until nobody is ahead, and has those ahead make way if that is wanted. It returns the context for what follows:
// those ahead must not be removed for nothing.
func (a *Acquisition) queue(c *candidate) (ctx context.Context, err error) {
	ctx = a.ctx
	var force <-chan time.Time
	if a.Revoke != nil {
		if err := c.dismissPhantoms(ctx); err != nil {
			return ctx, err
		}
		force = a.Revoke.due()
		if a.Revoke.Ask {
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
			if !a.commit() {
				return ctx, a.contextError()
			}
			ctx = context.WithoutCancel(ctx)
			force = closedTimer
			err = c.clear(ctx)
		} else {
			err = c.moveUp(ctx, at, left, a.Revoke != nil)
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
func (a *Acquisition) announce() {
	if a.queued != nil && !closed.Is(a.queued) { // closed here only, by whoever runs the acquisition
		close(a.queued)
	}
}

// freshHold returns the hold for the next candidate. One that was revoked does not serve: the mark was the last candidate's.
func (a *Acquisition) freshHold() *Hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.hold.revoked.isGiven() || a.done.isGiven() {
		return a.hold
	}
	a.hold = new(Hold)
	return a.hold
}

// commit decides that others are removed by force, unless the acquisition has failed already.
func (a *Acquisition) commit() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = a.committed || a.ctx.Err() == nil
	return a.committed && !a.done.isGiven()
}

// departure is how a blocker stopped being one.
type departure uint8

const (
	wasGone   departure = iota + 1 // who is ahead of it may still be there
	wasFirst                       // and nobody was ahead of it
	wasForced                      // it is still there, but it is time for force
)

// wait waits until one of those ahead is gone that the candidate watches, and returns which, or until force is due.
func (a *Acquisition) wait(ctx context.Context, c *candidate, force <-chan time.Time) (at int, left departure, err error) {
	c.watchAhead()
	told := c.isBehindSibling() && c.self == nil // by that alone: no server is asked until ownLook
	if told {
		c.zs.patient.add(c)
		defer c.zs.patient.drop(c)
	}
	for {
		if told = told && time.Since(c.since) < ownLook; !told { // then it is known to be there when the others are gone
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
		if left, err := a.sleep(ctx, c, force); left != 0 || err != nil {
			return 0, left, err
		}
	}
}

// lookAtBlocker returns how the blocker stopped being one, 0 if it still is.
func (a *Acquisition) lookAtBlocker(ctx context.Context, c *candidate, w *ensemble.Watcher, blocker *queue.Candidate) (departure, error) {
	if c.zs.siblings.have(c.dir, *blocker) { // it tells by candidate.left
		return 0, nil
	}
	node, err := w.Read(ctx)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		l, leaving := legacyOf(w)
		if leaving {
			return 0, nil
		}
		if l == nil {
			return wasGone, nil
		}
		if l.next == c.place.Name {
			c.seen = true
			return wasFirst, c.judge(l.state, nil)
		}
		return wasFirst, nil
	case err == nil && IsPhantom(c.voice, *blocker, node.Owner):
		c.ignore(*blocker)
		return wasGone, nil
	}
	return 0, err
}

// sleep waits until there is something to look at, or force is due.
func (a *Acquisition) sleep(ctx context.Context, c *candidate, force <-chan time.Time) (left departure, err error) {
	select {
	case <-c.wake:
		return 0, nil
	case <-force:
		return wasForced, nil
	case <-a.over(ctx):
		return 0, a.contextError()
	}
}

// over returns the channel that ends a wait. Those who are committed go on although their context has ended, but not for ever.
func (a *Acquisition) over(ctx context.Context) <-chan struct{} {
	if over := ctx.Done(); over != nil {
		return over
	}
	return a.done.C()
}

// takeSlot waits until the handle is free. It is as a rule, for the queue keeps the holds of one handle apart; a hold that
// was lost and is not unlocked yet can keep it, and so can another hold of the same Reader.
func (a *Acquisition) takeSlot(ctx context.Context, c *candidate) error {
	if a.Slot == nil {
		return nil
	}
	if a.Try {
		select {
		case a.Slot <- struct{}{}:
			return nil
		default:
			return ErrLocked
		}
	}
	for {
		select {
		case a.Slot <- struct{}{}:
			return nil
		default:
		}
		if err := c.look(ctx); err != nil {
			return err
		}
		select {
		case a.Slot <- struct{}{}:
			return nil
		case <-c.hold.lost.C():
			return c.hold.State()
		case <-c.wake:
		case <-a.over(ctx):
			return a.contextError()
		}
	}
}

// withdraw takes back a grant that came after the acquisition had failed.
func (a *Acquisition) withdraw(h *Hold) {
	h.lease.Drop(h)
	if a.Slot != nil {
		<-a.Slot
	}
}
