package recipe

// This is how the first candidate in a semaphore's queue becomes a permit.

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// exit is how a candidate leaves the queue of a semaphore.
type exit struct {
	permit  string    // what its path will be then
	version int32     // that its znode must have until then, -1 for any
	hopeful bool      // there were permits left when it was created, as far as is known
	out     *sighting // that was asked for right behind the last listing of the queue
}

// errCrowded is why a candidate that has taken permits gives them back and queues again: they were
// not free. Only the first in the queue takes permits, except a client of Curator's whose session
// has expired in the middle.
var errCrowded = errors.New("others have taken the permits")

// pass takes the permits in the transaction that takes the candidate out of the queue. It is false
// if something has changed, so that there may be no room.
func (c *candidate) pass(ctx context.Context, l limit) (passed bool, err error) {
	take := wire.Multi(
		wire.Check(c.cfg.Pool.Path, l.version),
		wire.Delete(c.path, c.exit.version),
		wire.CreateAt(c.exit.permit, c.cfg.Identifier, c.cfg.ACL),
	)
	read := wire.GetData(c.exit.permit, false)
	list := wire.GetChildren(c.cfg.Pool.Permits(), false)
	answer, state := ensemble.ResponsesTo(take, wire.Reply.Codes),
		ensemble.ResponsesTo(read, c.zs.NodeState)
	names := ensemble.ResponsesTo(list, wire.Reply.Children)
	c.depart()
	c.zs.Send(take, read, list)
	codes, err := answer.Wait(ctx)
	switch was := ensemble.OutcomeOf(err); was {
	case ensemble.LeftBehind:
		return false, err
	case ensemble.NotExecuted, ensemble.Throttled:
		c.stay()
		return false, c.zs.Retry(ctx, was)
	case ensemble.Unknown:
		if err := c.locate(ctx); err != nil || c.exit != nil {
			return false, err
		}
	default:
		if err != nil {
			c.stay()
			return false, err
		}
		if part, code := firstError(codes); code != 0 {
			return false, c.refusedPass(ctx, part, ensemble.ErrorOf(wire.Reply{Code: code}))
		}
		c.become()
	}
	node, err := state.Wait(ctx)
	if ensemble.OutcomeOf(err) != ensemble.Answered {
		err = c.glance(ctx)
	} else {
		err = c.judge(node, err)
	}
	if err != nil {
		return false, err
	}
	others, err := names.Wait(ctx)
	if err != nil {
		l, err := c.zs.roster.list(ctx, c.dir)
		if err != nil {
			return false, err
		}
		others = l.children
	}
	return true, c.checkRoom(ctx, others, l)
}

// The parts of the transaction.
const (
	partSize = iota
	partCandidate
	partPermit
)

// firstError returns which part of a transaction has failed, and with which code.
func firstError(codes []int32) (part int, code int32) {
	for part, code := range codes {
		if code != 0 {
			return part, code
		}
	}
	return 0, 0
}

// refusedPass draws the conclusions from a transaction that was not executed. Without an error it
// is worth another look.
func (c *candidate) refusedPass(ctx context.Context, part int, err error) error {
	noNode := errors.Is(err, zk.ErrNoNode)
	if part == partCandidate && noNode {
		c.vanish()
		return ErrVanished
	}
	c.stay()
	switch changed := errors.Is(err, zk.ErrBadVersion); {
	case part == partSize && (changed || noNode):
		c.zs.Watches.Forget(c.cfg.Pool.Path) // the news may still be on their way
		return nil
	case part == partCandidate && changed:
		// a mark was written, which must not get lost with the znode
		c.exit.version = -1
		return c.glance(ctx)
	case part == partPermit && noNode:
		return c.makePermits(ctx)
	case part == partPermit && errors.Is(err, zk.ErrNodeExists):
		return ErrVanished // with a new name it will not be
	}
	return err
}

// depart notes that the candidate may have left the queue from now on.
func (c *candidate) depart() {
	c.zs.Watches.Forget(c.dir) // of emptyThrough
	c.zs.siblings.leave(&c.spot)
	c.stage = passing
	c.announce(new(handoff))
}

// stay notes that it has not.
func (c *candidate) stay() {
	c.stage = created
	c.zs.siblings.join(&c.spot)
	c.announceGone(false)
}

// vanish notes that it is gone, and that this session has not removed it.
func (c *candidate) vanish() {
	c.enter(over)
	c.announceGone(true)
}

// become notes that it has left, and is one of the permits now.
func (c *candidate) become() {
	c.stage = deleted
	c.announceGone(true)
	if c.self != nil {
		c.self.Stop()
		c.self = nil
	}
	c.dir, c.path, c.exit = c.cfg.Pool.Permits(), c.exit.permit, nil
	c.place = queue.Candidate{Name: path.Base(c.path), Kind: c.kind}
	c.stage, c.czxid = created, 0
	c.isFirst, c.wasOnly, c.handoff = false, false, nil
}

// locate finds out what has become of a transaction whose answer got lost: the candidate is one of
// the permits, or stands in the queue. It fails with ErrVanished if neither is there, with ctx, and
// as Session.Do does.
func (c *candidate) locate(ctx context.Context) error {
	// is answered behind everything that was proposed before
	err := c.zs.Lease.Check(ctx, c.cfg.Pool.Path)
	if errors.Is(err, zk.ErrNoNode) {
		c.vanish()
		return ErrVanished
	}
	if err != nil {
		return err
	}
	for _, at := range [...]string{c.exit.permit, c.path} {
		node, err := c.zs.ReadNode(ctx, at)
		switch {
		case errors.Is(err, zk.ErrNoNode):
		case err != nil:
			return err
		case node.Owner != c.zs.ID(): // other clients can give a znode such a name
		case at == c.exit.permit:
			c.become()
			return nil
		default:
			c.stay()
			return nil
		}
	}
	c.vanish()
	return ErrVanished
}

// checkRoom fails with errCrowded unless there was room for the permits when they were taken: for
// them and all that were out then. Of those holds that are out together, the one that was granted
// last has seen all the others here, so that they are never too many, whatever else has gone wrong.
func (c *candidate) checkRoom(ctx context.Context, others []string, l limit) error {
	if !slices.Contains(others, c.place.Name) {
		return ErrVanished
	}
	if used, err := c.cfg.used(others); err != nil || used <= int64(l.size) {
		return err
	}
	var used int64
	err := c.zs.Stats(ctx, c.dir, permitsOf(others),
		func(other queue.Candidate, stat *zk.Stat) error {
			if stat != nil && (stat == hidden || stat.Czxid <= c.czxid) {
				used += queue.ParsePermit(other.Name).Count
			}
			return nil
		})
	if err == nil && used > int64(l.size) {
		err = errCrowded
	}
	return err
}

// makePermits creates the znode above the permits.
func (c *candidate) makePermits(ctx context.Context) error {
	err := c.zs.makeParents(ctx, c.cfg.Pool.Permits(), c.cfg)
	if errors.Is(err, zk.ErrNoNode) { // one has vanished before the next was made
		return nil
	}
	return err
}
