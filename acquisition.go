package zklock

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// claim is what an acquisition wants, and how.
type claim struct {
	path       string
	kind       queue.Kind
	cfg        lockConfig
	try        bool        // give up at once where others are ahead
	revocation *Revocation // for those ahead; nil to leave them alone

	// slot is the handle's room for one hold. A lost hold keeps its place there until it is unlocked, so that within
	// the process a handle excludes as a sync.Mutex does. nil where holds may share a handle.
	slot chan struct{}

	// granted hands the hold to the handle, before anybody else hears of it.
	granted func(*acquisition)

	// settled is told the outcome, if it is set.
	settled func(*acquisition, error)

	// queued is closed when there is a candidate; nil for a channel of the acquisition's own.
	queued chan struct{}
}

// acquisition is one way through the queue: a goroutine that makes a candidate, waits, watches over the hold, and
// removes the candidate, whatever becomes of the caller in between.
//
//	waiting ──▶ held ──▶ gone
//	   └──────(failed)────┘
//
// A candidate that is lost while it waits, with its session or by removal, is replaced by one at the end of the queue.
type acquisition struct {
	claim
	s      *Session
	ctx    context.Context // bounds the waiting; ended by the caller's context, abandon, or Close
	cancel context.CancelCauseFunc
	done   chan struct{} // closed by settle: acquired or failed
	gone   chan struct{} // closed when the goroutine has ended and no candidate is left

	cohort *cohort       // that it goes through; nil if it has a candidate of its own
	place  *list.Element // among those who wait in the cohort, whose mutex guards it
	tenure *tenure       // of the cohort, that its hold is a part of

	mu        sync.Mutex  // guards the fields below
	detach    func() bool // undoes the call of onContextDone
	isOver    bool        // settled: done is closed
	hold      *hold       // of the current candidate
	err       error       // why nothing was acquired
	committed bool        // others were removed by force: give the grant a moment although ctx has ended
	removed   error       // how the removal of the candidate went, set before gone is closed
}

// forcePatience is how long an acquisition whose context has ended still waits for the outcome of its own force.
// LockContext promises to return within 100 ms.
const forcePatience = 70 * time.Millisecond

func newAcquisition(s *Session, c claim) *acquisition {
	if c.queued == nil {
		c.queued = make(chan struct{})
	}
	return &acquisition{claim: c, s: s, done: make(chan struct{}), gone: make(chan struct{})}
}

// acquire begins an acquisition.
func (s *Session) acquire(ctx context.Context, c claim) *acquisition {
	a := newAcquisition(s, c)
	a.hold = newHold()
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	if ctx.Err() != nil {
		a.settle(contextError(ctx))
		close(a.gone)
		return a
	}
	// The goroutine may be in the middle of a request when a context ends; the caller must not wait for that.
	a.followContext(a.ctx)
	detach := context.AfterFunc(s.closing, func() { a.cancel(ErrClosed) })
	started := s.start(func() { // ends with the context or the hold; Close waits for it
		defer close(a.gone)
		defer detach()
		a.run()
	})
	if !started {
		detach()
		a.settle(ErrClosed)
		close(a.gone)
	}
	return a
}

func (a *acquisition) followContext(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Done() != nil {
		a.detach = context.AfterFunc(ctx, a.onContextDone)
	}
}

func (a *acquisition) onContextDone() {
	a.mu.Lock()
	committed := a.committed
	a.mu.Unlock()
	if committed {
		select {
		case <-a.done:
		case <-time.After(forcePatience):
		}
	}
	a.settle(a.contextError())
}

func (a *acquisition) contextError() error {
	if errors.Is(context.Cause(a.ctx), ErrClosed) {
		return ErrClosed
	}
	return contextError(a.ctx)
}

// settle decides how the acquisition ends: with an error, or with the hold if that is nil. It is false if that is decided
// already.
func (a *acquisition) settle(err error) bool {
	if !a.decide(err) {
		return false
	}
	if a.settled != nil {
		a.settled(a, err)
	}
	if a.cohort != nil && err != nil {
		a.cohort.leave(a)
	}
	return true
}

func (a *acquisition) decide(err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isOver {
		return false
	}
	a.isOver, a.err = true, err
	if err == nil {
		a.granted(a)
	}
	if a.detach != nil {
		a.detach()
	}
	a.cancel(nil)
	close(a.done)
	return true
}

func (a *acquisition) isSettled() bool { return isClosed(a.done) }

