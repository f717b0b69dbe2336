package zklock

import (
	"context"
	"errors"
	"sync"
)

// hold is one acquisition as its holder sees it. It is there from the beginning, because a revocation can come while the
// candidate still waits, and becomes a hold in the full sense when the candidate is granted the lock.
//
//	held ──revoke──▶ revoked ──┬─release──▶ released
//	  │                        │
//	  └────────────────────────┴─lose─────▶ lost
//
// Channels close once and stay closed; a released hold's never close, so that nobody is told of a loss that is none.
type hold struct {
	path  string // of the candidate's znode
	token Token  // of the candidate
	lease *lease // which proves the hold

	revoked chan struct{} // closed when the holder should stop
	lost    chan struct{} // closed when the hold is gone

	over context.Context // ended when the hold is released or lost: nothing changes any more
	end  context.CancelFunc

	mu  sync.Mutex // guards the fields below, and that each channel is closed once
	err error      // nil, ErrRevoked, or an error that matches ErrLost
}

func newHold() *hold {
	h := &hold{revoked: make(chan struct{}), lost: make(chan struct{})}
	h.over, h.end = context.WithCancel(context.Background())
	return h
}

// bind ties the hold to its candidate, before it is granted.
func (h *hold) bind(c *candidate) {
	h.path, h.token, h.lease = c.path, Token{Zxid: c.czxid}, c.zs.lease
}

// revoke tells the holder that somebody asked for the lock.
func (h *hold) revoke() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over.Err() == nil && h.err == nil {
		h.err = ErrRevoked
		close(h.revoked)
	}
}

// lose tells the holder that the hold is gone.
func (h *hold) lose(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over.Err() != nil {
		return
	}
	if h.err == nil {
		close(h.revoked)
	} else if !errors.Is(reason, ErrRevoked) {
		reason = errors.Join(reason, ErrRevoked)
	}
	h.err = reason
	close(h.lost)
	h.end()
}

// release ends the hold from the holder's side. It returns the loss that came before, if any.
func (h *hold) release() error {
	h.lease.runOut()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.over.Err() == nil:
		h.end()
		return nil
	case isClosed(h.lost):
		return h.err
	default:
		return ErrNotLocked // released before
	}
}

// state returns the hold's error after a look at the clock.
func (h *hold) state() error {
	h.lease.runOut()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}
