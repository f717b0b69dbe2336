package zklock

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
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

	// ErrUnavailable is part of the error of a call whose context ended while there was no
	// connection to a server, or no answer from it. The error says for how long, and why if that is
	// known. Without ErrUnavailable, an acquisition whose context ended has waited for others.
	// Trying again is safe.
	ErrUnavailable = errors.New("zookeeper is unavailable")

	// ErrInvalidName is returned for a lock name that ZooKeeper could not store or that would be ambiguous.
	ErrInvalidName = errors.New("invalid lock name")

	// ErrMixedDialects is returned by an acquisition that finds another client's candidate in the queue, ahead or behind, and the two
	// sides order the queue differently, or nobody can say how the other does, for it is a client that zklock does not know:
	// both could be granted the lock, or wait for one another for ever. The error says
	// who it is, and which setting helps. No znode is left. Trying again does not help while such clients use the lock.
	// One that joins the queue later may not be noticed: see docs/interop.md.
	ErrMixedDialects = errors.New("clients of the lock do not agree on the order of its queue")

	// ErrIncomplete is part of the error of a look at the locks or at a queue that shows only a part of them, which is
	// returned with it. The error says what is left out. Trying again does not help.
	ErrIncomplete = errors.New("not everything is shown")

	// ErrTooMany is returned by an acquisition that would have one ZooKeeper session own more than WithFootprint allows. No
	// znode is left. It helps to release locks, or to open a second Session for a part of them.
	ErrTooMany = errors.New("too many locks in one session")

	// ErrExhausted is returned when a lock's sequence numbers come near their end, where ZooKeeper would repeat them
	// and could grant the lock twice. Trying again does not help, and uses up a number each time: only the servers know
	// which is the next. Remove the lock's znode while nobody queues, and lock again.
	ErrExhausted = errors.New("sequence numbers of the lock are used up")
)

// errTooLarge is in place of an answer that is not read, for its size. Servers use the code for nothing else.
var errTooLarge = fmt.Errorf("the answer is larger than 8 MiB: %w", zk.ErrAPIError)

// Why a hold is lost. Removal by force is both a loss and a revocation, so that it matches either.
var (
	errExpired       = fmt.Errorf("%w: session expired", ErrLost)
	errGivenUp       = fmt.Errorf("%w: no server has taken it for longer than its timeout", errExpired)
	errLeaseRanOut   = fmt.Errorf("%w: no answer from the ensemble within the lease", ErrLost)
	errRemoved       = fmt.Errorf("%w: its znode was removed: %w", ErrLost, ErrRevoked)
	errSessionClosed = fmt.Errorf("%w: %w", ErrLost, ErrClosed)
)

// errClosing is the cause of the contexts that Close ends. No user sees it, so that no context of a
// user's has it as its cause.
var errClosing = errors.New("session is closing")

// OpError is the error of every operation: what was done, on which znode, and what went wrong.
type OpError struct {
	Op   string // dial, lock, unlock, remove, …
	Path string // of the lock's znode; the connect string of a Dial that has begun to connect; empty if there is neither
	Err  error
}

// Error prints as "lock /ZktoolsLocks/a: lock is taken".
func (e *OpError) Error() string {
	if e.Path == "" {
		return e.Op + ": " + e.Err.Error()
	}
	return e.Op + " " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns what went wrong, for errors.Is and errors.As.
func (e *OpError) Unwrap() error { return e.Err }

// opError adds the operation and the path to err, unless there is none, for the user. It is the
// only place where the library's own errors become the user's.
func opError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Path: path, Err: public(err)}
}

// gaveUp is the error inside the library of a call whose context has ended. The context's error and
// its cause are the caller's and can match anything, also zk.ErrNoNode, ErrLost or ErrClosed.
// gaveUp has no Unwrap, so that errors.Is does not take them for a server's answer, or for what has
// become of a session or a candidate.
type gaveUp struct{ why error }

func (g gaveUp) Error() string { return g.why.Error() }

// contextError is why ctx has ended, nil if it has not. To the user it matches both ctx.Err and
// context.Cause(ctx).
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(cause, err):
		return gaveUp{cause}
	default:
		return gaveUp{fmt.Errorf("%w: %w", err, cause)}
	}
}

// noContext stands in for a context that is nil: it has ended, and says why.
type noContext struct{ context.Context }

var errNoContext = errors.New("context is nil")

func (noContext) Done() <-chan struct{} { return closedChannel }
func (noContext) Err() error            { return errNoContext }

// orNone returns ctx, or one that has ended if that is nil.
func orNone(ctx context.Context) context.Context {
	if ctx == nil {
		return noContext{context.Background()}
	}
	return ctx
}

// isGaveUp reports whether a context's end is the reason for err.
func isGaveUp(err error) bool { return errors.As(err, new(gaveUp)) }

// public returns err as the user is to see it.
func public(err error) error {
	var g gaveUp
	if !errors.As(err, &g) {
		return err
	}
	if several, ok := err.(*severalErrors); ok {
		return joinErrors(public(several.errs[0]), public(several.errs[1]))
	}
	return g.why
}

// severalErrors are two that belong together, on one line.
type severalErrors struct{ errs [2]error }

func (e *severalErrors) Error() string   { return e.errs[0].Error() + "; " + e.errs[1].Error() }
func (e *severalErrors) Unwrap() []error { return e.errs[:] }

// joinErrors is errors.Join on one line.
func joinErrors(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	default:
		return &severalErrors{[2]error{a, b}}
	}
}
