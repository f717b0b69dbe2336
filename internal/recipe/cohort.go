package recipe

import (
	"container/list"
	"context"
	"math"
	"path"
	"sync"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Cohort lets the goroutines of one handle share one candidate: what is asked for through the handle waits here, in order of
// arrival, and the hold goes from one to the next without the network (lock cohorting: Dice, Marathe and Shavit, PPoPP
// 2012). A reader's cohort has any number hold at once.
//
// Others who queue in ZooKeeper must not wait for long. By one candidate n are granted the lock from the moment at which it was
// last known that nobody else queues; and to know it, the queue is listed while the hold is passed on. So whoever comes
// into the queue waits for n grants at most, however fast they follow each other.
type Cohort struct {
	locks *Locks
	claim Claim // of its candidates
	most  int   // n

	mu      sync.Mutex // guards the fields below and those of the tenures, and comes before Acquisition.mu
	waiting list.List  // of *Acquisition, in order of arrival
	tenure  *tenure    // that those who wait, wait for; nil if nobody does
}

// tenure is the time in which the cohort has one candidate.
//
//	queued ──▶ held, passed on and on ──▶ over
//	   └────(nobody waits any more)─────────▲
type tenure struct {
	co      *Cohort
	wait    context.Context // bounds the queueing
	giveUp  context.CancelFunc
	queued  chan struct{} // closed when there is a candidate
	unwatch func() bool   // of the Session's closing

	base     *Acquisition // in ZooKeeper; nil until the lock is acquired
	out      int          // holds that are not released
	grants   uint32       // so far
	counted  int          // grants that somebody in ZooKeeper's queue may have had to wait for
	limit    int          // of counted
	checking bool         // whether others queue
	others   bool         // they do
	idle     bool         // nobody holds the lock until the check under way tells whether it may be passed on
}

// NewCohort returns a cohort whose candidates have the given claim, and which passes each hold on up
// to most times while others queue.
func NewCohort(l *Locks, c Claim, most int) *Cohort {
	return &Cohort{locks: l, claim: c, most: most}
}

// Acquire begins an acquisition through the cohort.
func (co *Cohort) Acquire(ctx context.Context, a *Acquisition) {
	co.mu.Lock()
	if co.tenure != nil {
		a.queued = co.tenure.queued
	} else {
		a.queued = make(chan struct{})
	}
	a.hold, a.cohort = new(Hold), co
	a.ctx, a.cancel = ctx, func(error) {}
	var refused error
	switch {
	case co.locks.client.Closing().Err() != nil:
		refused = ensemble.ErrClosed
	case ctx.Err() != nil:
		refused = ensemble.ContextError(ctx)
	case co.joinLocked(a):
		co.mu.Unlock()
		return
	}
	if refused != nil {
		co.mu.Unlock()
		a.settle(refused)
		a.gone.give()
		return
	}
	a.followContext(ctx)
	a.place = co.waiting.PushBack(a)
	begun := co.beginLocked()
	if begun != nil {
		a.queued = begun.queued
	}
	co.mu.Unlock()
	co.queue(begun)
}

// joinLocked lets a reader in that need not wait.
func (co *Cohort) joinLocked(a *Acquisition) bool {
	t := co.tenure
	if t == nil || t.base == nil || co.claim.Kind.Exclusive() {
		return false
	}
	if t.mayPass() && t.grantLocked(a) {
		t.countLocked()
		return true
	}
	co.tenure = nil // those who are in stay in; the next candidate queues behind whoever it must wait for
	return false
}

// beginLocked returns a new tenure, to be queued, if one is wanted.
func (co *Cohort) beginLocked() *tenure {
	if co.tenure != nil || co.waiting.Len() == 0 {
		return nil
	}
	t := &tenure{co: co, limit: co.most, queued: make(chan struct{})}
	t.wait, t.giveUp = context.WithCancel(context.Background())
	co.tenure = t
	return t
}

// queue has a new tenure, if there is one, queue in ZooKeeper. The cohort's mutex is not held.
func (co *Cohort) queue(t *tenure) {
	if t == nil {
		return
	}
	t.unwatch = context.AfterFunc(co.locks.client.Closing(), co.close)
	base := co.locks.New(co.claim)
	base.Granted = func(*Acquisition) {}
	base.Settled = t.settled
	base.queued = t.queued
	base.Begin(t.wait) // tells t.settled
}

// settled is told how the queueing in ZooKeeper has ended.
func (t *tenure) settled(base *Acquisition, err error) {
	co := t.co
	co.mu.Lock()
	if err != nil && co.tenure == t { // it was not given up
		co.tenure = nil
		waiting := co.waitingLocked()
		co.mu.Unlock()
		t.over()
		letDown(waiting, err)
		return
	}
	if err == nil {
		t.base = base
	}
	if err == nil && co.tenure == t { // otherwise nobody waits for it any more
		if t.grantNextLocked(); t.out > 0 {
			t.countLocked()
		}
		if !co.claim.Kind.Exclusive() && co.waiting.Len() > 0 {
			co.tenure = nil // the hold was lost meanwhile
		}
	}
	begun := t.endUnlessUsedLocked()
	co.mu.Unlock()
	co.queue(begun)
}

// waitingLocked returns everybody who waits now.
func (co *Cohort) waitingLocked() (waiting []*Acquisition) {
	for e := co.waiting.Front(); e != nil; e = e.Next() {
		waiting = append(waiting, e.Value.(*Acquisition))
	}
	return waiting
}

// letDown has acquisitions fail that wait in a cohort. Its mutex is not held.
func letDown(waiting []*Acquisition, err error) {
	for _, a := range waiting {
		a.settle(err) // and so leave
	}
}

// close lets everybody down when the Session is closed.
func (co *Cohort) close() {
	co.mu.Lock()
	waiting := co.waitingLocked()
	co.mu.Unlock()
	letDown(waiting, ensemble.ErrClosed)
}

// leave is told that an acquisition has failed.
func (co *Cohort) leave(a *Acquisition) {
	co.mu.Lock()
	defer co.mu.Unlock()
	if a.place == nil {
		return // it has not come to wait
	}
	co.waiting.Remove(a.place)
	a.place = nil
	a.gone.give()
	if t := co.tenure; t != nil && t.base == nil && co.waiting.Len() == 0 {
		co.tenure = nil // whoever comes now has another candidate
		t.giveUp()      // t.settled goes on from there
	}
}

// mayPass reports whether one more may be granted the lock.
func (t *tenure) mayPass() bool {
	return t.counted < t.limit && t.grants < math.MaxUint32 && t.base.hold.Stands()
}

// grantLocked gives a part of the hold to one. It is false if that one has given up, or the hold is not as it should be.
func (t *tenure) grantLocked(a *Acquisition) bool {
	if !t.base.hold.divide(a.hold, t.grants) {
		return false
	}
	a.tenure = t
	if !a.settle(nil) {
		a.tenure = nil
		a.hold.release()
		return false
	}
	t.grants++
	t.out++
	return true
}

// grantNextLocked grants the lock to whoever has waited longest, or to every reader. That the candidate was asked to make way is
// theirs to heed: whoever leaves ungranted for that would begin behind those who ask, and be asked again.
func (t *tenure) grantNextLocked() {
	waiting := &t.co.waiting
	for e := waiting.Front(); e != nil; e = waiting.Front() {
		a := e.Value.(*Acquisition)
		if t.base.hold.isLost() || t.grants == math.MaxUint32 {
			return
		}
		granted := t.grantLocked(a)
		if !granted && !a.done.isGiven() {
			return // the hold was lost just now
		}
		waiting.Remove(e)
		a.place = nil
		if !granted {
			a.gone.give() // it has given up
		} else if t.co.claim.Kind.Exclusive() {
			return
		}
	}
}

// countLocked counts a grant that others may have had to wait for.
func (t *tenure) countLocked() {
	t.counted++
	t.checkLocked()
}

// checkLocked begins to look who queues, in time before the limit is reached, unless nobody here wants the lock.
func (t *tenure) checkLocked() {
	wanted := t.co.waiting.Len() > 0 || !t.co.claim.Kind.Exclusive()
	if !wanted || t.checking || t.others || t.limit-t.counted > t.co.most/2 {
		return
	}
	t.checking = true
	began := t.counted
	if !t.co.locks.client.Start(func() { t.check(began) }) { // ends with its request, or the ZooKeeper session; Close waits for it
		t.checking, t.others = false, true
	}
}

// check looks whether anybody else queues. If not, n more may be granted the lock from when it began to look.
func (t *tenure) check(began int) {
	others, err := t.look()
	co := t.co
	co.mu.Lock()
	t.checking = false
	if err != nil || others {
		t.others = true
	} else {
		t.limit = began + co.most
	}
	var begun *tenure
	if t.idle {
		t.idle = false
		begun = t.goOnLocked()
	}
	co.mu.Unlock()
	co.queue(begun)
}

func (t *tenure) look() (others bool, err error) {
	h := t.base.hold
	q, err := t.base.candidate.zs.roster.read(h.lasting(), t.co.claim.Path)
	for _, c := range q {
		if c.Name != path.Base(h.path) && (t.co.claim.Kind.Exclusive() || c.Kind.Exclusive()) {
			others = true
		}
	}
	return others, err
}

// release takes a hold back that its holder has released or lost. It returns the acquisition whose candidate is removed
// for it, nil if there is none because others hold the lock, or will.
func (t *tenure) release(a *Acquisition) *Acquisition {
	co := t.co
	co.mu.Lock()
	t.out--
	a.gone.give()
	var begun *tenure
	if t.out == 0 {
		begun = t.goOnLocked()
	}
	over := t.out == 0 && !t.idle
	co.mu.Unlock()
	co.queue(begun)
	if !over {
		return nil
	}
	return t.base
}

// goOnLocked passes the hold on, which nobody has, or ends the tenure. It returns the next one if that is to be queued.
func (t *tenure) goOnLocked() *tenure {
	if t.co.claim.Kind.Exclusive() && t.co.waiting.Len() > 0 {
		if t.mayPass() {
			if t.grantNextLocked(); t.out > 0 {
				t.countLocked()
				return nil
			}
		}
		if t.checkLocked(); t.checking && t.base.hold.Stands() {
			t.idle = true
			return nil
		}
	}
	return t.endUnlessUsedLocked()
}

// endUnlessUsedLocked ends the tenure if nobody holds the lock by it. It returns the next one if that is to be queued.
func (t *tenure) endUnlessUsedLocked() *tenure {
	if t.out > 0 {
		return t.co.beginLocked()
	}
	if t.co.tenure == t {
		t.co.tenure = nil
	}
	if t.base != nil {
		if t.base.Slot != nil {
			<-t.base.Slot
		}
		if t.base.hold.release() == nil { // otherwise it was lost, and is being removed already
			t.base.removeSoon()
		}
	}
	t.over()
	return t.co.beginLocked()
}

// over ends what the tenure has registered.
func (t *tenure) over() {
	t.giveUp()
	t.unwatch()
}
