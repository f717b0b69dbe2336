package zklock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Hooks are functions that a Session calls when something happens to it or its locks, for metrics
// and traces. A nil function is not called.
//
// AcquireStart is called by the goroutine that asks for the lock. All others are called on one
// goroutine of the Session, one after the other, in the order of the events. Revoked, Lost and
// State are called at once, after all earlier events; the others up to ten milliseconds later. No
// hook delays a lock or a loss. Hooks should be quick, because later events are kept in memory
// until they return. They must not call Session.Close, which waits up to a second for them.
//
// For each acquisition AcquireStart is called first, then Queued if it has to wait, then
// AcquireEnd. If the lock was granted, Revoked and Lost follow if they happen, and HoldEnd comes
// last.
type Hooks struct {
	// AcquireStart is called when a lock is asked for. The context that it returns is passed to the
	// other hooks for this acquisition and its hold, to carry a span for example. It is used for
	// the hooks only.
	AcquireStart func(ctx context.Context, e AcquireStartEvent) context.Context

	// Queued is called when the acquisition has to wait. It is called again if the acquisition
	// loses its place, for example with its ZooKeeper session, and waits at the end of the queue.
	Queued func(ctx context.Context, e QueuedEvent)

	// AcquireEnd is called when the acquisition is granted the lock or fails.
	AcquireEnd func(ctx context.Context, e AcquireEndEvent)

	// Revoked is called when the holder is asked to release. If it was asked before the grant,
	// Revoked is called after AcquireEnd. It is not called for a loss.
	Revoked func(ctx context.Context, e RevokedEvent)

	// Lost is called when the hold is lost. If only the release shows the loss, Lost is called
	// then.
	Lost func(ctx context.Context, e LostEvent)

	// HoldEnd is called when the hold has been released or lost.
	HoldEnd func(ctx context.Context, e HoldEndEvent)

	// State is called with every new State of the Session.
	State func(e StateEvent)

	// Request is called for each request to a server, when it has been answered or its connection
	// has ended: the requests for locks, for the lease and of Conn, and pings. There are three or
	// more requests for each acquisition and release, so Request should be quicker than the other
	// hooks.
	Request func(e RequestEvent)
}

// LockRef names the lock of an event and says which kind of hold is meant.
type LockRef struct {
	Name string
	Path string // of its znode, with the chroot
	Kind Kind
}

// AcquireStartEvent is the argument of Hooks.AcquireStart.
type AcquireStartEvent struct {
	Lock LockRef
	Try  bool // whether it fails if the lock is taken
}

// QueuedEvent is the argument of Hooks.Queued.
type QueuedEvent struct {
	Lock  LockRef
	Wait  time.Duration // since AcquireStart
	Ahead int           // how many are ahead, at least: a long queue is not counted to its end
}

// AcquireEndEvent is the argument of Hooks.AcquireEnd.
type AcquireEndEvent struct {
	Lock LockRef
	Wait time.Duration // since AcquireStart
	// its Handoff is 0 unless another goroutine passed the hold on; see WithLocalHandoff
	Token Token
	Err   error // why it failed, such as ErrLocked; nil if the lock was granted
}

// RevokedEvent is the argument of Hooks.Revoked.
type RevokedEvent struct {
	Lock LockRef
	Held time.Duration // until now

	By, Reason string // as RevokedError has them; empty if the request does not say
}

// LostEvent is the argument of Hooks.Lost.
type LostEvent struct {
	Lock   LockRef
	Held   time.Duration
	Reason LossReason
	Err    error // what Mutex.Err returns
}

// HoldEndEvent is the argument of Hooks.HoldEnd.
type HoldEndEvent struct {
	Lock  LockRef
	Token Token
	Held  time.Duration // until the release began, or until the loss
	// how long the release took; 0 after a loss, and if no caller waited for it
	Release time.Duration
	Reason  LossReason // NotLost if the hold was released
	Err     error      // why it was lost, or how its release failed
}

// StateEvent is the argument of Hooks.State.
type StateEvent struct {
	From, To State         // From is 0 before the first
	For      time.Duration // how long From lasted
	// the last one connected to, host:port as in the connect string; empty if unknown
	Server  string
	Timeout time.Duration // the session timeout that was granted last
	// why the last try to connect failed; nil if To is StateConnected or if unknown
	Err error
}

// RequestEvent is what Hooks.Request is told.
type RequestEvent struct {
	Operation string        // as ZooKeeper calls it: create2, multi, ping and the like
	Server    string        // host:port of the connect string
	Duration  time.Duration // since it was sent
	Err       error         // the server's, of package zk, or zk.ErrConnectionClosed
}

// LossReason is why a hold was lost.
type LossReason uint8

// The reasons for a loss.
const (
	NotLost     LossReason = iota
	LossLease              // the ensemble has not confirmed it within the lease
	LossExpired            // its ZooKeeper session has expired, or was given up
	// its znode was removed, by force or by hand; or with a session that expired while it was
	// connected
	LossRemoved
	LossClosed // the Session was closed
)

func (r LossReason) String() string {
	switch r {
	case NotLost:
		return "not lost"
	case LossLease:
		return "lease"
	case LossExpired:
		return "expired"
	case LossRemoved:
		return "removed"
	case LossClosed:
		return "closed"
	default:
		return fmt.Sprintf("LossReason(%d)", uint8(r))
	}
}

// reasonOf returns why a hold was lost, by its state or by the error of its release.
func reasonOf(err error) LossReason {
	switch {
	case !errors.Is(err, ErrLost):
		return NotLost
	case errors.Is(err, ensemble.ErrRemoved):
		return LossRemoved
	case errors.Is(err, ensemble.ErrLeaseRanOut):
		return LossLease
	case errors.Is(err, ErrClosed):
		return LossClosed
	default:
		return LossExpired
	}
}

// WithHooks sets functions that the Session calls. It can be given several times: all hooks are
// called, in that order. Hooks must not be changed after Dial.
func WithHooks(hooks *Hooks) SessionOption {
	return func(cfg *sessionConfig) error {
		if hooks == nil {
			return errors.New("hooks are nil")
		}
		cfg.hooks = append(cfg.hooks, hooks)
		return nil
	}
}
