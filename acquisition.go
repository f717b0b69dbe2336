package zklock

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zookylock/zklock/internal/queue"
)

// claim is what an acquisition wants, and how.
type claim struct {
	path       string
	kind       queue.Kind
	cfg        *lockConfig
	try        bool        // give up at once where others are ahead
	revocation *Revocation // for those ahead; nil to leave them alone

	slot  *slot  // of the handle; nil where holds may share it
	sight *sight // the handle's

	// granted hands the hold to the handle, before anybody else hears of it.
	granted func(*acquisition)

	// settled is told the outcome, if it is set.
	settled func(*acquisition, error)

	// left is told when no candidate is left, if it is set.
	left func()

	// queued is closed when there is a candidate; nil if nobody asks.
	queued chan struct{}
}

// acquisition is one way through the queue, as its caller sees it. It makes a candidate, waits and is granted the lock on the
// caller's goroutine, or on one of its own; see run. Whoever releases the hold removes the candidate, and if that is lost, or
// nobody stays to see it removed, a goroutine does. In a cohort the candidate is another acquisition's.
//
//	waiting ──▶ held ──▶ gone
//	   └──────(failed)────┘
//
// A candidate that is lost while it waits, with its session or by removal, is replaced by one at the end of the queue.
type acquisition struct {
	claim
	s       *Session
	ctx     context.Context // bounds the waiting; ended by the caller's context, abandon, or Close
	cancel  context.CancelCauseFunc
	foreign bool   // ctx is derived from the caller's: Close has to cancel it
	done    signal // given by settle: acquired or failed
	gone    signal // no candidate is left
	sifts   bool   // its candidates look at all of those ahead before they wait for them or are refused

	obstacle *hold // that occupied the handle when nobody was ahead: it is lost, whether or not it has been told

	candidate *candidate    // that was granted the lock; whoever ends the hold has it
	watched   chan struct{} // closed when the goroutine that watches over the hold has ended; nil if there is none

	begun  time.Time
	trying atomic.Pointer[candidate] // the last that was made

	cohort *cohort       // that it goes through; nil if it has a candidate of its own
	place  *list.Element // among those who wait in the cohort, whose mutex guards it
	tenure *tenure       // of the cohort, that its hold is a part of

	mu      sync.Mutex  // guards the fields below
	detach  func() bool // undoes the call of onContextDone
	hold    *hold       // of the current candidate
	err     error       // why nothing was acquired
	removed error       // how the removal of the candidate went, set before gone is given

	// Set once others are removed by force: the grant is given a moment although ctx has ended.
	// committed ends when the acquisition is settled.
	committed context.Context
	uncommit  context.CancelFunc
}

// forcePatience is how long an acquisition whose context has ended still waits for the outcome of its own force.
// LockContext promises to return within 100 ms.
const forcePatience = 70 * time.Millisecond

// begin has a goroutine make the acquisition.
func (a *acquisition) begin(ctx context.Context) {
	if a.queued == nil {
		a.queued = make(chan struct{})
	}
	a.bound(ctx)
	if !a.enter(ctx) {
		return
	}
	if a.revocation != nil { // what removes others by force does not heed the context; the caller must not wait for that
		a.followContext(a.ctx)
	}
	go a.run() // ends with the context, or granted; Close waits for it
}

// make makes the acquisition, on the caller's goroutine. It returns when that is settled, and if ctx ends, at once.
func (a *acquisition) make(ctx context.Context) {
	if ctx.Done() == nil {
		a.ctx, a.cancel = a.s.closing, func(error) {}
	} else {
		a.bound(ctx)
	}
	if a.enter(ctx) {
		a.run()
	}
}

// bound has the waiting end with ctx and with the Session.
func (a *acquisition) bound(ctx context.Context) {
	if ctx.Done() == nil {
		ctx = a.s.closing
	} else {
		a.foreign = true
	}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
}

// enter has Close wait until no candidate of the acquisition is left; see leave. If it is false, the acquisition has failed.
func (a *acquisition) enter(ctx context.Context) bool {
	a.hold, a.begun = new(hold), time.Now()
	var refused error
	switch {
	case ctx.Err() != nil:
		refused = contextError(ctx)
	case !a.s.enter(a):
		refused = ErrClosed
	default:
		return true
	}
	a.settle(refused)
	a.gone.give()
	return false
}

