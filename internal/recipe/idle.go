package recipe

// This is how a hold is kept that no member of a cohort has any more, so that the next acquisition
// through the handle needs no request.
//
// The candidate stays first in the queue. So no other client is granted the lock meanwhile, whether
// or not it knows of this, and the lease, the watch for marks and the fencing token are those of
// any hold that is passed on.
//
// What has to be shown is that no contender waits for a hold that is not in use. A kept hold is
// granted again only while it is certain that no contender has come since the queue was last
// listed: the listing has set a watch on the lock's children, and that has not fired. The listing
// itself sets the watch. If a later request did, a contender that came in between would wait for
// ever. It would also do so if the queue were not listed again on a new connection, which has no
// watches. When the watch fires, the candidate is removed at once if the hold is not in use.
// Otherwise it is removed when its holder releases it, or after the last grant that the cohort
// allows. A contender never removes the candidate itself: the hold may be in use again by then.

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// Keep has the cohort keep its hold for up to idle after a release, if no other contender queues.
// It is called before anything else.
func (co *Cohort) Keep(idle time.Duration) { co.idle = idle }

// keeper watches the queue for a term whose hold may be kept. It belongs to the goroutine of run,
// but for what the cohort's mutex guards.
type keeper struct {
	term  *term
	watch *ensemble.Watcher // of the lock's children
	wake  chan struct{}     // receives when there may be news of them

	// guarded by the cohort's mutex

	listed bool      // a listing has shown no other contender
	told   uint64    // what the watch had been told by then
	since  time.Time // when the hold was last released
	reuses int       // how often it was granted again
}

// keepLocked begins to watch the queue for a term that has been granted the lock, if it has paid to
// keep such holds.
func (t *term) keepLocked() {
	if !t.co.thrift.follows(t.owner.latest.Load().place.Seq) || !t.keeps {
		return
	}
	k := &keeper{term: t, wake: make(chan struct{}, 1)}
	k.watch = t.owner.latest.Load().zs.Watches.WatchChildren(t.co.claim.Path, k.wake)
	// ends with the hold, or before; Close, which ends all holds, waits for it
	if !t.co.locks.client.Start(k.run) {
		k.watch.Stop()
		return
	}
	t.keeper = k
	t.owner.latest.Load().zs.keepers.add(k)
}

// keepers are those of one ZooKeeper session.
type keepers struct {
	mu  sync.Mutex // guards the field below
	all map[*keeper]struct{}
}

func (ks *keepers) add(k *keeper) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if ks.all == nil {
		ks.all = make(map[*keeper]struct{})
	}
	ks.all[k] = struct{}{}
}

func (ks *keepers) drop(k *keeper) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	delete(ks.all, k)
}

// giveUpOne gives up a hold that is kept, to make room for another candidate of the session, and
// waits until it is gone. It is false if there is none, or if ctx ends.
func (ks *keepers) giveUpOne(ctx context.Context) bool {
	ks.mu.Lock()
	all := slices.Collect(maps.Keys(ks.all))
	ks.mu.Unlock()
	for _, k := range all {
		if k.term.co.giveUp() {
			return k.term.co.awaitParting(ctx) == nil
		}
	}
	return false
}

// alone reports whether it is certain that no contender has come since the queue was listed.
func (k *keeper) alone() bool {
	if k == nil || !k.listed {
		return false
	}
	told, armed := k.watch.ArmedSince()
	return armed && told == k.told
}

// mayKeepLocked reports whether the hold may be kept. What the keeper has yet to hear ends it then.
// The caller has just looked at the clock, as for mayPass.
func (t *term) mayKeepLocked() bool {
	return t.keeper != nil && t.grants < math.MaxUint32 && t.owner.hold.isWell()
}

// resumeLocked grants a member that has begun just now the hold that is kept. It is false if there
// is none, or if it has to be listed first whether another contender has come.
func (t *term) resumeLocked(m *member) bool {
	if t.phase != resting || t.co.waiting.Len() > 0 || !t.keeper.alone() ||
		!t.owner.hold.Stands(m.begun) {
		return false
	}
	m.queued = t.queued
	if !t.grantLocked(m.begun, m) {
		return false
	}
	t.phase = held
	t.keeper.reuses++
	return true
}

// Kept reports whether a hold is kept just now.
func (co *Cohort) Kept() bool {
	co.mu.Lock()
	defer co.mu.Unlock()
	return co.term != nil && co.term.phase == resting
}

// Resume is Begin for a try. It returns nil if no hold is kept that can be granted at once.
func (co *Cohort) Resume(ctx context.Context, c Claim) *Acquisition {
	m := co.newMember(ctx, c)
	co.mu.Lock()
	defer co.mu.Unlock()
	m.begun = time.Now()
	if ctx.Err() != nil || co.term == nil || !co.term.resumeLocked(m) {
		return nil
	}
	return &m.Acquisition
}

// Relinquish removes the candidate of a hold that is kept, and waits until it is removed or ctx
// ends. The removal goes on in any case.
func (co *Cohort) Relinquish(ctx context.Context) error {
	co.giveUp()
	return co.awaitParting(ctx)
}

// giveUp ends a hold that is kept, and reports whether there was one.
func (co *Cohort) giveUp() bool {
	co.mu.Lock()
	var next *term
	t := co.term
	resting := t != nil && t.phase == resting
	if resting {
		next = t.endUnlessUsedLocked()
	}
	co.mu.Unlock()
	co.queue(next)
	return resting
}

