package zklock

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// Lease says what proves that a hold still stands. When the proof runs out the hold is lost, whatever the ensemble
// may think of it: its Lost channel closes, and does so before another client can be granted the lock.
type Lease uint8

const (
	// LeaseQuorum counts from the last operation that a quorum of the ensemble confirmed. While something is held,
	// one transaction that changes nothing is sent every eighth of the session timeout.
	LeaseQuorum Lease = iota

	// LeasePing counts from the last request or ping that any server answered. It costs the ensemble nothing, but a
	// server that is cut off from its leader still answers pings: then another client can be granted the lock
	// seconds before the holder is told.
	LeasePing

	// LeaseServer waits for the server to say that the session has expired. A client that is cut off learns that only
	// when it is connected again, long after others may hold the lock.
	LeaseServer
)

// beatsPerTimeout is how many quorum-confirmed operations go out in a session timeout while something is held.
const beatsPerTimeout = 8

// checksPerBeat bounds the size of one beat, in holds: servers refuse requests above 1 MB, and a path may have 1 kB.
const checksPerBeat = 500

// lease keeps the holds of one ZooKeeper session for as long as they can be proved.
type lease struct {
	zs   *zkSession
	kind Lease
	beat chan struct{} // signals the first hold after none; has room for one

	mu       sync.Mutex // guards the fields below
	holds    map[*hold]struct{}
	deadline time.Time   // until when the ensemble certainly keeps the session
	timer    *time.Timer // calls runOut at the deadline; set while something is held
}

func newLease(zs *zkSession, kind Lease) *lease {
	return &lease{zs: zs, kind: kind, beat: make(chan struct{}, 1), holds: make(map[*hold]struct{})}
}

// confirm takes note of an operation that was sent at the given time and has just been confirmed by a quorum.
func (l *lease) confirm(sent time.Time) {
	if l.kind == LeaseQuorum {
		l.advance(sent)
	}
}

// answered takes note of an operation or ping that was sent at the given time and has just been answered.
func (l *lease) answered(sent time.Time) {
	if l.kind == LeasePing {
		l.advance(sent)
	}
}

// advance works out until when an answered operation proves the session, and with it every candidate.
//
// The leader counts the session timeout T from when it last heard of the session, and hears of it from the server
// that the client talks to. It may have heard last up to half a tick and two beats before the operation that it
// confirmed. T is at least two ticks (minSessionTimeout's default), so half a tick is at most T/4; two beats are
// another T/4. The answer's way and a hundredth for clocks that run apart come on top.
//
// Every answer proves its own deadline, and the latest counts: an operation that was sent later may have taken longer.
func (l *lease) advance(sent time.Time) {
	timeout := l.zs.timeout()
	deadline := sent.Add(timeout - timeout/100 - timeout/4 - 2*timeout/beatsPerTimeout - time.Since(sent))
	l.mu.Lock()
	defer l.mu.Unlock()
	if deadline.After(l.deadline) {
		l.deadline = deadline
		l.setTimerLocked()
	}
}

func (l *lease) setTimerLocked() {
	switch {
	case l.kind == LeaseServer || len(l.holds) == 0:
		if l.timer != nil {
			l.timer.Stop()
		}
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Until(l.deadline), l.runOut)
	default:
		l.timer.Reset(time.Until(l.deadline))
	}
}

// runOut loses every hold if the deadline has passed. The timer calls it, and so does everybody who looks at a hold:
// the process may have been stopped while the timer was due.
func (l *lease) runOut() {
	l.mu.Lock()
	if l.kind == LeaseServer || len(l.holds) == 0 {
		l.mu.Unlock()
		return
	}
	if time.Until(l.deadline) > 0 {
		l.setTimerLocked()
		l.mu.Unlock()
		return
	}
	holds := l.takeLocked()
	l.mu.Unlock()
	lose(holds, errLeaseRanOut)
}

