package ensemble

import (
	"context"
	"errors"
	"time"
)

// Admit puts a hold under the lease. If nothing has been confirmed lately, because the candidate
// waited in the queue, it asks for the proof first, so that a hold does not begin with a lease that
// is about to end. After a silence the proof may not reach far: then the leader has to hear of the
// session first, which takes up to half a tick. It fails if the candidate is gone or the session
// has ended.
func (l *Lease) Admit(ctx context.Context, h Tenant) (*Tenure, error) {
	part := l.timeout() / looksPerTimeout
	// the beat that is to follow the answers up to now by half a tick comes by then: see untilBeat
	ahead := 3 * part
	if held := l.add(h, 2*part, ahead); held != nil {
		return held, nil
	}
	for {
		asked := time.Now()
		if err := l.Check(ctx, h.Znode()); err != nil {
			return nil, err
		}
		if held := l.add(h, 0, ahead+2*time.Since(asked)); held != nil {
			return held, nil
		}
		if l.tooShort(time.Since(asked)) {
			l.zs.giveUp(errShortTimeout)
			return nil, l.zs.EndReason()
		}
		ahead = 0 // what is slow rather than silent gets no better by waiting
		select {
		case <-time.After(l.aging()):
		case <-l.zs.ended:
			return nil, l.zs.EndReason()
		case <-ctx.Done():
			return nil, ContextError(ctx)
		}
	}
}

// tooShort reports whether answers take so long that beats cannot keep a hold, and the next
// session, with a longer timeout, is better off. A server that claims to grant next to nothing
// would otherwise keep the session from every lock, forever.
func (l *Lease) tooShort(answer time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.holds) == 0 && l.proof.timeout()/looksPerTimeout < 2*answer && l.proof.outgrown()
}

// aging is how long it may take until the leader has heard of what a server has answered.
func (l *Lease) aging() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proof.aging()
}

// add puts a hold under the lease if that lasts for some time yet: the last proof, and what the
// leader has heard. Otherwise it returns nil.
func (l *Lease) add(h Tenant, proof, heard time.Duration) *Tenure {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.noticeSleepLocked(now, 0)
	if l.ended {
		return nil
	}
	if l.kind != LeaseServer && time.Until(l.proof.until()) <= proof {
		return nil
	}
	if l.kind == LeaseQuorum && time.Until(l.proof.heardUntil()) <= heard {
		return nil
	}
	held := &Tenure{hold: h, at: len(l.holds), checked: now.Sub(l.made)}
	l.holds = append(l.holds, held)
	if held.at == 0 {
		l.setTimerLocked()
		select {
		case l.beat <- struct{}{}:
		default:
		}
	}
	return held
}

// errShortTimeout is why a session was given up with which nothing can be held.
var errShortTimeout = errors.New("a server has granted it a timeout that is too short for the network")
