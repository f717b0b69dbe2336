package recipe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Hold is one acquisition as its holder sees it. It is there from the beginning, because a
// revocation can come while the candidate still waits, and becomes a hold in the full sense when
// the candidate is granted the lock.
//
//	held ──revoke──▶ revoked ──┬─release──▶ released
//	  │                        │
//	  └────────────────────────┴─lose─────▶ lost
//
// Signals are given once and stay. The signals of a released hold are not given later, so that no
// loss is reported after a release.
//
// A hold that several goroutines of the process share has parts: what befalls it befalls them.
type Hold struct {
	of     *Acquisition
	zxid   int64            // of the candidate's creation
	lease  *ensemble.Lease  // which proves the hold
	tenure *ensemble.Tenure // under it; nil until it is admitted, and if it is a part

	revoked signal // the holder should stop
	lost    signal // the hold is gone

	whole *Hold // that this is a part of; nil if it is one itself

	// guards the fields below, and what is told; the whole's before its parts'
	mu      sync.Mutex
	handoff uint32        // how often the hold was passed on since; constant from the grant on
	moves   bool          // a downgrade is under way: the znode may be another
	reads   bool          // it shares the lock with readers
	ended   bool          // released or lost
	wanted  bool          // another contender is known to queue
	path    string        // of the candidate's znode
	err     error         // nil, or an error that matches ErrRevoked or ErrLost
	since   time.Time     // when it was granted; zero until then
	held    time.Duration // until it ended
	lapse   *Passage      // that removes the candidate if the hold is lost; nil for none
	over    *span         // see lasting; nil until it is called
	parts   map[*Hold]struct{}
	bond    *Bond // that it is in; nil for none

	followers map[*context.CancelCauseFunc]struct{} // see Follow
}

// span is the time until a hold ends, as a context.
type span struct {
	ctx context.Context
	end context.CancelFunc
}

// grant begins the hold, at the time now. What has befallen its candidate before is told.
func (h *Hold) grant(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = now
	h.of.tellGranted(h.since)
	switch {
	case h.ended:
		h.of.tellEnded(0, h.err)
	case h.err != nil:
		h.of.tellRevoked(0, h.err)
	}
}

// bind ties the hold to its candidate, before it is granted.
func (h *Hold) bind(path string, czxid int64, lease *ensemble.Lease) {
	h.path, h.zxid, h.lease = path, czxid, lease
}

// lasting returns a context that ends when the hold is released or lost: nothing changes any more.
func (h *Hold) lasting() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over == nil {
		ctx, end := context.WithCancel(context.Background())
		if h.over = (&span{ctx, end}); h.ended {
			end()
		}
	}
	return h.over.ctx
}

// removeWhenLost removes the hold's candidate when the hold is lost, or at once if it is lost
// already.
func (h *Hold) removeWhenLost(p *Passage) {
	h.mu.Lock()
	lost := h.lost.isGiven()
	h.lapse = p
	h.mu.Unlock()
	if lost {
		p.removeSoon()
	}
}

// divide makes p a part, before it is granted. It is false if this hold is over.
func (h *Hold) divide(p *Hold, handoff uint32) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	p.path, p.zxid, p.handoff, p.lease, p.whole = h.path, h.zxid, handoff, h.lease, h
	p.reads = h.reads
	if h.parts == nil {
		h.parts = make(map[*Hold]struct{})
	}
	h.parts[p] = struct{}{}
	if h.err != nil {
		p.revoke(h.err)
	}
	return true
}

// revoke tells the holder that another client asked for the lock, by an error that matches
// ErrRevoked.
func (h *Hold) revoke(asked error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.err != nil {
		return
	}
	h.err = asked
	h.revoked.give()
	h.bond.revoke()
	if !h.since.IsZero() {
		h.of.tellRevoked(time.Since(h.since), asked)
	}
	h.tellFollowersLocked()
	for p := range h.parts {
		p.revoke(asked)
	}
}