// end loses every hold for the given reason: the session has expired or is being closed.
func (l *lease) end(reason error) {
	l.mu.Lock()
	holds := l.takeLocked()
	l.mu.Unlock()
	lose(holds, reason)
}

func (l *lease) takeLocked() map[*hold]struct{} {
	holds := l.holds
	l.holds = make(map[*hold]struct{})
	l.setTimerLocked()
	return holds
}

func lose(holds map[*hold]struct{}, reason error) {
	for h := range holds {
		h.lose(reason)
	}
}

// admit puts a hold under the lease. If nothing has been confirmed lately, because the candidate waited in the queue, it
// asks for the proof first, so that a hold does not begin with a lease that is about to end. It fails if the candidate is
// gone or the session has ended.
func (l *lease) admit(ctx context.Context, h *hold) error {
	if l.add(h, 2*l.zs.timeout()/beatsPerTimeout) {
		return nil
	}
	for {
		if err := l.zs.do(ctx, func() error { return l.check(h.path) }); err != nil {
			return err
		}
		if l.add(h, 0) {
			return nil
		}
	}
}

// add puts a hold under the lease if that lasts for some time yet.
func (l *lease) add(h *hold, least time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kind != LeaseServer && time.Until(l.deadline) <= least {
		return false
	}
	l.holds[h] = struct{}{}
	if len(l.holds) == 1 {
		l.setTimerLocked()
		select {
		case l.beat <- struct{}{}:
		default:
		}
	}
	return true
}

// drop takes a hold from under the lease, because it is released or lost.
func (l *lease) drop(h *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.holds, h)
	if len(l.holds) == 0 {
		l.setTimerLocked()
	}
}

// held returns the holds under the lease.
func (l *lease) held() []*hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := make([]*hold, 0, len(l.holds))
	for h := range l.holds {
		held = append(held, h)
	}
	return held
}

// run beats while something is held, until the ZooKeeper session ends.
func (l *lease) run() {
	if l.kind != LeaseQuorum {
		return
	}
	for {
		select {
		case <-l.beat:
		case <-l.zs.ended:
			return
		}
		for {
			select {
			case <-time.After(l.zs.timeout() / beatsPerTimeout):
			case <-l.zs.ended:
				return
			}
			held := l.held()
			if len(held) == 0 {
				break
			}
			for len(held) > 0 {
				n := min(len(held), checksPerBeat)
				l.beatOnce(held[:n])
				held = held[n:]
			}
		}
	}
}

// beatOnce has a quorum confirm that the candidates of these holds exist. Those that do not are lost.
func (l *lease) beatOnce(held []*hold) {
	for len(held) > 0 {
		paths := make([]string, len(held))
		for i, h := range held {
			paths[i] = h.path
		}
		err := l.zs.do(context.Background(), func() error { return l.check(paths...) })
		var missing *missingError
		if !errors.As(err, &missing) {
			return
		}
		// A hold that was released meanwhile is no longer under the lease; to lose it then means nothing.
		held[missing.index].lose(errRemoved)
		held = append(held[:missing.index:missing.index], held[missing.index+1:]...)
	}
}

// missingError says which of several znodes does not exist.
type missingError struct{ index int }

func (*missingError) Error() string { return zk.ErrNoNode.Error() }
func (*missingError) Unwrap() error { return zk.ErrNoNode }

// check is the quorum-confirmed operation: a transaction that has the leader verify that the znodes exist. Unlike a
// read it cannot be answered by a server that is cut off from its leader.
func (l *lease) check(paths ...string) error {
	ops := make([]any, len(paths))
	for i, path := range paths {
		ops[i] = &zk.CheckVersionRequest{Path: path, Version: -1}
	}
	sent := time.Now()
	results, err := l.zs.conn.Multi(ops...)
	if err == nil {
		l.confirm(sent)
	}
	for i, r := range results {
		if errors.Is(r.Error, zk.ErrNoNode) {
			return &missingError{index: i}
		}
	}
	return err
}
