package ensemble

import (
	"time"

	"github.com/zookylock/zklock/internal/wire"
)

// beatsPerTimeout is how many quorum-confirmed operations go out in a session timeout while
// something is held.
const beatsPerTimeout = 6

// looksPerTimeout is how often in a session timeout the deadline is looked at, whatever the timer
// says.
const looksPerTimeout = 8

// unheard is for how long before an operation, and half a tick, the leader may have heard nothing
// of a session that holds something: a beat, and half as much again for the way of its answer.
func unheard(timeout time.Duration) time.Duration { return timeout / 4 }

// isFresh reports whether so much is left of a deadline as an operation proves that was answered a
// moment ago.
func isFresh(left, timeout time.Duration) bool { return left > timeout*9/20 }

// untilBeat returns how long it is until the next beat, by the wall clock and what is left of the
// deadline.
//
// Beats go out at the multiples of their period by the wall clock, so that the beats of all
// sessions with the same timeout come to the servers at one time, as far as the clocks of their
// machines agree. What a write costs the servers is mostly that each wakes a dozen threads, and
// waits for the disk; writes that come together share both. If less is left than a beat proves, the
// next comes sooner: the first after a silence must not wait for the clock.
func untilBeat(wall time.Time, left, timeout time.Duration) time.Duration {
	period := timeout / beatsPerTimeout
	wall = wall.Round(0) // without the monotonic clock, which Truncate ignores
	wait := wall.Truncate(period).Add(period).Sub(wall)
	if !isFresh(left, timeout) {
		wait = min(wait, timeout/looksPerTimeout)
	}
	return wait
}

// leastGrant is the least that a server is expected to make of a longer timeout: two of the ticks
// that servers have by default. See proof.offer.
const leastGrant = 4 * time.Second

// A proof works out until when the ensemble certainly keeps a session. It reads no clock: it is
// told what was sent and answered, and when, and says the deadline.
//
// An operation that was sent at t and answered at a proves two deadlines; the earlier counts. The
// leader expires the session when it has heard nothing of it for the session timeout T.
//
//   - beatDeadline takes for granted that the leader had heard of the session within half a tick
//     and unheard before t, as it has while something is held.
//   - heardDeadline takes nothing for granted. It counts from when the session sent the latest of
//     what the leader had certainly heard of (traffic).
//
// Each answer proves its own deadline, and the latest of all counts, for what is proved stays true.
// There are two exceptions, both because T itself is no constant: servers bound it at every
// connect, and the leader counts by the T of the latest connect request.
//
//   - An answer to a connect request that grants less than before ends what was proved by the
//     longer timeout: from when the request was sent, only the new timeout is certain.
//   - Until a connect request is answered, it is not known what its server has granted. Meanwhile
//     no more is certain than leastGrant from when the first such request was sent.
//
// A server may also grant more than was asked for: it raises what is below two of its ticks, or it
// lies. If it is right, half a tick is up to a quarter of what it granted, and traffic has to count
// by that; if it lies, the leader counts by what was asked. So each answer proves what holds by the
// one timeout and by the other. The shorter one is the shortest that any server of the session has
// granted, for servers that were left may still report the session by their timeout.
type proof struct {
	kind  Proof
	asked time.Duration
	// by the shortest timeout that may hold, and by the latest granted if that is longer
	terms    []term
	deadline time.Time // the latest that was proved
	// when the first connect request was sent whose fate is unknown; the zero time if there is none
	offered time.Time
}

// newProof begins with the timeout that is asked for.
func newProof(kind Proof, asked time.Duration) proof {
	return proof{kind: kind, asked: asked, terms: []term{{timeout: asked}}}
}

// timeout is the shortest session timeout that may hold: the smallest of the timeouts asked for and
// granted.
func (p *proof) timeout() time.Duration { return p.terms[0].timeout }

// outgrown reports whether the next session would have a longer timeout than this one, of which a
// server has said less.
func (p *proof) outgrown() bool {
	return p.timeout() < min(p.asked, p.terms[len(p.terms)-1].timeout)
}

// until is the deadline.
func (p *proof) until() time.Time {
	if p.offered.IsZero() {
		return p.deadline
	}
	return earlier(p.deadline, kept(p.offered, min(p.timeout(), leastGrant)))
}

// heardUntil is the deadline as far as the leader's hearing goes: it moves only when the leader
// hears more.
func (p *proof) heardUntil() time.Time {
	until := p.terms[0].heardDeadline()
	for i := range p.terms[1:] {
		until = earlier(until, p.terms[1+i].heardDeadline())
	}
	return until
}

// aging is how long it takes at most until the leader has heard of what a server has answered.
func (p *proof) aging() time.Duration { return aging(p.terms[len(p.terms)-1].timeout) }

// overdue is how much time is left until the deadline when something has gone unanswered. An answer
// moves the deadline to almost half of the timeout after its request. Beats follow one another by
// a sixth of the timeout, go-zookeeper's pings by a third.
func (p *proof) overdue() time.Duration {
	if p.kind == LeasePing {
		return p.timeout() / 8
	}
	return p.timeout() / 4
}

