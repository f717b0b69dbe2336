package zklock

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrLocked is returned by a try that found the lock taken, and by Remove when somebody queues. Trying again is
	// safe.
	ErrLocked = errors.New("lock is taken")

	// ErrNotLocked is returned when a handle that holds nothing is unlocked or asked for a Guard. Trying again does
	// not help.
	ErrNotLocked = errors.New("not locked")

	// ErrRevoked is the state of a hold that somebody asked for, and part of the error of one that was removed by
	// force. The holder should stop and release.
	ErrRevoked = errors.New("lock revoked")

	// ErrLost is the state of a hold that is gone or can no longer be proved. Another client may hold the lock
	// already; the work done under it must not be continued. Locking again is safe.
	ErrLost = errors.New("lock lost")

	// ErrClosed is returned by everything that needs a Session after its Close. Only a new Session helps.
	ErrClosed = errors.New("session closed")

	// ErrInvalidName is returned for a lock name that ZooKeeper could not store or that would be ambiguous.
	ErrInvalidName = errors.New("invalid lock name")

	// ErrMixedDialects is returned by an acquisition that finds another client's candidate in the queue, ahead or behind, and the two
	// sides order the queue differently: both could be granted the lock, or wait for one another for ever. The error says
	// who it is, and which setting helps. No znode is left. Trying again does not help while such clients use the lock.
	// One that joins the queue later may not be noticed: see docs/interop.md.
	ErrMixedDialects = errors.New("clients of the lock do not agree on the order of its queue")

	// ErrExhausted is returned when a lock's sequence numbers come near their end, where ZooKeeper would repeat them
	// and could grant the lock twice. Trying again does not help, and uses up a number each time: only the servers know
	// which is the next. Remove the lock's znode while nobody queues, and lock again.
	ErrExhausted = errors.New("sequence numbers of the lock are used up")
)

// Why a hold is lost. Removal by force is both a loss and a revocation, so that it matches either.
var (
	errExpired       = fmt.Errorf("%w: session expired", ErrLost)
	errGivenUp       = fmt.Errorf("%w: no server has taken it for longer than its timeout", errExpired)
	errLeaseRanOut   = fmt.Errorf("%w: no answer from the ensemble within the lease", ErrLost)
	errRemoved       = fmt.Errorf("%w: its znode was removed: %w", ErrLost, ErrRevoked)
	errSessionClosed = fmt.Errorf("%w: %w", ErrLost, ErrClosed)
)

// OpError is the error of every operation: what was done, on which znode, and what went wrong.
type OpError struct {
	Op   string // lock, unlock, remove, …
	Path string // of the lock's znode
	Err  error
}

// Error prints as "lock /ZktoolsLocks/a: lock is taken".
func (e *OpError) Error() string { return e.Op + " " + e.Path + ": " + e.Err.Error() }

// Unwrap returns what went wrong, for errors.Is and errors.As.
func (e *OpError) Unwrap() error { return e.Err }

// opError adds the operation and the path to err, unless there is none.
func opError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Path: path, Err: err}
}

// contextError is why ctx ended: it matches both ctx.Err and context.Cause(ctx).
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
