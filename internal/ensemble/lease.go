package ensemble

import (
	"sync"
	"sync/atomic"
	"time"
)

// Tenant is what stands or falls with its session: a znode that its maker relies on.
type Tenant interface {
	Znode() string        // its path
	Lose(reason error)    // tells that it is over; ErrExpired, ErrLeaseRanOut or ErrClosed
	Missing(znode string) // tells that its znode, which was that, does not exist
}

// Lease keeps the holds of one ZooKeeper session for as long as they can be proved.
type Lease struct {
	zs   *Session
	kind Proof
	beat chan struct{} // signals the first hold after none; has room for one
	soon chan struct{} // signals that the next beat cannot wait; has room for one

	turn int // in holds, whose holds the next beat checks; used by run alone

	made time.Time    // when the Lease was
	sure atomic.Int64 // up to how long after that Glance need not look; 0 if it must

	mu    sync.Mutex // guards the fields below
	holds []*Tenure
	proof proof
	ended bool        // nothing is held under it any more
	timer *time.Timer // calls RunOut at the deadline, and before; set while something is held

	asleep time.Duration // for how long the machine had been suspended when that was last looked at
	looked time.Time     // when that was
	awake  time.Time     // when it was noticed that it had been suspended again; zero if never

	slept        time.Duration // in all suspensions that were noticed
	sleptAtOffer time.Duration // in those before the latest connect request
}

func newLease(zs *Session, kind Proof) *Lease {
	return &Lease{
		zs:     zs,
		kind:   kind,
		beat:   make(chan struct{}, 1),
		soon:   make(chan struct{}, 1),
		made:   time.Now(),
		proof:  newProof(kind, zs.client.cfg.Timeout),
		asleep: zs.client.cfg.Asleep(),
	}
}

// timeout is the session timeout that everything counts by where a longer one would be dangerous.
func (l *Lease) timeout() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proof.timeout()
}

// offered takes note of a connect request that is about to be sent.
func (l *Lease) offered(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noticeSleepLocked(time.Now(), 0)
	l.sleptAtOffer = l.slept
	l.proof.offer(sent)
	l.setTimerLocked()
}

// refused takes note that a server has hung up instead of answering the connect request of that
// time.
func (l *Lease) refused(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proof.refuse(sent)
	l.setTimerLocked()
}

// connected takes note of a connection whose connect request was sent at the given time and has
// just been answered. It reports whether the session timeout is shorter than before.
func (l *Lease) connected(sent time.Time, granted time.Duration) (shrunk bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noticeSleepLocked(time.Now(), 0)
	shrunk = l.proof.connect(sent.Add(l.sleptAtOffer-l.slept), granted)
	if shrunk {
		Nudge(l.soon)
	}
	l.setTimerLocked()
	return shrunk
}

// answered takes note of a request or ping that was sent at the given time and has just been
// answered.
func (l *Lease) answered(op int32, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Mostly this is left to a look at a hold: what is learned here is then put back by as long.
	now := time.Now()
	l.noticeSleepLocked(now, lookEvery)
	if sent.Before(l.awake) {
		// the machine may have slept in between, for longer than the answer took by this clock
		return
	}
	until := l.proof.until()
	if l.proof.answer(op, sent, now) {
		if len(l.holds) > 0 && l.kind != LeaseServer {
			l.zs.client.noteLeft(until.Sub(now))
		}
		l.setTimerLocked()
	}
}

// sleepNoise is how far the clocks that show a suspension may be apart, because they are not read
// at one time.
const sleepNoise = 10 * time.Millisecond

// lookEvery is how often the answers of a busy session have us look whether the machine has been
// suspended.
const lookEvery = 20 * time.Millisecond

// noticeSleepLocked puts the deadline forward if the machine has been suspended. Go's clock stands
// still meanwhile, the ensemble's does not. It has to be called before the deadline is looked at or
// moved. To ask takes a system call: there is no need if that was done within fresh.
func (l *Lease) noticeSleepLocked(now time.Time, fresh time.Duration) {
	if now.Sub(l.looked) < fresh {
		return
	}
	l.looked = now
	asleep := l.zs.client.cfg.Asleep()
	slept := asleep - l.asleep
	if 0 <= slept && slept < sleepNoise {
		return // a suspension that short counts together with the next
	}
	l.asleep = asleep
	if slept < 0 {
		return // where the wall clock is used, it was put back
	}
	l.awake = time.Now()
	l.slept += slept
	l.proof.sleep(slept)
	l.setTimerLocked()
}