// offer takes note of a connect request that is about to be sent.
func (p *proof) offer(sent time.Time) {
	if p.offered.IsZero() {
		p.offered = sent
	}
}

// refuse takes note that the server did not take the session that it was offered at the given time.
func (p *proof) refuse(sent time.Time) {
	if p.offered.Equal(sent) {
		p.offered = time.Time{}
	}
}

// connect takes note of the answer to a connect request that was sent at the given time, and
// reports whether the timeout is shorter than any before.
func (p *proof) connect(sent time.Time, granted time.Duration) (shrunk bool) {
	shortest := p.terms[0]
	shrunk = granted < shortest.timeout
	shortest.timeout = min(shortest.timeout, granted)
	p.terms = append(p.terms[:0], shortest)
	if granted > shortest.timeout {
		p.terms = append(p.terms, term{timeout: granted})
	}
	for i := range p.terms {
		p.terms[i].traffic.connected(sent)
	}
	if shrunk {
		p.deadline = earlier(p.deadline, kept(sent, granted))
	}
	p.offered = time.Time{}
	return shrunk
}

// answer takes note of a request or ping that was sent at the given time and is answered now. It
// reports whether the deadline has moved.
func (p *proof) answer(op int32, sent, now time.Time) (moved bool) {
	proved := p.proves(op)
	var deadline time.Time
	for i := range p.terms {
		t := &p.terms[i]
		if d := t.answer(p.kind, proved, sent, now); i == 0 || d.Before(deadline) {
			deadline = d
		}
	}
	if !proved || !deadline.After(p.deadline) {
		return false
	}
	p.deadline = deadline
	return true
}

// proves reports whether the answer to an operation proves that the session lives.
func (p *proof) proves(op int32) bool {
	switch p.kind {
	case LeaseQuorum:
		return quorumConfirms(op)
	case LeasePing:
		return true
	default:
		return false
	}
}

// sleep moves everything back by the time that the machine was suspended.
func (p *proof) sleep(d time.Duration) {
	p.deadline = p.deadline.Add(-d)
	if !p.offered.IsZero() {
		p.offered = p.offered.Add(-d)
	}
	for i := range p.terms {
		p.terms[i].heard = p.terms[i].heard.Add(-d)
		p.terms[i].traffic.slept(d)
	}
}

// quorumConfirms reports whether the answer to an operation comes from a quorum. Sync asks the
// leader alone, and reads any server.
func quorumConfirms(op int32) bool {
	switch op {
	case wire.OpCreate, wire.OpCreate2, wire.OpCreateContainer, wire.OpCreateTTL, wire.OpDelete,
		wire.OpSetData, wire.OpSetACL,
		wire.OpMulti:
		return true
	}
	return false
}

// A term is what is known if the session timeout is the one that it says.
type term struct {
	timeout time.Duration
	traffic traffic
	heard   time.Time // when the latest was sent of what the leader has certainly heard
}

// answer takes note of an answer, and returns the deadline that it proves if it proves any.
func (t *term) answer(kind Proof, proved bool, sent, now time.Time) time.Time {
	deadline := beatDeadline(now, sent, t.timeout)
	if kind == LeaseQuorum && proved {
		if heard := t.traffic.heard(sent, t.timeout); heard.After(t.heard) {
			t.heard = heard
		}
		deadline = earlier(deadline, t.heardDeadline())
	}
	t.traffic.answered(now, sent, t.timeout)
	return deadline
}

// heardDeadline is what the leader grants from when it heard of the session. It is the earlier one
// where the session was silent for longer than that takes for granted: where it did nothing but
// wait, or was cut off.
func (t *term) heardDeadline() time.Time { return kept(t.heard, t.timeout) }

// beatDeadline is until when the ensemble certainly keeps the session, as far as an operation tells
// that has just been answered.
//
// The leader counts the session timeout T from when it last heard of the session, and hears of it
// from the server that the client talks to. While something is held it may have heard last up to
// half a tick and unheard before the operation that it confirmed. Half a tick is at most T/4. The
// answer's way and a hundredth for clocks that run apart come on top.
func beatDeadline(now, sent time.Time, timeout time.Duration) time.Time {
	return sent.Add(timeout - timeout/100 - timeout/4 - unheard(timeout) - now.Sub(sent))
}

// kept is for how long the leader keeps a session that it has heard of, less a hundredth for clocks
// that run apart.
func kept(heard time.Time, timeout time.Duration) time.Time {
	return heard.Add(timeout - timeout/100)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Proof is what proves that the session still stands.
type Proof uint8

// The kinds of Proof. See the Lease of package zklock.
const (
	LeaseQuorum Proof = iota // the last operation that a quorum confirmed
	LeasePing                // the last answer of any server
	LeaseServer              // that the server has not said otherwise
)
