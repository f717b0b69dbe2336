package zklock

import (
	"context"
	"errors"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// Context returns a context that ends with the current hold: when another client asks for the lock,
// when the hold is lost, and when it is released. Its context.Cause then matches ErrRevoked (a
// RevokedError if the client has said who it is) or ErrLost, or is ErrNotLocked. It also ends with
// parent. If nothing is held it has ended already, with the cause ErrNotLocked.
//
// The context carries the hold: an acquisition under it that would wait for this hold fails with
// ErrDeadlock.
//
// The hold refers to the context until either ends or the CancelFunc is called. The CancelFunc does
// not release the lock.
func (m *Mutex) Context(parent context.Context) (context.Context, context.CancelFunc) {
	parent = ensemble.OrNone(parent)
	a := m.holding()
	if a == nil {
		ctx, cancel := context.WithCancelCause(parent)
		cancel(ErrNotLocked)
		return ctx, func() {}
	}
	a.Hold().State() // notices a loss, if there is one
	return m.under(parent, a.Hold())
}

// under returns a context that ends with the hold, and carries it.
func (m *Mutex) under(parent context.Context, h *recipe.Hold) (context.Context,
	context.CancelFunc) {
	outer, _ := parent.Value(carriedKey{}).(*carried)
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, carriedKey{},
		&carried{m, h, outer}))
	stop := h.Follow(cancel)
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// carried is a hold that a context carries.
type carried struct {
	m     *Mutex
	hold  *recipe.Hold
	outer *carried // that the parent carries; nil if there is none
}

type carriedKey struct{}

// checkDeadlock fails if an acquisition under ctx would wait for a hold that ctx carries.
func (m *Mutex) checkDeadlock(ctx context.Context) error {
	c, _ := ctx.Value(carriedKey{}).(*carried)
	for ; c != nil; c = c.outer {
		if c.blocks(m) {
			return opError("lock", m.path, ErrDeadlock)
		}
	}
	return nil
}

// blocks reports whether an acquisition through m would wait until the hold is released. A lost
// hold blocks only its own handle.
func (c *carried) blocks(m *Mutex) bool {
	switch {
	case c.m.s != m.s || c.m.path != m.path || c.hold.Released():
		return false
	case m.occupiedBy(c.hold):
		return true
	default:
		shared := c.hold.IsShared() && m.kind == queue.Read
		return !shared && !errors.Is(c.hold.State(), ErrLost)
	}
}

func (m *Mutex) occupiedBy(h *recipe.Hold) bool {
	a := m.holding()
	return a != nil && a.Hold() == h
}
