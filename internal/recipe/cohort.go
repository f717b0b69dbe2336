package recipe

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Cohort lets the goroutines of one handle share one candidate: what is asked for through the
// handle waits here, in order of arrival, and the hold goes from one to the next without the
// network (lock cohorting: Dice, Marathe and Shavit, PPoPP 2012). A reader's cohort has any number
// hold at once.
//
// Contenders elsewhere must not wait for long. One candidate serves at most max grants after the
// moment at which the queue was last known to have no other contender; to find that out, the queue
// is listed while the hold is passed on. So a contender waits for max grants at most, however fast
// they follow one another.
type Cohort struct {
	locks *Locks
	claim Claim // of its candidates
	max   int
	idle  time.Duration // for which a hold is kept that no member has; 0 for never

	forward Observer // of its passages

	// guards the fields below and those of the terms, and comes before Acquisition.mu
	mu      sync.Mutex
	waiting list.List // of *member, in order of arrival
	term    *term     // that the waiting members wait for; nil if there are none
	thrift  thrift
	parting *Passage // that a hold had which was kept last; nil if it is gone
}

// NewCohort returns a cohort whose candidates have the given claim, and which grants the lock up to
// max times by one candidate while others queue.
func NewCohort(l *Locks, c Claim, max int) *Cohort {
	co := &Cohort{locks: l, claim: c, max: max, forward: *unobserved(),
		thrift: thrift{last: -1, need: leastNeed}}
	co.forward.Queued = func(_ *Acquisition, ahead int) { co.queuedBehind(ahead) }
	return co
}

// member is an acquisition through a cohort.
type member struct {
	Acquisition
	co    *Cohort
	place *list.Element // among the waiting members, nil for others; guarded by the cohort's mutex
	told  bool          // that it has to wait; guarded by the same
	at    int32         // in term.members; guarded by the same
	term  *term         // that its hold is a part of
}

// settled removes the member from the cohort if its acquisition has failed.
func (m *member) settled(err error) {
	if err != nil {
		m.co.leave(m)
	}
}

// letGo passes the hold on.
func (m *member) letGo(now time.Time, _ error) (of *Passage, mine bool) {
	return m.term.release(now, m), false
}

func (m *member) cleanUp() time.Duration { return cleanUpPatience }

// alone ends the sharing of the member's candidate: the waiting members queue with a new candidate,
// and later acquisitions do too.
func (m *member) alone() *Passage {
	co, t := m.co, m.term
	co.mu.Lock()
	if co.term == t {
		co.term = nil
	}
	begun := co.beginLocked()
	co.mu.Unlock()
	co.queue(begun)
	return t.owner
}

// Begin begins an acquisition through the cohort.
func (co *Cohort) Begin(ctx context.Context, c Claim) *Acquisition {
	m := co.newMember(ctx, c)
	begun, err := co.admit(ctx, m)
	if m.queued == nil {
		m.queued = make(chan struct{})
	}
	if err != nil {
		m.fail(err)
	}
	co.queue(begun)
	return &m.Acquisition
}

func (co *Cohort) newMember(ctx context.Context, c Claim) *member {
	m := &member{co: co}
	m.Claim, m.ctx, m.route = c, ctx, m
	m.locks, m.observer = co.locks, co.locks.observer
	m.hold = m.newHold()
	return m
}

// admit grants a member the lock, or has it wait. It returns the term that is to be queued for it.
func (co *Cohort) admit(ctx context.Context, m *member) (begun *term, err error) {
	co.mu.Lock()
	defer co.mu.Unlock()
	m.begun = time.Now()
	switch {
	case co.locks.client.Closing().Err() != nil: // close has been called, or will be
		return nil, ensemble.ErrClosed
	case ctx.Err() != nil:
		return nil, ensemble.ContextError(ctx)
	case co.joinLocked(m):
		return nil, nil
	}
	co.locks.waiting.add(&m.Acquisition)
	m.place = co.waiting.PushBack(m)
	if begun = co.beginLocked(); begun == nil { // otherwise its candidate may be first
		m.queueBehindLocked(co.waiting.Len() - 1 + co.term.active)
	}
	m.queued = co.term.queued
	if ctx.Done() != nil {
		m.follow(ctx, func() { m.settle(m.explained()) })
	}
	return begun, nil
}

