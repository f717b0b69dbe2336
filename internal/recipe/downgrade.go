package recipe

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// This is how a writer becomes a reader.

// downgrade is one that was begun.
type downgrade struct {
	done chan struct{} // closed when err is set, and nothing is done any more
	err  error
}

// Downgrade makes a writer's hold a reader's, so that other readers share the lock and no writer
// comes in between. If it fails with ctx, it goes on, and the next call waits for the same.
func (a *Acquisition) Downgrade(ctx context.Context) error {
	begun, d := time.Now(), a.route.alone().beginDowngrade()
	select {
	case <-d.done:
		if err := a.hold.State(); d.err == nil && errors.Is(err, ErrLost) {
			return err
		}
		return d.err
	case <-ctx.Done():
		return a.locks.client.Explain(ensemble.ContextError(ctx), begun, ensemble.NoAnswer)
	}
}

// MoveTo frees the handle, and has the hold occupy another, whose slot is free. The caller alone
// has the acquisition.
func (a *Acquisition) MoveTo(slot *Slot, granted func(*Acquisition)) {
	p := a.route.alone()
	p.leaveSlot()
	slot.take(p.hold)
	p.Slot = slot
	granted(a)
}

// beginDowngrade returns the downgrade that is under way or has succeeded, or a new one.
func (p *Passage) beginDowngrade() *downgrade {
	d := &downgrade{done: make(chan struct{})}
	for {
		last := p.downgrade.Load()
		if last != nil && (!closed.Is(last.done) || last.err == nil) {
			return last
		}
		// from now on the removal of the candidate waits for it
		if p.downgrade.CompareAndSwap(last, d) {
			break
		}
	}
	if d.err = p.hold.beginMove(); d.err != nil {
		close(d.done)
		return d
	}
	// Ends with the hold; the removal of the candidate, and Close, wait for it.
	if !p.locks.client.Start(func() { p.carryOut(d) }) {
		d.err = ensemble.ErrClosed
		close(d.done)
	}
	return d
}

// isDowngrading reports whether the candidate is a downgrade's.
func (p *Passage) isDowngrading() bool {
	d := p.downgrade.Load()
	return d != nil && !closed.Is(d.done)
}

// carryOut does the downgrade, as far as it comes until the hold ends.
func (p *Passage) carryOut(d *downgrade) {
	p.endWatch()
	h, c := p.hold, p.latest.Load()
	err := c.becomeReader(h.lasting(), h.Since())
	h.endMove(c.path, err == nil)
	switch {
	case errors.Is(err, ErrVanished):
		h.lose(errRemoved)
		err = errRemoved
	case ensemble.IsGaveUp(err):
		err = h.ending()
	default:
		err = loss(err)
	}
	c.zs.newHolds.add(p)
	d.err = err
	close(d.done)
}

// beginMove notes that the candidate's znode may become another. It fails if the hold has ended.
func (h *Hold) beginMove() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return h.endingLocked()
	}
	h.moves = true
	return nil
}

// endMove notes which the znode is now, and whether it is a reader's.
func (h *Hold) endMove(znode string, reads bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moves, h.path, h.reads = false, znode, reads
	for p := range h.parts {
		p.endMove(znode, reads)
	}
}

// ending is why the hold has ended: the loss, or ErrNotLocked if it was released.
func (h *Hold) ending() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.endingLocked()
}

func (h *Hold) endingLocked() error {
	if h.lost.isGiven() {
		return h.err
	}
	return ErrNotLocked
}

// becomeReader puts a reader's znode with the same number in the place of the writer's, which was
// granted the lock then. After an error the znode is still the writer's, or either if ctx has
// ended; findReader tells.
func (c *candidate) becomeReader(ctx context.Context, granted time.Time) error {
	writer := c.path
	defer func() { c.zs.Watches.Deleted(writer, false, nil) }() // siblings look again
	c.zs.siblings.leave(&c.spot)
	c.isFirst, c.wasOnly = false, false
	c.reader = c.dir + "/" + c.place.Downgraded().Name
	err := c.exchange(ctx, 0, granted)
	for errors.Is(err, zk.ErrBadVersion) { // there may be a revocation mark that was not read yet
		var version int32
		if version, err = c.glanceVersion(ctx); err == nil {
			err = c.exchange(ctx, version, granted)
		}
	}
	switch {
	case err == nil:
		c.takeReader()
	case !ensemble.IsGaveUp(err) && !isOver(err):
		// An exchange whose answer got lost was asked for again, and is refused then.
		refused := err
		if err = c.findReader(ctx); err == nil && c.kind.Exclusive() {
			err = cmp.Or(c.glance(ctx), refused)
		}
	}
	return err
}

// exchange asks for the transaction, which fails if the writer's znode has another version. Those
// who watch that are told of the first change, to its data: so they look at the queue again, and
// see the reader. See queue.Candidate.BecomesReader.
func (c *candidate) exchange(ctx context.Context, version int32, granted time.Time) error {
	data, acl := c.cfg.Identifier, c.cfg.ACL
	return c.zs.DoApart(ctx, func() error {
		reader := data
		if c.cfg.Dialect == queue.Native {
			reader = slices.Concat(data, grantLine(time.Until(granted)))
		}
		_, err := c.zs.Conn.Multi(
			&zk.SetDataRequest{Path: c.path, Data: data, Version: version},
			&zk.CreateRequest{Path: c.reader, Data: reader, Acl: acl, Flags: zk.FlagEphemeral},
			&zk.DeleteRequest{Path: c.path, Version: -1})
		return err
	})
}
