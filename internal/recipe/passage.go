package recipe

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Passage is an acquisition that goes through the queue with a candidate of its own. It makes the
// candidate, waits and is granted the lock on the caller's goroutine, or on one of its own; see
// run. The goroutine that releases the hold removes the candidate. If the hold is lost, or the
// caller does not wait for the removal, another goroutine does.
//
// A candidate that is lost while it waits, with its session or by removal, is replaced by one at
// the end of the queue.
type Passage struct {
	Acquisition
	cancel  context.CancelCauseFunc
	foreign bool // ctx is derived from the caller's: Close has to cancel it
	// its candidates look at all children ahead before they wait for them or are refused
	sifts     bool
	onSettled func(*Passage, error) // is called with the outcome; may be nil
	onLeft    func()                // is called when no candidate is left; may be nil

	force *commitment // set once others are removed by force, and guarded by mu

	// that occupied the handle when the candidate was first: it is lost, whether or not it was told
	obstacle *Hold

	// the last that was made; if it was granted the lock, the goroutine that ends the hold has it
	latest  atomic.Pointer[candidate]
	watched *holdWatch // of the hold; nil if there is none

	downgrade atomic.Pointer[downgrade] // the last; nil if there was none
}

// commitment gives the grant a moment although the passage's ctx has ended, because others are
// removed for it.
type commitment struct {
	ctx context.Context // ends when the acquisition is settled
	end context.CancelFunc
}

// New returns a passage that is yet to be begun.
func (l *Locks) New(c Claim) *Passage {
	p := &Passage{Acquisition: Acquisition{Claim: c, locks: l, observer: l.observer}}
	p.route = p
	return p
}

// forcePatience is how long an acquisition whose context has ended still waits for the outcome of
// its own force. LockContext promises to return within 100 ms.
const forcePatience = 70 * time.Millisecond

// bound ends the waiting with ctx and with the client.
func (p *Passage) bound(ctx context.Context) {
	if ctx.Done() == nil {
		ctx = p.locks.client.Closing()
	} else {
		p.foreign = true
	}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
}

// enter has Close wait until no candidate of the passage is left; see leave. If it is false, the
// acquisition has failed.
func (p *Passage) enter(ctx context.Context) bool {
	p.hold, p.begun = p.newHold(), time.Now()
	p.locks.waiting.add(&p.Acquisition)
	switch {
	case ctx.Err() != nil:
		p.fail(ensemble.ContextError(ctx))
	case !p.locks.client.Enter(p.canceler()):
		p.fail(ensemble.ErrClosed)
	default:
		return true
	}
	return false
}

// leave tells that no candidate is left. It is called once after enter, and is the last that the
// passage does: all goroutines that it starts are part of the work that Close waits for.
func (p *Passage) leave() {
	p.gone.give()
	if p.onLeft != nil {
		p.onLeft()
	}
	p.locks.client.Leave()
}

// canceler is what Close has to cancel, nil if the context is derived from the client's.
func (p *Passage) canceler() ensemble.Canceler {
	if p.foreign {
		return p
	}
	return nil
}

// Cancel ends the waiting, for Close.
func (p *Passage) Cancel(cause error) { p.cancel(cause) }

func (p *Passage) onContextDone() {
	p.mu.Lock()
	committed := p.force != nil
	p.mu.Unlock()
	if committed {
		select {
		case <-p.done.C():
		case <-time.After(forcePatience):
		}
	}
	p.settle(p.explained())
}

// commit decides that others are removed by force, unless the acquisition has failed already. It
// returns the context for that and what follows, which ends when the acquisition is settled.
func (p *Passage) commit() (ctx context.Context, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.force == nil {
		if p.ctx.Err() != nil {
			return nil, false
		}
		p.force = new(commitment)
		p.force.ctx, p.force.end = context.WithCancel(context.WithoutCancel(p.ctx))
	}
	return p.force.ctx, !p.done.isGiven()
}

// granted settles the acquisition with the hold of the latest candidate. It is false if the
// acquisition has failed already.
func (p *Passage) granted() bool {
	c := p.latest.Load()
	c.wake = nil // is of no more use: nothing is waited for
	if !p.settle(nil) {
		return false
	}
	c.zs.newHolds.add(p)
	c.hold.removeWhenLost(p)
	return true
}

