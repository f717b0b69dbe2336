package recipe

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// This is how a candidate waits for its predecessors, and how it learns that one is gone.

// awaitTurn waits until the candidate is first, and revokes its predecessors if that is wanted. It
// returns the context for what follows, which outlasts the caller's once predecessors have been
// removed, so that they are not removed for nothing. A try waits no longer than patience.
func (p *Passage) awaitTurn(
	c *candidate, patience time.Duration,
) (ctx context.Context, err error) {
	ctx = p.ctx
	var force <-chan time.Time // is due
	switch {
	case p.Try:
		force = time.After(patience)
	case p.Revoke != nil:
		force = p.Revoke.due()
		if p.Revoke.Ask {
			if err := c.revokeAhead(ctx, p.Revoke.Mark); err != nil {
				return ctx, err
			}
		}
	}
	c.beginWait()
	p.tellQueued(len(c.line.Nearest))
	defer c.unwatchAhead()
	for c.isBlocked() {
		c.sightNext()
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

// beginWait notes that the candidate waits from now on.
func (c *candidate) beginWait() { c.waits = time.Since(c.born) }

// waitsLong reports whether the candidate has waited for ownLook.
func (c *candidate) waitsLong() bool { return time.Since(c.born)-c.waits >= ownLook }

// closedTimer is a timer that is always due.
var closedTimer = func() <-chan time.Time {
	ch := make(chan time.Time)
	close(ch)
	return ch
}()

// wait waits until one of the predecessors that the candidate watches is gone, and returns which,
// or until force is due.
func (p *Passage) wait(ctx context.Context, c *candidate, force <-chan time.Time) (at int,
	left departure, err error) {
	c.watchAhead()
	// Its own znode is not read until ownLook: behind a sibling no server is asked at all until then,
	// and in the queue of a semaphore the transaction by which it leaves heeds what the znode is.
	early := c.self == nil && (c.isBehindSibling() || c.cfg.Pool != nil)
	if early {
		c.zs.longWaiters.add(c)
		defer c.zs.longWaiters.drop(c)
	}
	for {
		// then it is known to be there when the others are gone
		early = early && !c.waitsLong()
		c.prepare(!early)
		for i, w := range c.watching() {
			if i > 0 && w.IsUnread() {
				continue
			}
			if left, err := p.lookAtPredecessor(ctx, c, w, &c.line.Nearest[i]); left != 0 ||
				err != nil {
				return i, left, err
			}
		}
		if !early {
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

// moveUp notes that a predecessor is gone, and how it left. If a reader has its number, the reader
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
