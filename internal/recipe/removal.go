package recipe

import (
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/wire"
)

// This is how a candidate leaves the queue, and tells the next.

// remove takes the candidate out of the queue and forgets its watch. It returns ErrVanished if
// another client removed it, and an error that matches ErrLost if the session ended first, which
// removes it as well. If it fails with ctx, it can be called again.
func (c *candidate) remove(ctx context.Context) error {
	if c.isOver() {
		return nil
	}
	var err error
	switch c.stage {
	case requested:
		_, err = c.find(ctx)
	case passing:
		err = c.locate(ctx)
	}
	exists := c.stage == created || c.stage == deleting
	if exists {
		err = c.findReader(ctx)
	}
	if exists && err == nil {
		err = c.delete(ctx)
	}
	if ensemble.IsGaveUp(err) {
		return err
	}
	if c.stage != deleted {
		c.enter(over)
	}
	if exists {
		c.announceGone(!c.usurped && (err == nil || errors.Is(err, ErrVanished)))
	}
	if c.self != nil {
		c.self.Stop()
	}
	return err
}

// isOver reports whether remove has nothing left to do.
func (c *candidate) isOver() bool { return c.stage >= deleted }

// delete removes the candidate's znode, and notes what its session knows of the lock then.
func (c *candidate) delete(ctx context.Context) error {
	if c.doubted {
		node, err := c.zs.ReadNode(ctx, c.path)
		if c.usurped = err == nil && node.Owner != c.zs.ID(); c.usurped {
			c.zs.siblings.leave(&c.spot)
			return ErrVanished
		}
	}
	var lock *ensemble.Watcher
	var told uint64
	// it would pay at the next acquisition, and few new names are used again
	if c.wasOnly = c.wasOnly && !c.founds && !c.hold.isWanted(); c.wasOnly {
		lock = c.zs.Watches.Watch(c.dir, nil)
		defer lock.Stop()
		if told, c.wasOnly = lock.ArmedSince(); !c.wasOnly {
			_, _ = lock.Read(ctx) // while our own znode is there; armedSince tells how it went
			told, c.wasOnly = lock.ArmedSince()
		}
	}
	c.zs.siblings.leave(&c.spot)
	err := c.zs.Do(ctx, func() error {
		before := c.stage
		err := c.deleteOnce(ctx)
		switch was := ensemble.OutcomeOf(err); {
		case err == nil:
			c.enter(deleted)
			if c.wasOnly {
				lock.Remember(told, c.place.Seq)
			}
		case was == ensemble.LeftBehind || was == ensemble.Unknown:
			c.stage = deleting
		case errors.Is(err, zk.ErrNoNode) && before != deleting:
			return ErrVanished
		}
		return err
	})
	switch {
	case errors.Is(err, zk.ErrNoNode): // an earlier request has deleted it
		return nil
	case errors.Is(err, zk.ErrNoAuth) && errors.Is(c.glance(ctx), ErrVanished):
		// a server asks for the right first
		return ErrVanished
	}
	return err
}

// deleteOnce removes the candidate's znode. It announces that first to the candidates of this
// session that wait for it, because they may be woken before the answer is here. If the holder has
// a sibling directly behind that is not watched yet, the sibling's znode is read in the same
// packet, so that the sibling need not read it when it is woken.
func (c *candidate) deleteOnce(ctx context.Context) error {
	c.announce(new(handoff))
	remove := wire.Delete(c.path, wire.AnyVersion)
	next := c.successor()
	if next == "" {
		_, err := ensemble.Ask(ctx, c.zs.Session, remove, ensemble.Nothing)
		return err
	}
	read := wire.GetData(c.dir+"/"+next, false)
	removed, seen := ensemble.ResponsesTo(remove, ensemble.Nothing),
		ensemble.ResponsesTo(read, c.zs.NodeState)
	c.zs.Send(remove, read)
	// It comes right behind the other answer: to be woken once is enough.
	if state, err := seen.Wait(ctx); err == nil {
		c.announce(&handoff{next: next, state: state})
	}
	_, err := removed.Wait(ctx)
	return err
}

// successor returns the name of the sibling directly behind that waits for this one to leave, and
// whose znode is not watched; "" for none.
func (c *candidate) successor() string {
	if !c.isFirst {
		return ""
	}
	next, ok := c.zs.siblings.directlyBehind(&c.spot)
	if !ok || c.zs.Watches.IsArmed(c.dir+"/"+next.Name) {
		return ""
	}
	return next.Name
}

// announce leaves a hand-off while the candidate is being removed. announceGone must follow.
func (c *candidate) announce(h *handoff) {
	if c.isFirst {
		c.handoff = h
		c.zs.Watches.Annotate(c.path, (*departing)(h))
	}
}

// announceGone announces the outcome of the removal to the candidates that wait for this one. If
// this session has not removed it, it may have been gone for long, and the hand-off is withdrawn:
// the waiters may stand in another znode's queue.
func (c *candidate) announceGone(gone bool) {
	if c.stage != deleted {
		c.handoff = nil
	}
	c.zs.Watches.Deleted(c.path, gone, c.handoff)
}
