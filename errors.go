package zklock

import (
	"errors"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

var (
	// ErrLocked is returned by a try if the lock is taken, and by Remove if a client is in the
	// queue. Trying again is safe.
	ErrLocked = recipe.ErrLocked

	// ErrNotLocked is returned if a handle that holds nothing is unlocked or asked for a Guard.
	// Trying again does not help. It is also the cause with which the context of a released hold
	// ends; see Mutex.Context.
	ErrNotLocked = recipe.ErrNotLocked

	// ErrDeadlock is returned by an acquisition that would wait for a hold that its own context
	// carries: a hold of the same lock, through any handle of the Session, unless both are readers.
	// So a reader must release before it can become a writer. Trying again does not help while that
	// hold lasts.
	//
	// Two cases are not detected. LockAsync does not fail, because the hold can be released before
	// the caller waits for the outcome. Nor does a reader that waits for a writer which is queued
	// behind the read hold of the reader's own context. As with sync.RWMutex, avoid recursive read
	// locking.
	ErrDeadlock = errors.New("deadlock: the context holds the lock already")

	// ErrNoLeader is returned by Election.Leader if there is no leader. Trying again is safe.
	ErrNoLeader = errors.New("there is no leader")

	// ErrWaitTimeout is part of Do's error if the lock was not acquired within WaitAtMost. Trying
	// again is safe.
	ErrWaitTimeout = errors.New("the lock was not acquired within the time that WaitAtMost allows")

	// ErrRunTimeout is the cause with which the function's context ends after RunAtMost. It is part
	// of Do's error if the function then fails.
	ErrRunTimeout = errors.New("the function ran for longer than RunAtMost allows")

	// ErrRevoked is the state of a hold that another client asked for, and part of the error of one
	// that was removed by force. The holder should stop and release. If the client says who it is,
	// the error is a RevokedError.
	ErrRevoked = recipe.ErrRevoked

	// ErrLost is the state of a hold that is gone or can no longer be proved. Another client may
	// hold the lock already: work done under the hold must not be continued. Locking again is safe.
	ErrLost = recipe.ErrLost

	// ErrClosed is returned by each operation that needs a Session which was closed. Only a new
	// Session helps.
	ErrClosed = ensemble.ErrClosed

	// ErrUnavailable is part of the error of a call whose context ended while there was no
	// connection to a server, or no answer from it. The error says for how long, and why if that is
	// known. An acquisition whose error does not match ErrUnavailable has waited for other clients.
	// Trying again is safe.
	ErrUnavailable = ensemble.ErrUnavailable

	// ErrInvalidName is returned for a lock name that ZooKeeper could not store or that would be
	// ambiguous.
	ErrInvalidName = errors.New("invalid lock name")

	// ErrMixedDialects is returned by an acquisition that finds an incompatible client in the
	// queue: one that orders the queue differently, or one that zklock does not know. Both clients
	// could be granted the lock, or each could wait for the other forever. The error names the
	// client, and the setting that helps. No znode is left. Trying again does not help while such a
	// client uses the lock. A client that joins the queue later may not be noticed: see
	// docs/interop.md.
	ErrMixedDialects = recipe.ErrMixedDialects

	// ErrSize is returned by an acquisition of permits if the handle was made for another size than
	// the semaphore has, or if it asks for more permits than there are. The error has both numbers.
	// Trying again does not help: give all handles the same size, or set it with Semaphore.Resize.
	ErrSize = recipe.ErrSize

	// ErrIncomplete is part of the error of Locks and Contenders if they return only a part. The
	// error says what is left out. Trying again does not help.
	ErrIncomplete = errors.New("the list is incomplete")

	// ErrTooMany is returned by an acquisition if the ZooKeeper session would then own more than
	// WithFootprint allows. No znode is left. Release locks, or open a second Session for a part of
	// them.
	ErrTooMany = ensemble.ErrTooMany

	// ErrExhausted is returned when a lock's sequence numbers come near their end, where ZooKeeper
	// would repeat them and could grant the lock twice. Trying again does not help, and uses up a
	// number each time, because only the servers know the next one. Remove the lock's znode while
	// its queue is empty, and lock again.
	ErrExhausted = recipe.ErrExhausted
)

// OpError is the error of every operation: the operation, the znode, and what went wrong.
type OpError struct {
	Op string // dial, lock, unlock, remove, …
	// of the lock's znode; the connect string of a Dial that has begun to connect; empty if there
	// is neither
	Path string
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

// opAcquire and opRelease return the Op of an acquisition and of its release.
func opAcquire(c *recipe.Claim) string {
	if c.Config.Pool != nil {
		return "acquire"
	}
	return "lock"
}

func opRelease(c *recipe.Claim) string {
	if c.Config.Pool != nil {
		return "release"
	}
	return "unlock"
}

// opError adds the operation and the path to err, and returns nil if err is nil. All errors that
// the package returns pass through it: it turns internal errors into public ones.
func opError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Path: path, Err: ensemble.Public(err)}
}

// The messages of the panics for misuse. Misuse is a fault of the program, so methods panic instead
// of returning an error.
const (
	notMadeMutex     = "zklock: use of a Mutex that was not made by a Session, or was copied"
	notMadeRWMutex   = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	notMadeSemaphore = "zklock: use of a Semaphore that was not made by Session.Semaphore, or was copied"
	notMadePermit    = "zklock: use of a Permit that was not made by a Semaphore, or was copied"
	notMadeHold      = "zklock: use of a Hold that was not made by Session.LockAll"
	notMadePending   = "zklock: use of a Pending that was not made by LockAsync"
	notMadeElection  = "zklock: use of an Election that was not made by Session.Election"
	notMadeSession   = "zklock: use of a Session that was not made by Dial, or was copied"
)
