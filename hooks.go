package zklock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Hooks are told what becomes of a Session and of its locks: for metrics, traces and the like. Fields
// that are nil are not called.
//
// AcquireStart is called by the goroutine that asks for the lock. All others are called on one
// goroutine of the Session, one after the other, in the order in which things happened, and a moment
// later. None holds up a lock or a loss. Hooks should be quick, since what they are to be told is kept
// until they have returned. They must not call Session.Close, which waits for them for a second.
//
// An acquisition is told of by AcquireStart, perhaps Queued, and AcquireEnd. If it is granted the lock,
// perhaps Revoked and Lost follow, and HoldEnd comes last.
type Hooks struct {
	// AcquireStart is told that a lock is asked for. The context that it returns is passed to the
	// others for this acquisition and its hold: a place for a span. It is for the hooks alone.
	AcquireStart func(ctx context.Context, e AcquireStartEvent) context.Context

	// Queued is told that the acquisition waits for others. It is called again if the acquisition has
	// lost its place, with the ZooKeeper session for one, and waits at the end of the queue.
	Queued func(ctx context.Context, e QueuedEvent)

	// AcquireEnd is told that the acquisition is granted the lock, or has failed.
	AcquireEnd func(ctx context.Context, e AcquireEndEvent)

	// Revoked is told that the holder is asked to release. If that happened before the grant, it is
	// told after AcquireEnd. It is not told of a loss.
	Revoked func(ctx context.Context, e RevokedEvent)

	// Lost is told that the hold is lost, also if that is only noticed by its release.
	Lost func(ctx context.Context, e LostEvent)

	// HoldEnd is told that the hold is over: that it has been released, or lost.
	HoldEnd func(ctx context.Context, e HoldEndEvent)

	// State is told every new State of the Session.
	State func(e StateEvent)

	// Request is told that a request to a server has been answered, or that its connection ended
	// first: of each request that the Session makes for its locks, for its lease and for Conn, and
	// of each ping. There are three or more for each acquisition and release, so it should be
	// quicker than the others.
	Request func(e RequestEvent)
}

// LockRef says which lock an event is about, and which side of it.
type LockRef struct {
	Name string
	Path string // of its znode, with the chroot
	Kind Kind
}

// AcquireStartEvent is what Hooks.AcquireStart is told.
type AcquireStartEvent struct {
	Lock LockRef
	Try  bool // it is to fail if the lock is taken
}

// QueuedEvent is what Hooks.Queued is told.
type QueuedEvent struct {
	Lock  LockRef
	Ahead int // how many are ahead, at least: a long queue is not counted
}

// AcquireEndEvent is what Hooks.AcquireEnd is told.
type AcquireEndEvent struct {
	Lock  LockRef
	Wait  time.Duration // since AcquireStart
	Token Token         // its Handoff is not 0 if another goroutine has passed the hold on: WithLocalHandoff
	Err   error         // why it has failed, ErrLocked for one; nil if the lock is granted
}

// RevokedEvent is what Hooks.Revoked is told.
type RevokedEvent struct {
	Lock LockRef
	Held time.Duration // until now
}

// LostEvent is what Hooks.Lost is told.
type LostEvent struct {
	Lock   LockRef
	Held   time.Duration
	Reason LossReason
	Err    error // as Mutex.Err has it
}

// HoldEndEvent is what Hooks.HoldEnd is told.
type HoldEndEvent struct {
	Lock    LockRef
	Token   Token
	Held    time.Duration // until the release began, or until the loss
	Release time.Duration // how long the release took; 0 after a loss, and where no caller waited for it
	Reason  LossReason    // NotLost if the hold was released
	Err     error         // why it was lost, or how its release failed
}

// StateEvent is what Hooks.State is told.
type StateEvent struct {
	From, To State         // From is 0 before the first
	For      time.Duration // how long From lasted
	Server   string        // host:port of the connect string: the last that was connected to; empty if that is not known
	Timeout  time.Duration // the session timeout that was granted last
	Err      error         // why the last try to connect failed, if To is not StateConnected and that is known
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

// The reasons.
const (
	NotLost     LossReason = iota
	LossLease              // the ensemble has not confirmed it within the lease
	LossExpired            // its ZooKeeper session has expired, or was given up
	LossRemoved            // its znode was removed, by force or by hand; or with a session that expired while it was connected
	LossClosed             // the Session was closed
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

// reasonOf is what the state of a hold, or the error of its release, says of a loss.
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

// WithHooks has the Session tell hooks what it does. It can be given several times: each is told, in
// that order. They are not to be changed after Dial.
func WithHooks(hooks *Hooks) SessionOption {
	return func(cfg *sessionConfig) error {
		if hooks == nil {
			return errors.New("hooks are nil")
		}
		cfg.hooks = append(cfg.hooks, hooks)
		return nil
	}
}