// settled ends what the passage has registered.
func (p *Passage) settled(err error) {
	p.cancel(nil)
	p.mu.Lock()
	force := p.force
	p.mu.Unlock()
	if force != nil {
		force.end()
	}
	if p.foreign {
		p.locks.client.Unbind(p)
	}
	if p.onSettled != nil {
		p.onSettled(p, err)
	}
}

// letGo frees the handle. The candidate of a hold that is lost is being removed already.
func (p *Passage) letGo(_ time.Time, lost error) (of *Passage, mine bool) {
	p.leaveSlot()
	return p, lost == nil
}

func (p *Passage) leaveSlot() {
	if p.Slot != nil {
		p.Slot.leave()
	}
}

func (p *Passage) alone() *Passage { return p }

func (p *Passage) cleanUp() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.force != nil {
		return 0 // onContextDone has waited
	}
	return cleanUpPatience
}

// freshHold returns the hold for the next candidate. One that was revoked does not serve: the mark
// was the last candidate's.
func (p *Passage) freshHold() *Hold {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold.revoked.isGiven() && !p.done.isGiven() {
		p.hold = p.newHold()
	}
	return p.hold
}

// remove takes the candidate of a hold that is over out of the queue: as far as it comes until ctx
// ends, and then on a goroutine. It is called once.
func (p *Passage) remove(ctx context.Context) {
	c := p.latest.Load()
	if d := p.downgrade.Load(); d != nil {
		<-d.done // it has been told already, as has the watch
	}
	p.endWatch()
	c.zs.Lease.Drop(p.hold.tenure)
	c.doubted = errors.Is(p.hold.State(), ensemble.ErrRemoved)
	err := c.remove(ctx)
	if c.isOver() {
		p.onRemoved(c, err)
	} else {
		// Ends with the ZooKeeper session; Close waits for it.
		p.locks.client.Go(func() { p.onRemoved(c, c.remove(context.Background())) })
	}
}

// removeSoon is remove on a goroutine.
func (p *Passage) removeSoon() {
	// ends with the ZooKeeper session; Close waits for it
	p.locks.client.Go(func() { p.remove(context.Background()) })
}

// giveUp removes the candidate of an acquisition that has failed.
func (p *Passage) giveUp(c *candidate) {
	err := c.remove(context.Background())
	if errors.Is(err, ErrVanished) || isOver(err) {
		err = nil // it is gone, which is all that was wanted
	}
	p.onRemoved(c, err)
}

// onRemoved notes the outcome of the candidate's removal. If a server has refused it, the session
// is given up: otherwise no other client would get the lock while the session lives, and not every
// caller of Unlock looks at errors.
func (p *Passage) onRemoved(c *candidate, err error) {
	if err != nil && !errors.Is(err, ErrVanished) && !isOver(err) {
		p.locks.logNotRemoved(c.path, err)
		p.locks.noteSticky(c.dir)
		c.zs.End(errStuck)
	}
	p.mu.Lock()
	p.removed = loss(err)
	p.mu.Unlock()
	p.leave()
}

// awaitRemoval waits until the candidate is removed, and returns how that went. It fails
// with ctx, and says for how long the release went on, which had begun then.
func (p *Passage) awaitRemoval(ctx context.Context, begun time.Time) error {
	select {
	case <-p.gone.C():
	case <-ctx.Done():
		return p.locks.client.Explain(ensemble.ContextError(ctx), begun, ensemble.NoAnswer)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.removed, ErrVanished) {
		return errRemoved
	}
	return p.removed
}

// waitedFor returns what the passage waits for, unless it is a connection.
func (p *Passage) waitedFor() ensemble.Obstacle {
	c := p.latest.Load()
	if c == nil {
		return ensemble.NoAnswer
	}
	switch st := c.standing.Load(); st {
	case nil:
		return ensemble.NoAnswer
	case isFirst:
		return ensemble.Obstacle{Text: "it is first in the queue, and waits for the proof that its session lasts"}
	case isBehindOwner:
		return ensemble.Obstacle{Text: "it is first in the queue, and its handle has a hold that is not unlocked"}
	default:
		if st.room != nil {
			return ensemble.Obstacle{Text: "it is first in the queue; " + *st.room}
		}
		return ensemble.Obstacle{Text: st.describe()}
	}
}