// run is the acquisition's goroutine.
func (a *acquisition) run() {
	for {
		zs, err := a.s.await(a.ctx)
		if err != nil {
			a.settle(a.orContextError(err))
			return
		}
		c := newCandidate(zs, a.path, a.kind, &a.cfg)
		h := a.freshHold()
		err = a.obtain(c, h)
		if err == nil && a.settle(nil) {
			a.watchOver(c, h)
			zs.lease.drop(h)
			a.setRemoved(c.remove())
			return
		}
		if err == nil {
			a.withdraw(h)
		}
		removed := c.remove()
		if errors.Is(removed, errVanished) || errors.Is(removed, ErrLost) {
			removed = nil // it is gone, which is all that was wanted
		}
		a.setRemoved(removed)
		if errors.Is(err, errVanished) || errors.Is(err, ErrLost) && !errors.Is(err, ErrClosed) {
			continue // to the end of the queue
		}
		a.settle(errors.Join(a.orContextError(err), removed))
		if removed != nil {
			a.s.cfg.logger.Error("candidate not removed", "path", c.path, "error", removed)
		}
		return
	}
}

func (a *acquisition) setRemoved(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.removed = err
}

// orContextError prefers to say that the context has ended; err may be just a consequence.
func (a *acquisition) orContextError(err error) error {
	switch {
	case a.s.closing.Err() != nil:
		return ErrClosed
	case a.ctx.Err() != nil:
		return a.contextError()
	default:
		return err
	}
}

// obtain queues the candidate and waits until it holds the lock. Then the hold has taken the handle's slot and is under the
// lease. After an error the candidate may exist.
func (a *acquisition) obtain(c *candidate, h *hold) error {
	if err := c.create(a.ctx); err != nil {
		return err
	}
	a.announce()
	line, err := c.lookAhead(a.ctx, a.revocation != nil)
	if err != nil {
		return err
	}
	if a.try && len(line.nearest) > 0 {
		return ErrLocked
	}
	if c.czxid == 0 { // the answer got lost, or the server is old
		if err := a.lookAtSelf(a.ctx, c, h); err != nil {
			return err
		}
	}
	h.bind(c)
	ctx := a.ctx
	if len(line.nearest) > 0 {
		if ctx, err = a.queue(c, h, line); err != nil {
			return err
		}
	}
	if err := c.zs.lease.admit(ctx, h); errors.Is(err, zk.ErrNoNode) {
		return errVanished
	} else if err != nil {
		return err
	}
	if err := a.takeSlot(ctx, c, h); err != nil {
		c.zs.lease.drop(h)
		h.lose(err) // it serves no other candidate: a beat that is under way may still know it by this one
		return err
	}
	c.front = a.kind.Exclusive()
	return nil
}

// queue waits until nobody is ahead, and has those ahead make way if that is wanted. It returns the context for what follows:
// those ahead must not be removed for nothing.
func (a *acquisition) queue(c *candidate, h *hold, line ahead) (ctx context.Context, err error) {
	ctx = a.ctx
	var force <-chan time.Time
	if a.revocation != nil {
		force = a.revocation.after()
		if a.revocation.asks() {
			if err := c.ask(ctx, line.nearest); err != nil {
				return ctx, err
			}
		}
	}
	for len(line.nearest) > 0 {
		left, err := a.wait(ctx, c, h, line.nearest[0], force)
		if err != nil {
			return ctx, err
		}
		switch {
		case left == wasForced:
			if !a.commit() {
				return ctx, a.contextError()
			}
			ctx = context.WithoutCancel(ctx)
			force = closedTimer
			err = c.force(ctx, line.nearest)
			if err != nil && !errors.Is(err, zk.ErrNoNode) { // somebody left meanwhile: look who is still there
				return ctx, err
			}
			line, err = c.lookAhead(ctx, true)
		case left == wasFirst || len(line.nearest) == 1 && !line.more:
			line = ahead{} // those who are known to be gone do not come back
		default:
			line, err = c.lookAhead(ctx, a.revocation != nil)
		}
		if err != nil {
			return ctx, err
		}
	}
	// The server tells of changes in their order: had our own znode been removed before the one ahead, or a mark been
	// written into it, the watch on it would not stand any more.
	if c.self != nil && c.self.isArmed() {
		return ctx, nil
	}
	return ctx, a.lookAtSelf(ctx, c, h)
}

// closedTimer is a timer that is always due.
var closedTimer = func() <-chan time.Time {
	ch := make(chan time.Time)
	close(ch)
	return ch
}()

// announce tells that there is a candidate in the queue.
func (a *acquisition) announce() {
	if !isClosed(a.queued) { // closed here only, in the acquisition's goroutine
		close(a.queued)
	}
}

// freshHold returns the hold for the next candidate. One that was revoked does not serve: the mark was the last candidate's.
func (a *acquisition) freshHold() *hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !isClosed(a.hold.revoked) || a.isOver {
		return a.hold
	}
	a.hold = newHold()
	return a.hold
}

// commit decides that others are removed by force, unless the acquisition has failed already.
func (a *acquisition) commit() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = a.committed || a.ctx.Err() == nil
	return a.committed && !a.isOver
}

// departure is how a blocker stopped being one.
type departure uint8

const (
	wasGone   departure = iota + 1 // who is ahead of it may still be there
	wasFirst                       // and nobody was ahead of it
	wasForced                      // it is still there, but it is time for force
)