// leave tells that no candidate is left. It is called once after enter, and is the last that the acquisition does: all goroutines
// that it starts are part of the work that Close waits for.
func (a *acquisition) leave() {
	a.gone.give()
	if a.left != nil {
		a.left()
	}
	a.s.work.Done()
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
	committed := a.committed != nil
	a.mu.Unlock()
	if committed {
		select {
		case <-a.done.C():
		case <-time.After(forcePatience):
		}
	}
	a.settle(a.explained())
}

// explained is ended with what the acquisition has waited for.
func (a *acquisition) explained() error { return a.s.explain(a.ended(), a.begun, a.waitedFor()) }

// ended is why the acquisition's context has ended: the Session was closed, or the caller gave up.
func (a *acquisition) ended() error {
	if context.Cause(a.ctx) == errClosing {
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
	if a.foreign {
		a.s.unbind(a)
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
	if a.done.isGiven() {
		return false
	}
	a.err = err
	if err == nil {
		a.granted(a)
	}
	if a.detach != nil {
		a.detach()
	}
	a.cancel(nil)
	if a.uncommit != nil {
		a.uncommit()
	}
	a.done.give()
	return true
}

// release ends the hold and removes its candidate, or waits for that, until ctx ends. The removal goes on in any case.
func (a *acquisition) release(ctx context.Context) error {
	alone, begun := a.tenure == nil, time.Now()
	a, err := a.letGo()
	if a == nil || err != nil {
		return err
	}
	if alone {
		a.remove(ctx)
	}
	select {
	case <-a.gone.C():
	case <-ctx.Done():
		return a.s.explain(contextError(ctx), begun, noAnswer)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if errors.Is(a.removed, errVanished) {
		return errRemoved
	}
	return a.removed
}

// remove takes the candidate of a hold that is over out of the queue: as far as it comes until ctx ends, and then on a
// goroutine. It is called once.
func (a *acquisition) remove(ctx context.Context) {
	c, h := a.candidate, a.hold
	c.zs.young.drop(a)
	if a.watched != nil {
		<-a.watched // it has been told already
	}
	c.zs.lease.drop(h)
	c.doubted = errors.Is(h.state(), errRemoved)
	err := c.remove(ctx)
	if c.over {
		a.noteRemoved(c, err)
	} else {
		a.s.work.Go(func() { a.noteRemoved(c, c.remove(context.Background())) }) // ends with the ZooKeeper session; Close waits for it
	}
}

// removeSoon is remove on a goroutine.
func (a *acquisition) removeSoon() {
	a.s.work.Go(func() { a.remove(context.Background()) }) // ends with the ZooKeeper session; Close waits for it
}

// noteRemoved tells how the removal of the candidate went. If a server has refused it, nobody else would get the lock while the
// session lives, and not everybody who unlocks looks at errors: the session is given up.
func (a *acquisition) noteRemoved(c *candidate, err error) {
	if err != nil && !errors.Is(err, errVanished) && !errors.Is(err, ErrLost) && !errors.Is(err, ErrClosed) {
		a.s.cfg.logger.Error("candidate not removed, the session is given up", "path", c.path, "error", err)
		a.s.noteSticky(c.dir)
		c.zs.end(errStuck)
	}
	a.mu.Lock()
	a.removed = err
	a.mu.Unlock()
	a.leave()
}

// letGo ends the hold. It returns the acquisition whose candidate is to be removed for it, nil if that is not the caller's to
// do, and the loss that came before, if any.
func (a *acquisition) letGo() (*acquisition, error) {
	err := a.hold.release()
	if a.tenure == nil {
		return a, err
	}
	return a.tenure.release(a), err
}

// abandon leaves the queue. It is false if the acquisition has succeeded already.
func (a *acquisition) abandon() bool {
	a.settle(gaveUp{context.Canceled})
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err != nil
}

// cleanUpPatience is how long a failed acquisition's caller waits to see its candidate removed.
const cleanUpPatience = 50 * time.Millisecond

// result waits for the acquisition. After a failure it gives the removal of the candidate a moment, so that as a rule
// nothing is left when the caller goes on.
func (a *acquisition) result() (*hold, error) {
	<-a.done.C()
	a.mu.Lock()
	h, err, patience := a.hold, a.err, cleanUpPatience
	if a.committed != nil {
		patience = 0 // spent already
	}
	a.mu.Unlock()
	if err == nil {
		return h, nil
	}
	select {
	case <-a.gone.C():
	case <-time.After(patience):
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removed != nil && !errors.Is(err, a.removed) {
		return nil, joinErrors(a.err, a.removed)
	}
	return nil, a.err
}
