package zklock

import (
	"container/list"
	"context"
	"errors"
	"math"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// cohort lets the goroutines of one handle share one candidate: what is asked for through the handle waits here, in order of
// arrival, and the hold goes from one to the next without the network (lock cohorting: Dice, Marathe and Shavit, PPoPP
// 2012). A reader's cohort has any number hold at once.
//
// Others who queue in ZooKeeper must not wait for long. By one candidate n are granted the lock from the moment at which it was
// last known that nobody else queues; and to know it, the queue is listed while the hold is passed on. So whoever comes
// into the queue waits for n grants at most, however fast they follow each other.
type cohort struct {
	s     *Session
	claim claim // of its candidates
	most  int   // n

	mu      sync.Mutex // guards the fields below and those of the tenures, and comes before acquisition.mu
	waiting list.List  // of *acquisition, in order of arrival
	tenure  *tenure    // that those who wait, wait for; nil if nobody does
}

// tenure is the time in which the cohort has one candidate.
//
//	queued ──▶ held, passed on and on ──▶ over
//	   └────(nobody waits any more)─────────▲
type tenure struct {
	co      *cohort
	wait    context.Context // bounds the queueing
	giveUp  context.CancelFunc
	queued  chan struct{} // closed when there is a candidate
	unwatch func() bool   // of the Session's closing

	queueing *acquisition              // in ZooKeeper; nil until that has begun
	base     *acquisition              // in ZooKeeper; nil until the lock is acquired
	members  map[*acquisition]struct{} // whose candidate is not known to be gone, or passed on
	last     *acquisition              // that released the lock when the tenure became idle
	out      int                       // holds that are not released
	grants   uint32                    // so far
	counted  int                       // grants that somebody in ZooKeeper's queue may have had to wait for
	limit    int                       // of counted
	checking bool                      // whether others queue
	others   bool                      // they do
	idle     bool                      // nobody holds the lock until the check under way tells whether it may be passed on
}

func newCohort(s *Session, c claim, most int) *cohort {
	return &cohort{s: s, claim: c, most: most}
}

// acquire begins an acquisition through the cohort.
func (co *cohort) acquire(ctx context.Context, a *acquisition) {
	co.mu.Lock()
	if co.tenure != nil {
		a.queued = co.tenure.queued
	} else {
		a.queued = make(chan struct{})
	}
	a.hold, a.begun, a.cohort = new(hold), time.Now(), co
	a.ctx, a.cancel = ctx, func(error) {}
	var refused error
	switch {
	case co.s.closing.Err() != nil:
		refused = ErrClosed
	case ctx.Err() != nil:
		refused = contextError(ctx)
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
func (co *cohort) joinLocked(a *acquisition) bool {
	t := co.tenure
	if t == nil || t.base == nil || co.claim.kind.Exclusive() {
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
func (co *cohort) beginLocked() *tenure {
	if co.tenure != nil || co.waiting.Len() == 0 {
		return nil
	}
	t := &tenure{co: co, limit: co.most, queued: make(chan struct{}), members: make(map[*acquisition]struct{})}
	t.wait, t.giveUp = context.WithCancel(context.Background())
	co.tenure = t
	return t
}

// queue has a new tenure, if there is one, queue in ZooKeeper. The cohort's mutex is not held.
func (co *cohort) queue(t *tenure) {
	if t == nil {
		return
	}
	t.unwatch = context.AfterFunc(co.s.closing, co.close)
	base := &acquisition{s: co.s}
	base.claim = co.claim
	base.granted = func(*acquisition) {}
	base.settled, base.left = t.settled, t.left
	base.queued = t.queued
	co.mu.Lock()
	t.queueing = base
	co.mu.Unlock()
	base.begin(t.wait) // tells t.settled
}

// settled is told how the queueing in ZooKeeper has ended.
func (t *tenure) settled(base *acquisition, err error) {
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
		if !co.claim.kind.Exclusive() && co.waiting.Len() > 0 {
			co.tenure = nil // the hold was lost meanwhile
		}
	}
	begun := t.endUnlessUsedLocked()
	co.mu.Unlock()
	co.queue(begun)
}

// waitingLocked returns everybody who waits now.
func (co *cohort) waitingLocked() (waiting []*acquisition) {
	for e := co.waiting.Front(); e != nil; e = e.Next() {
		waiting = append(waiting, e.Value.(*acquisition))
	}
	return waiting
}

// letDown has acquisitions fail that wait in a cohort. Its mutex is not held.
func letDown(waiting []*acquisition, err error) {
	for _, a := range waiting {
		a.settle(err) // and so leave
	}
}

// close lets everybody down when the Session is closed.
func (co *cohort) close() {
	co.mu.Lock()
	waiting := co.waitingLocked()
	co.mu.Unlock()
	letDown(waiting, ErrClosed)
}

// leave is told that an acquisition has failed.
func (co *cohort) leave(a *acquisition) {
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
	return t.counted < t.limit && t.grants < math.MaxUint32 && t.base.hold.stands()
}

// grantLocked gives a part of the hold to one. It is false if that one has given up, or the hold is not as it should be.
func (t *tenure) grantLocked(a *acquisition) bool {
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
	t.members[a] = struct{}{}
	return true
}

// grantNextLocked grants the lock to whoever has waited longest, or to every reader. That the candidate was asked to make way is
// theirs to heed: whoever leaves ungranted for that would begin behind those who ask, and be asked again.
func (t *tenure) grantNextLocked() {
	waiting := &t.co.waiting
	for e := waiting.Front(); e != nil; e = waiting.Front() {
		a := e.Value.(*acquisition)
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
		} else if t.co.claim.kind.Exclusive() {
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
	wanted := t.co.waiting.Len() > 0 || !t.co.claim.kind.Exclusive()
	if !wanted || t.checking || t.others || t.limit-t.counted > t.co.most/2 {
		return
	}
	t.checking = true
	began := t.counted
	if !t.co.s.start(func() { t.check(began) }) { // ends with its request, or the ZooKeeper session; Close waits for it
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
		t.dismissLocked(t.last)
	}
	co.mu.Unlock()
	co.queue(begun)
}

func (t *tenure) look() (others bool, err error) {
	h, claim := t.base.hold, t.co.claim
	zs, ctx := h.lease.zs, h.lasting()
	l, err := zs.roster.list(ctx, claim.path)
	if err != nil {
		return false, err
	}
	own := path.Base(h.path)
	q := slices.DeleteFunc(queue.OrderAny(l.children), func(c queue.Candidate) bool {
		return c.Name == own || !claim.kind.Exclusive() && !c.Kind.Exclusive()
	})
	slices.Reverse(q) // those who came last are there most likely
	voice := claim.cfg.voice(claim.kind)
	err = zs.stats(ctx, claim.path, q, func(c queue.Candidate, stat *zk.Stat) error {
		if stat != nil && isCandidate(voice, c, stat.EphemeralOwner) {
			return ErrLocked // no need to look at the others
		}
		return nil
	})
	if errors.Is(err, ErrLocked) {
		return true, nil
	}
	return false, err
}

// release takes a hold back that its holder has released or lost. It returns the acquisition whose candidate is removed
// for it, nil if there is none because others hold the lock, or will.
func (t *tenure) release(a *acquisition) *acquisition {
	co := t.co
	co.mu.Lock()
	t.out--
	var begun *tenure
	if t.out == 0 {
		begun = t.goOnLocked()
	}
	over := t.out == 0 && !t.idle
	if t.last = a; !t.idle {
		t.dismissLocked(a)
	}
	co.mu.Unlock()
	co.queue(begun)
	if !over {
		return nil
	}
	return t.base
}

// dismissLocked tells one that has released its hold that the candidate is others' now. If it is nobody's, t.left tells.
func (t *tenure) dismissLocked(a *acquisition) {
	if t.out > 0 && t.base.hold.stands() {
		delete(t.members, a)
		a.gone.give()
	}
}

// left is told that the candidate is gone.
func (t *tenure) left() {
	t.co.mu.Lock()
	defer t.co.mu.Unlock()
	for a := range t.members {
		a.gone.give()
	}
	t.members = nil
}

// goOnLocked passes the hold on, which nobody has, or ends the tenure. It returns the next one if that is to be queued.
func (t *tenure) goOnLocked() *tenure {
	if t.co.claim.kind.Exclusive() && t.co.waiting.Len() > 0 {
		if t.mayPass() {
			if t.grantNextLocked(); t.out > 0 {
				t.countLocked()
				return nil
			}
		}
		t.checkLocked()
		if t.checking && t.co.waiting.Len() > 0 && t.base.hold.stands() {
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
		if t.base.slot != nil {
			t.base.slot.leave()
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
