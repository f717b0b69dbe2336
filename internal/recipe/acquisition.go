package recipe

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// Claim is what an acquisition wants, and how.
type Claim struct {
	Path   string // of the lock's znode
	Kind   queue.Kind
	Config *Config
	Try    bool        // give up at once if others are ahead
	Revoke *Revocation // what is done to those ahead; nil for nothing

	// Slot is the handle's room for one hold. A lost hold keeps its place there until it is
	// unlocked, so that within the process a handle excludes as a sync.Mutex does. nil where holds
	// may share a handle.
	Slot chan struct{}

	// Granted hands the hold to the handle, before anybody else hears of it.
	Granted func(*Acquisition)

	// Settled is told the outcome, if it is set.
	Settled func(*Acquisition, error)

	// queued is closed when there is a candidate; nil if nobody asks.
	queued chan struct{}
}

// Acquisition is one way through the queue, as its caller sees it. It makes a candidate, waits and is granted the lock on the
// caller's goroutine, or on one of its own; see run. Whoever releases the hold removes the candidate, and if that is lost, or
// nobody stays to see it removed, a goroutine does. In a cohort the candidate is another acquisition's.
//
//	waiting ──▶ held ──▶ gone
//	   └──────(failed)────┘
//
// A candidate that is lost while it waits, with its session or by removal, is replaced by one at the end of the queue.
type Acquisition struct {
	Claim
	locks   *Locks
	ctx     context.Context // bounds the waiting; ended by the caller's context, abandon, or Close
	cancel  context.CancelCauseFunc
	foreign bool   // ctx is derived from the caller's: Close has to cancel it
	done    signal // given by settle: acquired or failed
	gone    signal // no candidate is left

	candidate *candidate    // that was granted the lock; whoever ends the hold has it
	watched   chan struct{} // closed when the goroutine that watches over the hold has ended; nil if there is none

	cohort *Cohort       // that it goes through; nil if it has a candidate of its own
	place  *list.Element // among those who wait in the cohort, whose mutex guards it
	tenure *tenure       // of the cohort, that its hold is a part of

	mu        sync.Mutex  // guards the fields below
	detach    func() bool // undoes the call of onContextDone
	hold      *Hold       // of the current candidate
	err       error       // why nothing was acquired
	committed bool        // others were removed by force: give the grant a moment although ctx has ended
	removed   error       // how the removal of the candidate went, set before gone is given
}

// Revocation says how those ahead are made to leave.
type Revocation struct {
	Ask   bool          // write the revocation mark into their znodes
	Force bool          // remove those that are left after Grace
	Grace time.Duration // 0 for at once
}

// due returns a channel that receives when it is time for force, nil if it never is.
func (r *Revocation) due() <-chan time.Time {
	if !r.Force {
		return nil
	}
	return time.After(r.Grace)
}

// New returns an acquisition that is yet to be begun: with Begin, Acquire or Cohort.Acquire.
func (l *Locks) New(c Claim) *Acquisition { return &Acquisition{Claim: c, locks: l} }

// forcePatience is how long an acquisition whose context has ended still waits for the outcome of its own force.
// LockContext promises to return within 100 ms.
const forcePatience = 70 * time.Millisecond

// Begin goes through the queue on a goroutine.
func (a *Acquisition) Begin(ctx context.Context) {
	if a.queued == nil {
		a.queued = make(chan struct{})
	}
	a.bound(ctx)
	if !a.enter(ctx) {
		return
	}
	if a.Revoke != nil { // what removes others by force does not heed the context; the caller must not wait for that
		a.followContext(a.ctx)
	}
	go func() { // ends with the context, or granted; Close waits for it
		defer a.locks.client.Leave()
		a.run()
	}()
}

// Acquire goes through the queue on the caller's goroutine. It returns when that is settled, and if ctx ends, at once.
func (a *Acquisition) Acquire(ctx context.Context) {
	if ctx.Done() == nil {
		a.ctx, a.cancel = a.locks.client.Closing(), func(error) {}
	} else {
		a.bound(ctx)
	}
	if a.enter(ctx) {
		a.run()
		a.locks.client.Leave()
	}
}

// bound has the waiting end with ctx and with the Session.
func (a *Acquisition) bound(ctx context.Context) {
	if ctx.Done() == nil {
		ctx = a.locks.client.Closing()
	} else {
		a.foreign = true
	}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
}

// enter has Close wait for the acquisition. If it is false, that has failed.
func (a *Acquisition) enter(ctx context.Context) bool {
	a.hold = new(Hold)
	var refused error
	switch {
	case ctx.Err() != nil:
		refused = ensemble.ContextError(ctx)
	case !a.locks.client.Enter(a.canceler()):
		refused = ensemble.ErrClosed
	default:
		return true
	}
	a.settle(refused)
	a.gone.give()
	return false
}

// canceler is what Close has to cancel, nil if the context is derived from the Session's.
func (a *Acquisition) canceler() ensemble.Canceler {
	if a.foreign {
		return a
	}
	return nil
}

