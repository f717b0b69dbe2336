package recipe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// Claim is what an acquisition wants, and how.
type Claim struct {
	Path    string // of the lock's or semaphore's znode
	Kind    queue.Kind
	Try     bool  // give up at once if others are ahead
	Keeps   bool  // the hold may be kept; see idle.go
	Permits int32 // how many, of a semaphore
	Config  *Config
	Revoke  *Revocation // what is done to predecessors; nil for nothing

	Slot  *Slot  // of the handle; nil where holds may share it
	Sight *Sight // the handle's

	// Granted passes the hold to the handle. Only the Observer is told of the grant earlier.
	Granted func(*Acquisition)

	Trace context.Context // the Observer's; nil if it has none
}

// Acquisition is one request for a lock, as its caller sees it. It succeeds or fails, once; if it
// has succeeded, its hold ends, once. How it comes to the hold is another's matter: a Passage
// through the queue, or a place in a Cohort.
//
//	waiting ──▶ granted ──▶ released
//	   └──────▶ failed
type Acquisition struct {
	Claim
	route    route
	locks    *Locks
	observer *Observer
	ctx      context.Context // bounds the waiting
	begun    time.Time
	queued   chan struct{} // closed when there is a candidate; nil if it is not wanted
	done     signal        // granted or failed
	gone     signal        // no candidate is left

	first Hold // of the first candidate

	mu      sync.Mutex  // guards the fields below
	detach  func() bool // undoes follow
	hold    *Hold       // of the current candidate
	err     error       // why it has failed
	removed error       // how the removal of the candidate went, set before gone is given
}

// route is how an acquisition comes to its hold, and what becomes of that.
type route interface {
	// settled is told once that the acquisition is granted the lock, or why it has failed.
	settled(err error)

	// letGo is told once that the hold is over, just now, and with which loss. It returns the passage
	// whose candidate goes with the hold, nil if others hold the lock by it, and whether its removal
	// is the caller's to do.
	letGo(now time.Time, lost error) (p *Passage, mine bool)

	// alone returns the passage whose candidate the hold has, which serves this hold alone from now
	// on.
	alone() *Passage

	// waitedFor returns what the acquisition waits for, unless it is a connection.
	waitedFor() ensemble.Obstacle

	// cleanUp returns for how long the caller of a failed acquisition waits to see its candidate
	// removed.
	cleanUp() time.Duration
}

// cleanUpPatience is what cleanUp returns as a rule.
const cleanUpPatience = 50 * time.Millisecond

// follow calls f when the context ends, until the acquisition is settled.
func (a *Acquisition) follow(ctx context.Context, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.detach = context.AfterFunc(ctx, f)
}

// ended is why the acquisition's context has ended: the client was closed, or the caller gave up.
func (a *Acquisition) ended() error {
	if ensemble.EndedByClose(a.ctx) {
		return ensemble.ErrClosed
	}
	return ensemble.ContextError(a.ctx)
}

// explained is ended with what the acquisition has waited for.
func (a *Acquisition) explained() error {
	return a.locks.client.Explain(a.ended(), a.begun, a.route.waitedFor())
}

// settle decides how the acquisition ends: with an error, or with the hold if that is nil. It is
// false if that is decided already.
func (a *Acquisition) settle(err error) bool { return a.settleAt(time.Now(), err) }

// settleAt is settle for a caller that has just looked at the clock.
func (a *Acquisition) settleAt(now time.Time, err error) bool {
	if !a.decide(now, err) {
		return false
	}
	a.route.settled(err)
	return true
}

func (a *Acquisition) decide(now time.Time, err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done.isGiven() {
		return false
	}
	a.err = err
	a.locks.waiting.drop(a)
	if err == nil {
		a.hold.grant(now)
		a.Granted(a)
	} else {
		a.observer.Settled(a, now.Sub(a.begun), err)
	}
	if a.detach != nil {
		a.detach()
	}
	a.done.give()
	return true
}