// noteWanted notes that another contender queues.
func (h *Hold) noteWanted() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wanted = true
}

// isWanted reports whether another contender is known to queue, or has asked for the release.
func (h *Hold) isWanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wanted || errors.Is(h.err, ErrRevoked)
}

// Znode returns the path of the candidate's znode.
func (h *Hold) Znode() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.path
}

// Missing tells the holder that the candidate's znode, which was that, is gone.
func (h *Hold) Missing(znode string) {
	h.mu.Lock()
	moved := h.moves || h.path != znode
	h.mu.Unlock()
	if !moved {
		h.lose(errRemoved)
	}
}

// IsShared reports whether the holder shares the lock with readers.
func (h *Hold) IsShared() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads
}

// Lose tells the holder that the lease is over.
func (h *Hold) Lose(reason error) { h.lose(loss(reason)) }

// lose tells the holder that the hold is gone.
func (h *Hold) lose(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	for p := range h.parts {
		p.lose(reason)
	}
	switch {
	case h.err == nil:
		h.revoked.give()
	case errors.Is(reason, ErrRevoked): // which h.err says better
		reason = removed(h.err)
	default:
		reason = ensemble.JoinErrors(reason, h.err)
	}
	h.err = reason
	h.tellFollowersLocked() // first, so that a context has ended once Lost is closed
	h.lost.give()
	h.bond.lose()
	h.finishLocked(time.Now(), reason)
	if h.lapse != nil {
		h.lapse.removeSoon()
	}
}

func (h *Hold) finishLocked(now time.Time, lost error) {
	h.ended = true
	if !h.since.IsZero() {
		h.held = now.Sub(h.since)
		h.of.tellEnded(h.held, lost)
	}
	h.tellFollowersLocked()
	if h.over != nil {
		h.over.end()
	}
}

// release ends the hold from the holder's side, once, at the time now. It returns the loss that came
// before, if any.
func (h *Hold) release(now time.Time) error {
	h.lease.Glance(now)
	if h.whole != nil {
		h.whole.mu.Lock()
		delete(h.whole.parts, h)
		h.whole.mu.Unlock()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return h.err
	}
	h.finishLocked(now, nil)
	return nil
}

// State returns the hold's error after a look at the clock, for its holder.
func (h *Hold) State() error {
	h.lease.RunOut(time.Now())
	return h.Known()
}

// Stands reports whether the holder may go on. now is the time, just read.
func (h *Hold) Stands(now time.Time) bool {
	h.lease.Glance(now)
	return h.isWell()
}

// isLost reports whether the hold is gone, before it is passed on.
func (h *Hold) isLost() bool {
	h.lease.Glance(time.Now())
	return h.lost.isGiven()
}

// Known is state without a look at the clock.
func (h *Hold) Known() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// isWell reports whether Known is nil, without the mutex: the signal is given with the error.
func (h *Hold) isWell() bool { return !h.revoked.isGiven() }

// isOver reports whether the hold was released or lost.
func (h *Hold) isOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended
}

// Since returns when the hold was granted.
func (h *Hold) Since() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since
}

// Token returns the transaction that created the candidate, and how often the hold was passed on
// since.
func (h *Hold) Token() (zxid int64, handoff uint32) { return h.zxid, h.handoff }

// Revoked returns the channel that closes when the holder should stop.
func (h *Hold) Revoked() <-chan struct{} { return h.revoked.C() }

// Lost returns the channel that closes when the hold is gone.
func (h *Hold) Lost() <-chan struct{} { return h.lost.C() }

// Overdue reports whether the proof of the hold has become late.
func (h *Hold) Overdue() bool { return h.lease.Overdue() }

// Deadline returns until when the hold is certain as things stand, the zero Time if its lease knows
// no such time.
func (h *Hold) Deadline() time.Time { return h.lease.Certain() }
