package zklock

import (
	"errors"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

var (
	// ErrLocked is returned by a try that found the lock taken, and by Remove when somebody queues. Trying again is
	// safe.
	ErrLocked = recipe.ErrLocked

	// ErrNotLocked is returned when a handle that holds nothing is unlocked or asked for a Guard. Trying again does
	// not help. It is also the cause of a context of a hold that was released: see Mutex.Context.
	ErrNotLocked = recipe.ErrNotLocked

	// ErrDeadlock is returned by an acquisition that would wait for a hold which its own context carries: for the same lock, be
	// it through another handle of the Session, unless both are readers. So a reader cannot become a writer without
	// releasing first. Trying again does not help while that hold lasts. LockAsync does not fail so, for the hold can be
	// released before its outcome is waited for. Nor does a reader that comes to wait for a writer which queues behind the
	// read hold of its own context: as with sync.RWMutex, avoid recursive read locking.
	ErrDeadlock = errors.New("deadlock: the context holds the lock already")

	// ErrNoLeader is returned by Election.Leader if nobody leads. Trying again is safe.
	ErrNoLeader = errors.New("nobody leads")

	// ErrWaitTimeout is part of Do's error if the lock was not acquired within WaitAtMost. Trying again is safe.
	ErrWaitTimeout = errors.New("the lock was not acquired within the time that WaitAtMost allows")

	// ErrRunTimeout is part of Do's error if the function has failed after it ran for longer than RunAtMost, and the cause
	// with which its context ended.
	ErrRunTimeout = errors.New("the function ran for longer than RunAtMost allows")

	// ErrRevoked is the state of a hold that somebody asked for, and part of the error of one that was removed by
	// force. The holder should stop and release.
	ErrRevoked = recipe.ErrRevoked

	// ErrLost is the state of a hold that is gone or can no longer be proved. Another client may hold the lock
	// already; the work done under it must not be continued. Locking again is safe.
	ErrLost = recipe.ErrLost

	// ErrClosed is returned by everything that needs a Session after its Close. Only a new Session helps.
	ErrClosed = ensemble.ErrClosed

	// ErrUnavailable is part of the error of a call whose context ended while there was no connection to a server, or no answer
	// from it. The error says for how long, and why if that is known. Without ErrUnavailable, an acquisition whose context
	// ended has waited for others. Trying again is safe.
	ErrUnavailable = ensemble.ErrUnavailable

	// ErrInvalidName is returned for a lock name that ZooKeeper could not store or that would be ambiguous.
	ErrInvalidName = errors.New("invalid lock name")

	// ErrMixedDialects is returned by an acquisition that finds another client's candidate in the queue, ahead or behind, and the two
	// sides order the queue differently, or nobody can say how the other does, for it is a client that zklock does not know:
	// both could be granted the lock, or wait for one another for ever. The error says
	// who it is, and which setting helps. No znode is left. Trying again does not help while such clients use the lock.
	// One that joins the queue later may not be noticed: see docs/interop.md.
	ErrMixedDialects = recipe.ErrMixedDialects

	// ErrSize is returned by an acquisition of permits if the semaphore has another size than the handle was made for, or fewer
	// permits than are asked for. The error has both numbers. Trying again does not help: give all handles the same size, or
	// set it for all with Semaphore.Resize.
	ErrSize = recipe.ErrSize

	// ErrIncomplete is part of the error of a look at the locks or at a queue that shows only a part of them, which is
	// returned with it. The error says what is left out. Trying again does not help.
	ErrIncomplete = errors.New("not everything is shown")

	// ErrTooMany is returned by an acquisition that would have one ZooKeeper session own more than WithFootprint allows. No
	// znode is left. It helps to release locks, or to open a second Session for a part of them.
	ErrTooMany = ensemble.ErrTooMany

	// ErrExhausted is returned when a lock's sequence numbers come near their end, where ZooKeeper would repeat them
	// and could grant the lock twice. Trying again does not help, and uses up a number each time: only the servers know
	// which is the next. Remove the lock's znode while nobody queues, and lock again.
	ErrExhausted = recipe.ErrExhausted
)

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

// What an acquisition, and the release of its hold, is called in an error.
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

// opError adds the operation and the path to err, unless there is none, for the user. It is the
// only place where the library's own errors become the user's.
func opError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Path: path, Err: ensemble.Public(err)}
}