// setTimerLocked sets the timer for the deadline, or earlier: it stands still while the machine is
// suspended, and the holders are to be told soon after.
func (l *Lease) setTimerLocked() {
	l.sure.Store(0) // whatever has moved the deadline, the next Glance looks
	next := min(time.Until(l.proof.until()), l.proof.timeout()/looksPerTimeout)
	switch {
	case l.kind == LeaseServer || len(l.holds) == 0:
		if l.timer != nil {
			l.timer.Stop()
		}
	case l.timer == nil:
		l.timer = time.AfterFunc(next, l.tick)
	default:
		l.timer.Reset(next)
	}
}

// tick is the timer's.
func (l *Lease) tick() {
	l.RunOut(time.Now())
	l.zs.noteUnanswered()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setTimerLocked()
}

// RunOut loses every hold if the deadline has passed. The timer calls it, and so does each look at
// a hold: the process may have been stopped while the timer was due. now is the time, just read.
func (l *Lease) RunOut(now time.Time) { l.runOut(now, 0) }

// lately is good enough where the result is not returned to the user: the machine can be suspended
// after any look.
const lately = time.Millisecond

// Glance is RunOut where a look of late is good enough. It takes no mutex if there was one and the
// deadline has not moved since: goroutines that use different locks do not wait for one another.
func (l *Lease) Glance(now time.Time) {
	if l.kind != LeaseServer && now.Sub(l.made) >= time.Duration(l.sure.Load()) {
		l.runOut(now, lately)
	}
}

// runOut is RunOut. See noticeSleepLocked for fresh.
func (l *Lease) runOut(now time.Time, fresh time.Duration) {
	l.mu.Lock()
	if l.kind == LeaseServer || len(l.holds) == 0 {
		l.mu.Unlock()
		return
	}
	l.noticeSleepLocked(now, fresh)
	if until := l.proof.until(); now.Before(until) {
		l.sure.Store(int64(earlier(l.looked.Add(lately), until).Sub(l.made)))
		l.mu.Unlock()
		return
	}
	l.zs.client.noteLeft(0)
	holds := l.takeLocked()
	l.mu.Unlock()
	lose(holds, ErrLeaseRanOut)
}

// end loses every hold for the given reason: the session has expired or is being closed.
func (l *Lease) end(reason error) {
	l.mu.Lock()
	l.ended = true
	holds := l.takeLocked()
	l.mu.Unlock()
	lose(holds, reason)
}

func (l *Lease) takeLocked() []*Tenure {
	holds := l.holds
	l.holds = nil
	l.setTimerLocked()
	return holds
}

func lose(holds []*Tenure, reason error) {
	for _, h := range holds {
		h.hold.Lose(reason)
	}
}

// Drop takes a hold from under the lease, because it is released or lost. It does nothing if h is nil
// or has been dropped.
func (l *Lease) Drop(h *Tenure) {
	if h == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.holds) - 1
	if h.at > last || l.holds[h.at] != h {
		return
	}
	moved := l.holds[last]
	l.holds[h.at], moved.at = moved, h.at
	l.holds[last] = nil
	if l.holds = l.holds[:last]; last == 0 {
		l.setTimerLocked()
	}
}

// Certain returns the deadline, the zero Time if this kind of lease has none.
func (l *Lease) Certain() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kind == LeaseServer {
		return time.Time{}
	}
	l.noticeSleepLocked(time.Now(), 0)
	return l.proof.until()
}

// Overdue reports whether so little time is left until the deadline that a beat, or the ping that
// stands in for it, must have gone unanswered. It is false for a kind of lease that has no
// deadline.
func (l *Lease) Overdue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kind == LeaseServer {
		return false
	}
	l.noticeSleepLocked(time.Now(), 0)
	return time.Until(l.proof.until()) < l.proof.overdue()
}