// queueBehindLocked tells, once, that the member has to wait for others.
func (m *member) queueBehindLocked(ahead int) {
	if !m.told && ahead > 0 {
		m.told = true
		m.tellQueued(ahead)
	}
}

// queuedBehind is told that the cohort's candidate waits for others, so that the members do.
func (co *Cohort) queuedBehind(ahead int) {
	co.mu.Lock()
	defer co.mu.Unlock()
	for i, m := range co.waitingLocked() {
		m.queueBehindLocked(ahead + i)
	}
}

// joinLocked lets a member in that has begun just now and need not wait: a reader, or one for which
// the hold was kept.
func (co *Cohort) joinLocked(m *member) bool {
	t := co.term
	if t == nil || t.phase == queueing {
		return false
	}
	if co.claim.Kind.Exclusive() {
		return t.resumeLocked(m)
	}
	m.queued = t.queued
	if t.owner.hold.Stands(m.begun) && t.mayPass() && t.grantLocked(m.begun, m) {
		t.countLocked()
		return true
	}
	// readers that hold it go on; the next candidate queues behind the contenders that it must wait for
	co.term = nil
	return false
}

// beginLocked returns a new term, to be queued, if one is wanted.
func (co *Cohort) beginLocked() *term {
	if co.term != nil || co.waiting.Len() == 0 {
		return nil
	}
	t := &term{co: co, limit: co.max, queued: make(chan struct{}),
		keeps: co.idle > 0 && co.claim.Kind.Exclusive() && co.thrift.pays()}
	t.wait, t.giveUp = context.WithCancel(context.Background())
	co.term = t
	return t
}

// queue has a new term, if there is one, queue in ZooKeeper. The cohort's mutex is not held.
func (co *Cohort) queue(t *term) {
	if t == nil {
		return
	}
	t.unwatch = context.AfterFunc(co.locks.client.Closing(), co.close)
	claim := co.claim
	claim.Keeps = t.keeps
	owner := co.locks.New(claim)
	owner.Granted, owner.observer = func(*Acquisition) {}, &co.forward
	owner.onSettled, owner.onLeft = t.onSettled, t.onLeft
	owner.queued = t.queued
	co.mu.Lock()
	t.passage = owner
	co.mu.Unlock()
	owner.Begin(t.wait) // tells onSettled
}

// waitingLocked returns the waiting members.
func (co *Cohort) waitingLocked() (waiting []*member) {
	for e := co.waiting.Front(); e != nil; e = e.Next() {
		waiting = append(waiting, e.Value.(*member))
	}
	return waiting
}

// letDown has members fail that wait. The cohort's mutex is not held.
func letDown(waiting []*member, err error) {
	for _, m := range waiting {
		m.settle(err) // and so leave
	}
}

// close makes all waiting members fail when the client is closed.
func (co *Cohort) close() {
	co.mu.Lock()
	waiting := co.waitingLocked()
	co.mu.Unlock()
	letDown(waiting, ensemble.ErrClosed)
}

// leave is told that a member has failed.
func (co *Cohort) leave(m *member) {
	co.mu.Lock()
	defer co.mu.Unlock()
	if m.place == nil {
		return // it has not come to wait
	}
	co.waiting.Remove(m.place)
	m.place = nil
	m.gone.give()
	if t := co.term; t != nil && t.phase == queueing && co.waiting.Len() == 0 {
		co.term = nil // later members have another candidate
		t.giveUp()    // onSettled goes on from there
	}
}

// waitedFor returns what the cohort's waiting members wait for.
func (m *member) waitedFor() ensemble.Obstacle {
	m.co.mu.Lock()
	var p *Passage
	if t := m.co.term; t != nil {
		p = t.passage
	}
	m.co.mu.Unlock()
	if p == nil {
		return ensemble.NoAnswer
	}
	return p.waitedFor()
}
