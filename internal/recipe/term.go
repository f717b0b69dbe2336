package recipe

// This is how the members of a cohort share a candidate.

import (
	"context"
	"errors"
	"math"
	"path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// term is the time in which the cohort has one candidate.
//
//	queueing ──▶ held ◀──▶ idle, resting
//	    │          └──────────┴──▶ ended
//	    └──(no member waits any more)─▲
type term struct {
	co      *Cohort
	wait    context.Context // bounds the queueing
	giveUp  context.CancelFunc
	queued  chan struct{} // closed when there is a candidate
	unwatch func() bool   // of the client's closing

	phase   phase
	passage *Passage  // in ZooKeeper; nil until that has begun
	owner   *Passage  // the same, from held on
	members []*member // whose candidate is not known to be gone, or passed on
	last    *member   // that released the lock when the term became idle
	active  int       // holds that are not released
	grants  uint32    // so far
	// grants that a contender in ZooKeeper's queue may have had to wait for
	counted int
	limit   int // of counted
	others  others

	keeps  bool    // its candidate's name says that the hold may be kept; see idle.go
	keeper *keeper // nil if the hold is not to be kept
}

// phase is how far a term has come.
type phase uint8

const (
	queueing phase = iota // in ZooKeeper
	held                  // the lock is acquired, and a member holds it or is about to
	idle                  // no member holds the lock until it is known whether it may be passed on
	resting               // no member holds the lock, which is kept for the next
	ended
)

// others is what is known of contenders in ZooKeeper's queue, since it was last known that there
// are none.
type others uint8

const (
	notAsked others = iota
	asking          // a listing is under way
	present         // there are some, or it could not be found out
)

// onSettled is told how the queueing in ZooKeeper has ended.
func (t *term) onSettled(owner *Passage, err error) {
	if err != nil {
		t.fail(err)
		return
	}
	co := t.co
	co.mu.Lock()
	t.owner, t.phase = owner, held
	if co.term == t { // otherwise no member waits for it any more
		t.keepLocked()
		if t.grantNextLocked(time.Now()); t.active > 0 {
			t.countLocked()
		}
		if !co.claim.Kind.Exclusive() && co.waiting.Len() > 0 {
			co.term = nil // the hold was lost meanwhile
		}
	}
	begun := t.endUnlessUsedLocked()
	co.mu.Unlock()
	co.queue(begun)
}

// fail ends a term that has got no candidate, and lets those down who wait for it.
func (t *term) fail(err error) {
	co := t.co
	co.mu.Lock()
	var waiting []*member
	if co.term == t { // otherwise it was given up
		waiting = co.waitingLocked()
	}
	t.endLocked()
	co.mu.Unlock()
	letDown(waiting, err)
}

// mayPass reports whether one more may be granted the lock. The caller has just looked at the clock
// for the lease: a member that releases its hold does, and so does Hold.Stands.
func (t *term) mayPass() bool {
	return t.counted < t.limit && t.grants < math.MaxUint32 && t.owner.hold.isWell()
}

// grantLocked gives a part of the hold to a member, at the time now. It is false if that has given
// up, or the hold is not as it should be.
func (t *term) grantLocked(now time.Time, m *member) bool {
	if !t.owner.hold.divide(m.hold, t.grants) {
		return false
	}
	m.term = t
	if !m.settleAt(now, nil) {
		m.term = nil
		m.hold.release(now)
		return false
	}
	t.grants++
	t.co.thrift.streak++
	t.active++
	t.addLocked(m)
	return true
}

// addLocked adds a member whose candidate is there.
func (t *term) addLocked(m *member) {
	m.at = int32(len(t.members))
	t.members = append(t.members, m)
}

// dropLocked drops a member that is not to be told by onLeft. It may have been dropped before.
func (t *term) dropLocked(m *member) {
	last := len(t.members) - 1
	if int(m.at) > last || t.members[m.at] != m {
		return
	}
	moved := t.members[last]
	t.members[m.at], moved.at = moved, m.at
	t.members[last], t.members = nil, t.members[:last]
}

// grantNextLocked grants the lock to the member that has waited longest, or to every reader. It
// does so even if the candidate was revoked, and leaves it to the members to heed that: a member
// that left without a grant would queue behind the clients that revoke, and be revoked again.
func (t *term) grantNextLocked(now time.Time) {
	waiting := &t.co.waiting
	for e := waiting.Front(); e != nil; e = waiting.Front() {
		m := e.Value.(*member)
		if t.owner.hold.lost.isGiven() || t.grants == math.MaxUint32 {
			return
		}
		granted := t.grantLocked(now, m)
		if !granted && !m.done.isGiven() {
			return // the hold was lost just now
		}
		waiting.Remove(e)
		m.place = nil
		if !granted {
			m.gone.give() // it has given up
		} else if t.co.claim.Kind.Exclusive() {
			return
		}
	}
}

// countLocked counts a grant that others may have had to wait for.
func (t *term) countLocked() {
	if t.keeper.alone() {
		return
	}
	t.counted++
	t.checkLocked()
}

// checkLocked begins to list the queue, in time before the limit is reached, unless no member wants
// the lock.
func (t *term) checkLocked() {
	wanted := t.co.waiting.Len() > 0 || !t.co.claim.Kind.Exclusive()
	if !wanted || t.others != notAsked || t.limit-t.counted > t.co.max/2 {
		return
	}
	t.others = asking
	began := t.counted
	// Ends with its request, or the ZooKeeper session; Close waits for it.
	if !t.co.locks.client.Start(func() { t.check(began) }) {
		t.others = present
	}
}

// check finds out whether another contender queues. If not, max more grants are allowed, counted
// from when the listing began.
func (t *term) check(began int) {
	found, err := t.look()
	co := t.co
	co.mu.Lock()
	if err != nil || found {
		t.others = present
	} else {
		t.others, t.limit = notAsked, began+co.max
	}
	var begun *term
	if t.phase == idle {
		now := time.Now()
		t.owner.hold.Stands(now) // a look at the clock, for goOnLocked
		t.phase = held
		begun = t.goOnLocked(now)
		t.dismissLocked(t.last)
	}
	co.mu.Unlock()
	co.queue(begun)
}

// errFound ends a look at the first that is found.
var errFound = errors.New("found")

func (t *term) look() (found bool, err error) {
	ctx := t.owner.hold.lasting()
	l, err := t.owner.latest.Load().zs.roster.list(ctx, t.co.claim.Path)
	if err != nil {
		return false, err
	}
	return t.contended(ctx, l.children)
}

// contended reports whether there is another contender among the lock's children.
func (t *term) contended(ctx context.Context, children []string) (found bool, err error) {
	claim, zs, own := t.co.claim, t.owner.latest.Load().zs, path.Base(t.owner.hold.Znode())
	q := slices.DeleteFunc(queue.OrderAny(children), func(c queue.Candidate) bool {
		return c.Name == own || !claim.Kind.Exclusive() && !c.Kind.Exclusive()
	})
	slices.Reverse(q) // the last ones are most likely to be there still
	voice := claim.Config.Voice(claim.Kind)
	err = zs.Stats(ctx, claim.Path, q, func(c queue.Candidate, stat *zk.Stat) error {
		if stat != nil && isCandidateBy(voice, c, stat) {
			return errFound // no need to look at the others
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// release takes a hold back that its holder has just released or lost. It returns the passage whose
// candidate is removed for it, nil if there is none because others hold the lock, or will.
func (t *term) release(now time.Time, m *member) *Passage {
	co := t.co
	co.mu.Lock()
	t.active--
	var begun *term
	if t.active == 0 {
		begun = t.goOnLocked(now)
	}
	isOver := t.phase == ended
	if t.last = m; t.phase != idle {
		t.dismissLocked(m)
	}
	co.mu.Unlock()
	co.queue(begun)
	if !isOver {
		return nil
	}
	return t.owner
}

// dismissLocked gives the gone signal of a member that has released its hold, if other members hold
// the candidate, or will. Otherwise onLeft does.
func (t *term) dismissLocked(m *member) {
	if (t.active > 0 || t.phase == resting) && t.owner.hold.isWell() {
		t.dropLocked(m)
		m.gone.give()
	}
}

// onLeft is told that the candidate is gone.
func (t *term) onLeft() {
	t.co.mu.Lock()
	defer t.co.mu.Unlock()
	for _, m := range t.members {
		m.gone.give()
	}
	t.members = nil
}

// goOnLocked passes on the hold, which no member has, or keeps it, or ends the term. It returns the
// next term if one is to be queued. now is when the caller looked at the clock, as for mayPass.
func (t *term) goOnLocked(now time.Time) *term {
	if t.co.term == t && t.co.claim.Kind.Exclusive() {
		if t.co.waiting.Len() > 0 && t.mayPass() {
			if t.grantNextLocked(now); t.active > 0 {
				t.countLocked()
				return nil
			}
		}
		t.checkLocked()
		if t.others == asking && t.co.waiting.Len() > 0 && t.owner.hold.isWell() {
			t.phase = idle
			return nil
		}
		if t.co.waiting.Len() == 0 && t.mayKeepLocked() {
			t.phase, t.keeper.since = resting, now
			return nil
		}
	}
	return t.endUnlessUsedLocked()
}

// endUnlessUsedLocked ends the term if no member holds the lock. It returns the next term if one is
// to be queued.
func (t *term) endUnlessUsedLocked() *term {
	if t.active == 0 {
		t.endLocked()
	}
	return t.co.beginLocked()
}

// endLocked ends the term.
func (t *term) endLocked() {
	if t.co.term == t {
		t.co.term = nil
	}
	if t.phase == resting {
		t.co.parting = t.owner
	}
	t.phase = ended
	if t.owner != nil {
		t.owner.Drop() // if the hold was lost, the candidate is being removed already
	}
	t.giveUp()
	t.unwatch()
}