// wait waits until a blocker is gone, or force is due.
func (a *acquisition) wait(
	ctx context.Context, c *candidate, h *hold, blocker queue.Candidate, force <-chan time.Time,
) (departure, error) {
	w := c.zs.watches.watch(c.dir + "/" + blocker.Name)
	defer w.stop()
	for {
		node, err := w.read(ctx)
		switch {
		case errors.Is(err, zk.ErrNoNode) && w.wasFirst():
			return wasFirst, nil
		case errors.Is(err, zk.ErrNoNode):
			return wasGone, nil
		case err != nil:
			return 0, err
		case node.owner == 0:
			a.s.cfg.logger.Warn("not a candidate, ignored", "path", c.dir+"/"+blocker.Name)
			c.addPhantom(blocker)
			return wasGone, nil
		}
		if c.self == nil {
			if err := a.lookAtSelf(ctx, c, h); err != nil {
				return 0, err
			}
		}
		select {
		case <-w.C:
		case <-force:
			return wasForced, nil
		case <-c.changed():
			if err := a.lookAtSelf(ctx, c, h); err != nil {
				return 0, err
			}
		case <-c.zs.ended:
			return 0, c.zs.endReason()
		case <-a.done:
			return 0, a.contextError()
		}
	}
}

// lookAtSelf follows a change of the candidate's own znode.
func (a *acquisition) lookAtSelf(ctx context.Context, c *candidate, h *hold) error {
	marked, err := c.look(ctx)
	if marked {
		h.revoke()
	}
	return err
}

// takeSlot waits until the handle is free. It is as a rule, for the queue keeps the holds of one handle apart; a hold that
// was lost and is not unlocked yet can keep it, and so can another hold of the same Reader.
func (a *acquisition) takeSlot(ctx context.Context, c *candidate, h *hold) error {
	if a.slot == nil {
		return nil
	}
	if a.try {
		select {
		case a.slot <- struct{}{}:
			return nil
		default:
			return ErrLocked
		}
	}
	for {
		select {
		case a.slot <- struct{}{}:
			return nil
		default:
		}
		if c.self == nil {
			if err := a.lookAtSelf(ctx, c, h); err != nil {
				return err
			}
		}
		select {
		case a.slot <- struct{}{}:
			return nil
		case <-h.lost:
			return h.state()
		case <-c.changed():
			if err := a.lookAtSelf(ctx, c, h); err != nil {
				return err
			}
		case <-a.done:
			return a.contextError()
		}
	}
}

// withdraw takes back a grant that came after the acquisition had failed.
func (a *acquisition) withdraw(h *hold) {
	h.lease.drop(h)
	if a.slot != nil {
		<-a.slot
	}
}

// firstLook is when a hold that was granted without waiting begins to be watched for marks and removal. Many are over by
// then, and need not be.
const firstLook = time.Millisecond

// watchOver follows the hold until it is released or lost.
func (a *acquisition) watchOver(c *candidate, h *hold) {
	var first <-chan time.Time
	if c.self == nil {
		timer := time.NewTimer(firstLook)
		defer timer.Stop()
		first = timer.C
	}
	for {
		select {
		case <-first:
		case <-c.changed():
		case <-h.over.Done():
			return
		}
		if err := a.lookAtSelf(h.over, c, h); errors.Is(err, errVanished) {
			h.lose(errRemoved)
		}
	}
}

// release ends the hold and waits for the removal of its candidate, or ctx. The removal goes on in any case.
func (a *acquisition) release(ctx context.Context) error {
	a, err := a.letGo()
	if a == nil || err != nil {
		return err
	}
	select {
	case <-a.gone:
	case <-ctx.Done():
		return contextError(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if errors.Is(a.removed, errVanished) {
		return errRemoved
	}
	return a.removed
}

// letGo ends the hold. It returns the acquisition whose candidate is removed for it, nil if it is passed on, and the loss
// that came before, if any.
func (a *acquisition) letGo() (*acquisition, error) {
	err := a.hold.release()
	if a.tenure == nil || errors.Is(err, ErrNotLocked) {
		return a, err
	}
	return a.tenure.release(a), err
}

// abandon leaves the queue. It is false if the acquisition has succeeded already.
func (a *acquisition) abandon() bool {
	a.settle(context.Canceled)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err != nil
}

// cleanUpPatience is how long a failed acquisition's caller waits to see its candidate removed.
const cleanUpPatience = 50 * time.Millisecond

// result waits for the acquisition. After a failure it gives the removal of the candidate a moment, so that as a rule
// nothing is left when the caller goes on.
func (a *acquisition) result() (*hold, error) {
	<-a.done
	a.mu.Lock()
	h, err, patience := a.hold, a.err, cleanUpPatience
	if a.committed {
		patience = 0 // spent already
	}
	a.mu.Unlock()
	if err == nil {
		return h, nil
	}
	select {
	case <-a.gone:
	case <-time.After(patience):
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removed != nil && !errors.Is(err, a.removed) {
		return nil, errors.Join(a.err, a.removed)
	}
	return nil, a.err
}
