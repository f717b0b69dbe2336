package zklock

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/recipe"
)

// Revoked returns a channel that closes when the current hold should be released. If nothing is
// held the channel is closed. The channel does not close when the hold is released: a goroutine
// that waits only for it waits forever. Use Context for work that must end with the hold.
func (m *Mutex) Revoked() <-chan struct{} {
	a := m.holding()
	if a == nil {
		return recipe.Closed
	}
	a.Hold().State()
	return a.Hold().Revoked()
}

// Lost returns a channel that closes when the current hold is gone or can no longer be proved. If
// nothing is held the channel is closed. Like the channel of Revoked, it does not close when the
// hold is released; see Context.
func (m *Mutex) Lost() <-chan struct{} {
	a := m.holding()
	if a == nil {
		return recipe.Closed
	}
	a.Hold().State()
	return a.Hold().Lost()
}

// Err returns the state of the current hold: nil, an error that matches ErrRevoked, which is a
// RevokedError if the client has said who it is, or an error that matches ErrLost and says why the
// hold was lost. It returns nil if nothing is held.
func (m *Mutex) Err() error {
	a := m.holding()
	if a == nil {
		return nil
	}
	return a.Hold().State()
}

// Deadline returns the time at which Lost closes if no server confirms the current hold before.
// Each confirmation moves it. Deadline returns the zero Time if nothing is held, if the hold was
// lost, and with LeaseServer, which has no such time.
//
// The monotonic clock reading of the result stands still while the machine is suspended. A process
// that passes the time to another must read that process's clock before it calls Deadline.
func (m *Mutex) Deadline() time.Time {
	a := m.holding()
	if a == nil {
		return time.Time{}
	}
	return deadlineOf(a)
}

func deadlineOf(a *recipe.Acquisition) time.Time {
	deadline := a.Hold().Deadline()
	if errors.Is(a.Hold().State(), ErrLost) {
		return time.Time{}
	}
	return deadline
}

// Jeopardy reports whether the current hold may be lost soon: whether a beat, which the Session
// sends six times in a session timeout, is overdue, and less than a quarter of the timeout is left
// until Deadline. With LeasePing it is a ping and an eighth. While Jeopardy is true, begin nothing
// new. Work that has begun may go on until Lost closes. Most outages end before the hold is lost;
// then Jeopardy is false again.
//
// Jeopardy is true if the hold was lost, and if nothing is held. With LeaseServer, which has no
// Deadline, it is false until the hold is lost. It does not use the network.
func (m *Mutex) Jeopardy() bool {
	a := m.holding()
	return a == nil || errors.Is(a.Hold().State(), ErrLost) || a.Hold().Overdue()
}

// Token returns the fencing token of the current hold, also after the hold was lost. It returns the
// zero Token if nothing is held.
func (m *Mutex) Token() Token {
	a := m.holding()
	if a == nil {
		return Token{}
	}
	return tokenOf(a)
}

// Guard returns an operation to put first in Session.Conn().Multi(...). The transaction fails with
// zk.ErrNoNode, and writes nothing, unless the current hold still stands when the ensemble executes
// it. Guard fails with ErrNotLocked if nothing is held, and with an error that matches ErrLost if
// the hold is known to be lost.
func (m *Mutex) Guard() (*zk.CheckVersionRequest, error) {
	a := m.holding()
	if a == nil {
		return nil, opError("guard", m.path, ErrNotLocked)
	}
	return guardOf(a)
}

func guardOf(a *recipe.Acquisition) (*zk.CheckVersionRequest, error) {
	if err := a.Hold().State(); errors.Is(err, ErrLost) {
		return nil, opError("guard", a.Path, err)
	}
	// Any version will do: a revocation mark changes it. The name is never used again, so if the
	// znode exists the hold stands.
	return &zk.CheckVersionRequest{Path: a.Hold().Znode(), Version: -1}, nil
}

// Held asks a quorum of the ensemble whether the current hold still stands. It returns false if
// nothing is held.
func (m *Mutex) Held(ctx context.Context) (bool, error) {
	a := m.holding()
	if a == nil {
		return false, nil
	}
	return m.s.held(ctx, a)
}

func (s *Session) held(ctx context.Context, a *recipe.Acquisition) (bool, error) {
	if errors.Is(a.Hold().State(), ErrLost) {
		return false, nil
	}
	held, err := recipe.Request(ctx, s.locks,
		func(ctx context.Context, zs *recipe.Local) (bool, error) {
			err := zs.Lease.Check(ctx, a.Hold().Znode())
			if errors.Is(err, zk.ErrNoNode) {
				return false, nil
			}
			return err == nil, err
		})
	return held, opError("look at", a.Path, err)
}
