package zklock

import (
	"context"
	"errors"
	"sync"
	"time"
)

// hold is one acquisition as its holder sees it. It is there from the beginning, because a revocation can come while the
// candidate still waits, and becomes a hold in the full sense when the candidate is granted the lock.
//
//	held ──revoke──▶ revoked ──┬─release──▶ released
//	  │                        │
//	  └────────────────────────┴─lose─────▶ lost
//
// Signals are given once and stay; a released hold's are never given, so that nobody is told of a loss that is none.
//
// A hold that several goroutines of the process share has parts: what befalls it befalls them.
type hold struct {
	path  string // of the candidate's znode
	token Token  // of the candidate
	lease *lease // which proves the hold

	revoked signal // the holder should stop
	lost    signal // the hold is gone

	whole *hold // that this is a part of; nil if it is one itself

	mu    sync.Mutex      // guards the fields below, and what is told; the whole's before its parts'
	err   error           // nil, ErrRevoked, or an error that matches ErrLost
	ended bool            // released or lost
	lapse func()          // called when the hold is lost; nil for nobody
	over  context.Context // see lasting; nil if nobody has asked
	end   context.CancelFunc
	parts map[*hold]struct{}
}

// bind ties the hold to its candidate, before it is granted.
func (h *hold) bind(c *candidate) {
	h.path, h.token, h.lease = c.path, Token{Zxid: c.czxid}, c.zs.lease
}

// lasting returns a context that ends when the hold is released or lost: nothing changes any more.
func (h *hold) lasting() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over == nil {
		h.over, h.end = context.WithCancel(context.Background())
		if h.ended {
			h.end()
		}
	}
	return h.over
}

// whenLost has f called when the hold is lost, at once if it is. It must not block.
func (h *hold) whenLost(f func()) {
	h.mu.Lock()
	lost := h.lost.isGiven()
	h.lapse = f
	h.mu.Unlock()
	if lost {
		f()
	}
}

// divide makes p a part, before it is granted. It is false if this hold is over.
func (h *hold) divide(p *hold, handoff uint32) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	p.path, p.token, p.lease, p.whole = h.path, Token{Zxid: h.token.Zxid, Handoff: handoff}, h.lease, h
	if h.parts == nil {
		h.parts = make(map[*hold]struct{})
	}
	h.parts[p] = struct{}{}
	if h.err != nil {
		p.revoke()
	}
	return true
}

// revoke tells the holder that somebody asked for the lock.
func (h *hold) revoke() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.err != nil {
		return
	}
	h.err = ErrRevoked
	h.revoked.give()
	for p := range h.parts {
		p.revoke()
	}
}

// lose tells the holder that the hold is gone.
func (h *hold) lose(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	for p := range h.parts {
		p.lose(reason)
	}
	if h.err == nil {
		h.revoked.give()
	} else if !errors.Is(reason, ErrRevoked) {
		reason = joinErrors(reason, ErrRevoked)
	}
	h.err = reason
	h.lost.give()
	h.finishLocked()
	if h.lapse != nil {
		h.lapse()
	}
}

func (h *hold) finishLocked() {
	h.ended = true
	if h.end != nil {
		h.end()
	}
}

// release ends the hold from the holder's side, once. It returns the loss that came before, if any.
func (h *hold) release() error {
	h.lease.runOut(lately)
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
	h.finishLocked()
	return nil
}

// state returns the hold's error after a look at the clock, for its holder.
func (h *hold) state() error {
	h.lease.runOut(0)
	return h.known()
}

// lately is good enough where nobody is told that the hold stands: the machine can be suspended after any look.
const lately = time.Millisecond

// stands reports whether the holder may go on.
func (h *hold) stands() bool {
	h.lease.runOut(lately)
	return h.known() == nil
}

// isLost reports whether the hold is gone, for whoever passes it on.
func (h *hold) isLost() bool {
	h.lease.runOut(lately)
	return h.lost.isGiven()
}

// known is state without a look at the clock.
func (h *hold) known() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}