// awaitParting waits until no candidate is left of a hold that was kept and has ended.
func (co *Cohort) awaitParting(ctx context.Context) error {
	begun := time.Now()
	co.mu.Lock()
	p := co.parting
	co.mu.Unlock()
	if p == nil {
		return nil
	}
	err := p.awaitRemoval(ctx, begun)
	co.mu.Lock()
	if co.parting == p && p.gone.isGiven() {
		co.parting = nil
	}
	co.mu.Unlock()
	if errors.Is(err, ErrLost) {
		return nil // it is gone, which is all that was wanted
	}
	return err
}

// run watches the queue for as long as the hold may be kept.
func (k *keeper) run() {
	over := k.term.owner.hold.lasting()
	limit := time.NewTimer(k.term.co.idle)
	defer limit.Stop()
	defer k.watch.Stop()
	wanted, again := false, true
	for again && !wanted {
		if wanted = k.look(over); !wanted {
			wanted, again = k.await(over, limit)
		}
	}
	k.term.endKeeping(wanted)
}

// look lists the queue, with a watch, and reports whether another contender is there. Without an
// answer it is taken for granted.
func (k *keeper) look(over context.Context) (wanted bool) {
	for {
		told, _ := k.watch.ArmedSince()
		state, err := k.watch.Read(over)
		if err != nil {
			return true
		}
		if now, armed := k.watch.ArmedSince(); !armed || now != told {
			continue // more has happened since
		}
		if found, err := k.term.contended(over, state.Children()); found || err != nil {
			return true
		}
		k.term.noteAlone(k, told)
		return false
	}
}

// noteAlone takes note of a listing that has shown no other contender, and grants the lock to those
// who have waited for it.
func (t *term) noteAlone(k *keeper, told uint64) {
	co := t.co
	co.mu.Lock()
	k.listed, k.told = true, told
	var begun *term
	if t.phase == resting && co.waiting.Len() > 0 {
		now := time.Now()
		t.owner.hold.Stands(now) // a look at the clock, for goOnLocked
		t.phase = held
		begun = t.goOnLocked(now)
	}
	co.mu.Unlock()
	co.queue(begun)
}

// await waits until a contender comes, until the queue has to be listed again, or until the hold is
// not to be kept any more.
func (k *keeper) await(over context.Context, limit *time.Timer) (wanted, again bool) {
	for {
		select {
		case <-k.wake:
			if told, armed := k.watch.ArmedSince(); !armed || told != k.told {
				return k.watch.ChangedSince(k.told), true
			}
		case <-limit.C:
			left := k.term.idleLeft(k)
			if left <= 0 {
				return false, false
			}
			limit.Reset(left)
		case <-k.term.owner.hold.Revoked(): // or lost
			return true, false
		case <-over.Done():
			return false, false
		}
	}
}

// whileInUse is how often it is looked, at most, for how long a hold in use may be kept.
const whileInUse = 10 * time.Millisecond

// idleLeft returns for how long the hold is to be kept if it is not used.
func (t *term) idleLeft(k *keeper) time.Duration {
	t.co.mu.Lock()
	defer t.co.mu.Unlock()
	if t.phase != resting {
		return max(t.co.idle, whileInUse)
	}
	return t.co.idle - time.Since(k.since)
}

// endKeeping ends the hold if it is not in use, and otherwise has it end with its release.
func (t *term) endKeeping(wanted bool) {
	co := t.co
	co.mu.Lock()
	k := t.keeper
	t.owner.latest.Load().zs.keepers.drop(k)
	t.keeper = nil
	var begun *term
	if wanted {
		t.owner.hold.noteWanted()
	}
	if t.phase == resting {
		if wanted {
			co.thrift.taken(k.reuses)
		}
		begun = t.endUnlessUsedLocked()
	}
	co.mu.Unlock()
	co.queue(begun)
}

// The bounds of thrift.need. A hold that is taken away unused costs another client a trip, which is
// half of an acquisition: one in 64 is little.
const (
	leastNeed = 2
	mostNeed  = 64
)

// thrift learns whether it pays to keep a hold. Clients that take turns lose nothing by it.
type thrift struct {
	last   int32 // the number of the last candidate
	streak int   // acquisitions in a row with no other contender in between
	need   int   // how long a streak must be before a hold is kept
}

// pays reports whether the next hold is to be kept.
func (th *thrift) pays() bool { return th.streak+1 >= th.need }

// follows takes note of a candidate's number, and reports whether no other contender has come since
// the candidate before it.
func (th *thrift) follows(number int32) bool {
	follows := number == th.last+1
	if th.last = number; !follows {
		th.streak = 0
	}
	return follows
}

// taken takes note that a contender has come while the hold was kept, which had been granted again
// that often.
func (th *thrift) taken(reuses int) {
	if reuses < th.need {
		th.need = min(2*th.need, mostNeed)
	} else {
		th.need = max(th.need/2, leastNeed)
	}
}

// The bounds of a try's patience with a hold that may be kept.
const (
	leastIdlePatience = 5 * time.Millisecond
	mostIdlePatience  = 100 * time.Millisecond
)

// idlePatience is how long a try whose candidate was created just now waits for a hold to go that
// may be kept: three trips. The news of the try, the removal and the news of that take one and a
// half if the holder is as far away.
func (c *candidate) idlePatience() time.Duration {
	return min(max(3*time.Since(c.born), leastIdlePatience), mostIdlePatience)
}

// isBehindIdle reports whether all that is ahead is a hold that may be kept.
func (c *candidate) isBehindIdle() bool { return !c.line.More && onlyKeeper(c.line.Nearest) }

// onlyKeeper reports whether those ahead are one, whose hold may be kept.
func onlyKeeper(ahead []queue.Candidate) bool {
	return len(ahead) == 1 && queue.Keeps(ahead[0].Name)
}