// fail settles an acquisition that has no candidate.
func (a *Acquisition) fail(err error) {
	a.settle(err)
	a.gone.give()
}

// Queued returns a channel that is closed when there is a candidate in the queue.
func (a *Acquisition) Queued() <-chan struct{} { return a.queued }

// Done returns a channel that is closed when the acquisition has succeeded or failed.
func (a *Acquisition) Done() <-chan struct{} { return a.done.C() }

// Released returns a channel that is closed when no candidate is left.
func (a *Acquisition) Released() <-chan struct{} { return a.gone.C() }

// Err returns why the acquisition has failed, nil if it has not.
func (a *Acquisition) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Begun returns when the acquisition was asked for.
func (a *Acquisition) Begun() time.Time { return a.begun }

// Ahead says what the acquisition waits for.
func (a *Acquisition) Ahead() string { return a.locks.client.Awaited(a.route.waitedFor()) }

// Hold returns the hold of the current candidate.
func (a *Acquisition) Hold() *Hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hold
}

// Result waits for the acquisition. After a failure it gives the removal of the candidate a moment,
// so that as a rule nothing is left when the caller goes on.
func (a *Acquisition) Result() (*Hold, error) {
	if !a.done.isGiven() {
		<-a.done.C()
	}
	a.mu.Lock()
	h, err := a.hold, a.err
	a.mu.Unlock()
	if err == nil {
		return h, nil
	}
	select {
	case <-a.gone.C():
	case <-time.After(a.route.cleanUp()):
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removed != nil && !errors.Is(err, a.removed) {
		return nil, ensemble.JoinErrors(a.err, a.removed)
	}
	return nil, a.err
}

// Abandon leaves the queue. It is false if the acquisition has succeeded already.
func (a *Acquisition) Abandon() bool {
	a.settle(ensemble.GaveUp{Why: context.Canceled})
	return a.Err() != nil
}

// Release ends the hold and waits until its candidate is removed, if no other holds the lock by it,
// or until ctx ends. The removal goes on in any case. If the hold had been lost, Release returns
// the loss.
func (a *Acquisition) Release(ctx context.Context) error {
	r, err := a.letGo()
	if r.passage == nil {
		return err
	}
	return r.finish(ctx)
}

// ReleaseWithin is Release with a context that ends after d.
func (a *Acquisition) ReleaseWithin(d time.Duration) error {
	r, err := a.letGo()
	if r.passage == nil { // and no context is needed, which costs as much as the rest
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return r.finish(ctx)
}

// release is the end of a hold whose candidate is to be removed.
type release struct {
	a       *Acquisition
	begun   time.Time
	passage *Passage // whose candidate it is; nil if nothing is left to do
	mine    bool     // the removal is the caller's to do
}

// letGo ends the hold. It returns the loss if the hold had been lost.
func (a *Acquisition) letGo() (r release, lost error) {
	r = release{a: a, begun: time.Now()}
	lost = a.hold.release(r.begun)
	p, mine := a.route.letGo(r.begun, lost)
	switch {
	case lost != nil:
	case p == nil:
		a.observer.Released(a, a.hold.held, 0, nil)
	default:
		r.passage, r.mine = p, mine
	}
	return r, lost
}

// finish waits until the candidate is removed, or until ctx ends.
func (r release) finish(ctx context.Context) error {
	if r.mine {
		r.passage.remove(ctx)
	}
	err := r.passage.awaitRemoval(ctx, r.begun)
	r.a.observer.Released(r.a, r.a.hold.held, time.Since(r.begun), err)
	return err
}

// Drop ends the hold, and does not wait for the removal of its candidate.
func (a *Acquisition) Drop() {
	r, _ := a.letGo()
	if r.passage == nil {
		return
	}
	if r.mine {
		r.passage.removeSoon()
	}
	a.observer.Released(a, a.hold.held, 0, nil)
}

func (a *Acquisition) newHold() *Hold {
	h := &a.first
	if h.of != nil {
		h = new(Hold)
	}
	h.of, h.reads = a, !a.Kind.Exclusive()
	return h
}
