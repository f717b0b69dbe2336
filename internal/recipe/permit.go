package recipe

// This is how the first in a semaphore's queue comes to its permits.

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// passingPatience is how long a try waits for those ahead of it in the queue of a semaphore that
// has permits left: they are about to take theirs. One that has died there keeps the place for a
// session timeout, and one that wants many permits waits.
const passingPatience = 200 * time.Millisecond

// errCrowded is why a candidate that has taken permits gives them back and queues again: they were
// not free. Only the first in the queue takes permits, except a client of Curator's whose session
// has expired in the middle.
var errCrowded = errors.New("others have taken the permits")

// errOthersAhead is why a try fails that has waited so long.
var errOthersAhead = fmt.Errorf("%w: others are ahead in the queue", ErrLocked)

// errInUse is why a try fails.
func errInUse(used int64, l limit) error {
	return fmt.Errorf("%w: %d of %d permits are in use", ErrLocked, used, l.size)
}

// checkPermits fails if the semaphore has another size than the handle says, or fewer permits than
// are wanted. A try also fails if not so many are free, unless the handle last saw that they were.
func (p *Passage) checkPermits(c *candidate) error {
	l, err := p.limit(p.ctx, c)
	if errors.Is(err, zk.ErrNoNode) {
		return nil // it is about to be made
	}
	if err != nil {
		return err
	}
	if !p.Try || p.Sight.free.Load() {
		return nil
	}
	out, err := c.zs.roster.list(p.ctx, c.cfg.Pool.Permits())
	if err != nil {
		return err
	}
	used, err := c.cfg.used(out.children)
	if err == nil && used+int64(p.Permits) > int64(l.size) {
		err = errInUse(used, l)
	}
	return err
}

// limit returns how many permits there are. It fails if the acquisition expects another size, or
// wants more permits.
func (p *Passage) limit(ctx context.Context, c *candidate) (limit, error) {
	pool := c.cfg.Pool
	l, err := pool.limit(ctx, c.zs)
	if err == nil && l.allows(pool.Size, p.Permits) != nil {
		c.zs.Watches.Forget(pool.Path) // the news of another size may be on their way
		if l, err = pool.limit(ctx, c.zs); err == nil {
			err = l.allows(pool.Size, p.Permits)
		}
	}
	return l, err
}

// takePermits waits until as many permits are free as are wanted, and takes them. The candidate,
// which is first, then leaves the queue and becomes the permits' znode.
func (p *Passage) takePermits(ctx context.Context, c *candidate) error {
	pool := c.cfg.Pool
	c.isFirst = true
	out := c.zs.Watches.WatchChildren(pool.Permits(), c.wake)
	defer out.Stop()
	// The transaction by which the one ahead has left has also changed the permits. A server tells of
	// one after the other.
	out.Distrust()
	size := c.zs.Watches.WatchPlace(pool.Path, c.wake)
	defer size.Stop()
	for {
		l, used, err := p.room(ctx, c, out)
		switch {
		case err != nil:
			return err
		case used+int64(p.Permits) > int64(l.size):
			if err := p.awaitRoom(ctx, c, used, l); err != nil {
				return err
			}
			continue
		}
		passed, err := c.pass(ctx, l)
		if err != nil {
			return err
		}
		if passed {
			p.Sight.free.Store(true)
			return nil
		}
	}
}

// firstRoom is room by the listing that came with the creation. No other has taken permits
// since, because the listing of the queue before it has shown that the candidate is first.
func (p *Passage) firstRoom(ctx context.Context, c *candidate) (l limit, used int64, err error) {
	out := c.out
	c.out = nil
	if err := out.wait(ctx); err != nil {
		return l, 0, err
	}
	if l, err = p.limit(ctx, c); err != nil {
		return l, 0, err
	}
	used, err = c.cfg.used(out.children)
	return l, used, err
}

// room returns how many permits there are and how many are out.
func (p *Passage) room(ctx context.Context, c *candidate, out *ensemble.Watcher) (limit,
	int64, error) {
	if c.out != nil {
		if l, used, err := p.firstRoom(ctx, c); err == nil &&
			used+int64(p.Permits) <= int64(l.size) {
			return l, used, nil
		}
	}
	c.zs.Watches.Prepare(out)
	l, err := p.limit(ctx, c)
	if errors.Is(err, zk.ErrNoNode) {
		return l, 0, ErrVanished // with everything below it
	}
	if err != nil {
		return l, 0, err
	}
	for {
		permits, err := out.Read(ctx)
		if errors.Is(err, zk.ErrNoNode) {
			if err = c.makePermits(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			return l, 0, err
		}
		used, err := c.cfg.used(permits.Children)
		return l, used, err
	}
}

// makePermits creates the znode above the permits.
func (c *candidate) makePermits(ctx context.Context) error {
	err := c.zs.makeParents(ctx, c.cfg.Pool.Permits(), c.cfg)
	if errors.Is(err, zk.ErrNoNode) { // one has vanished before the next was made
		return nil
	}
	return err
}

// awaitRoom waits until there may be more permits. It heeds what becomes of the candidate
// meanwhile.
func (p *Passage) awaitRoom(ctx context.Context, c *candidate, used int64, l limit) error {
	p.Sight.free.Store(false)
	if p.Try {
		return errInUse(used, l)
	}
	c.standing.Store(&standing{room: fmt.Sprintf("%d of %d permits are in use, and it wants %d",
		used, l.size, p.Permits)})
	if err := c.look(ctx); err != nil {
		return err
	}
	select {
	case <-c.wake:
		return nil
	case <-ctx.Done():
		return p.ended()
	}
}

// pass takes the permits in the transaction that takes the candidate out of the queue. It is false
// if something has changed, so that there may be no room.
func (c *candidate) pass(ctx context.Context, l limit) (passed bool, err error) {
	take := wire.Multi(
		wire.Check(c.cfg.Pool.Path, l.version),
		wire.Delete(c.path, c.version),
		wire.CreateAt(c.permit, c.cfg.Identifier, c.cfg.ACL),
	)
	read := wire.GetData(c.permit, false)
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
		if err := c.locate(ctx); err != nil || c.permit != "" {
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
		c.version = -1
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
	c.zs.siblings.leave(c)
	c.stage = passing
	c.announce(new(handoff))
}

// stay notes that it has not.
func (c *candidate) stay() {
	c.stage = created
	c.zs.siblings.join(c)
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
	c.dir, c.path, c.permit = c.cfg.Pool.Permits(), c.permit, ""
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
	for _, at := range [...]string{c.permit, c.path} {
		node, err := c.zs.ReadNode(ctx, at)
		switch {
		case errors.Is(err, zk.ErrNoNode):
		case err != nil:
			return err
		case node.Owner != c.zs.ID(): // other clients can give a znode such a name
		case at == c.permit:
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