// Cancel ends the waiting, for Close.
func (a *Acquisition) Cancel(cause error) { a.cancel(cause) }

func (a *Acquisition) followContext(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Done() != nil {
		a.detach = context.AfterFunc(ctx, a.onContextDone)
	}
}

func (a *Acquisition) onContextDone() {
	a.mu.Lock()
	committed := a.committed
	a.mu.Unlock()
	if committed {
		select {
		case <-a.done.C():
		case <-time.After(forcePatience):
		}
	}
	a.settle(a.contextError())
}

func (a *Acquisition) contextError() error {
	if errors.Is(context.Cause(a.ctx), ensemble.ErrClosed) {
		return ensemble.ErrClosed
	}
	return ensemble.ContextError(a.ctx)
}

// settle decides how the acquisition ends: with an error, or with the hold if that is nil. It is false if that is decided
// already.
func (a *Acquisition) settle(err error) bool {
	if !a.decide(err) {
		return false
	}
	if a.foreign {
		a.locks.client.Unbind(a)
	}
	if a.Settled != nil {
		a.Settled(a, err)
	}
	if a.cohort != nil && err != nil {
		a.cohort.leave(a)
	}
	return true
}

func (a *Acquisition) decide(err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done.isGiven() {
		return false
	}
	a.err = err
	if err == nil {
		a.Granted(a)
	}
	if a.detach != nil {
		a.detach()
	}
	a.cancel(nil)
	a.done.give()
	return true
}

// Release ends the hold and removes its candidate, or waits for that, until ctx ends. The removal goes on in any case.
func (a *Acquisition) Release(ctx context.Context) error {
	alone := a.tenure == nil
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
		return ensemble.ContextError(ctx)
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
func (a *Acquisition) remove(ctx context.Context) {
	c, h := a.candidate, a.hold
	c.zs.young.drop(a)
	if a.watched != nil {
		<-a.watched // it has been told already
	}
	c.zs.Lease.Drop(h)
	if !a.locks.client.Enter(nil) { // Close is at work, and sees to it that this ends soon
		ctx = context.Background()
	} else {
		defer a.locks.client.Leave()
	}
	err := c.remove(ctx)
	if c.over {
		a.noteRemoved(c, err)
	} else {
		a.locks.client.Go(func() { a.noteRemoved(c, c.remove(context.Background())) }) // ends with the ZooKeeper session; Close waits for it
	}
}

// removeSoon is remove on a goroutine.
func (a *Acquisition) removeSoon() {
	a.locks.client.Go(func() { a.remove(context.Background()) }) // ends with the ZooKeeper session; Close waits for it
}

// noteRemoved tells how the removal of the candidate went. If a server has refused it, nobody else gets the lock while the session
// lives, and not everybody who unlocks looks at errors.
func (a *Acquisition) noteRemoved(c *candidate, err error) {
	if err != nil && !errors.Is(err, errVanished) && !isOver(err) {
		a.locks.client.Logger().Error("candidate not removed", "path", c.path, "error", err)
	}
	a.mu.Lock()
	a.removed = loss(err)
	a.mu.Unlock()
	a.gone.give()
}

// letGo ends the hold. It returns the acquisition whose candidate is to be removed for it, nil if that is not the caller's to
// do, and the loss that came before, if any.
func (a *Acquisition) letGo() (*Acquisition, error) {
	err := a.hold.release()
	if a.tenure == nil {
		return a, err
	}
	return a.tenure.release(a), err
}

// Abandon leaves the queue. It is false if the acquisition has succeeded already.
func (a *Acquisition) Abandon() bool {
	a.settle(context.Canceled)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err != nil
}

// cleanUpPatience is how long a failed acquisition's caller waits to see its candidate removed.
const cleanUpPatience = 50 * time.Millisecond

// Result waits for the acquisition. After a failure it gives the removal of the candidate a moment, so that as a rule
// nothing is left when the caller goes on.
func (a *Acquisition) Result() (*Hold, error) {
	<-a.done.C()
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
	case <-a.gone.C():
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

// Queued returns a channel that is closed when there is a candidate in the queue.
func (a *Acquisition) Queued() <-chan struct{} { return a.queued }

// Done returns a channel that is closed when the acquisition has succeeded or failed.
func (a *Acquisition) Done() <-chan struct{} { return a.done.C() }

// Released returns a channel that is closed when no candidate is left.
func (a *Acquisition) Released() <-chan struct{} { return a.gone.C() }

// InCohort reports whether the hold is passed on by a cohort, with its place in the slot.
func (a *Acquisition) InCohort() bool { return a.tenure != nil }

// Err returns why the acquisition has failed, nil if it has not.
func (a *Acquisition) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Hold returns the hold of the current candidate.
func (a *Acquisition) Hold() *Hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hold
}

// Drop ends the hold, and does not wait for the removal of its candidate.
func (a *Acquisition) Drop() {
	if _, err := a.letGo(); err == nil && a.tenure == nil {
		a.removeSoon()
	}
}
