package peers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Kind is which of a peer's locks to open.
type Kind string

// The kinds of lock. Not every peer has all.
const (
	// kazoo's Lock, Curator's InterProcessMutex, zktools' ZkLock, ZooKeeper's WriteLock
	Mutex Kind = "mutex"
	Read  Kind = "read"
	Write Kind = "write"
	Async Kind = "async" // zktools' ZkAsyncLock

	// who leads has the lock
	Election Kind = "election" // kazoo's Election, Curator's LeaderSelector
	Latch    Kind = "latch"    // Curator's LeaderLatch
)

// semaphoreOf begins the Kinds of semaphores.
const semaphoreOf = "semaphore-"

// Semaphore is the Kind of one with n permits: Curator's InterProcessSemaphoreV2, kazoo's
// Semaphore. A Handle on it acquires one permit.
func Semaphore(n int) Kind { return Kind(semaphoreOf + strconv.Itoa(n)) }

// permits returns how many permits a semaphore has; 0 for the Kinds of locks.
func (k Kind) permits() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(k), semaphoreOf))
	return n
}

// Client is one client of a library: one ZooKeeper session. It is safe for concurrent use.
type Client interface {
	// Open makes a handle on the lock at path. extra are the options that the library has for its
	// names: kazoo's extra_lock_patterns.
	Open(kind Kind, path string, extra ...string) (Handle, error)

	// SessionID is the ZooKeeper session's.
	SessionID() (int64, error)

	// Kill ends the client as a crash would: without a word to ZooKeeper.
	Kill()

	// Close ends the client in order.
	Close() error
}

// Handle is one lock object of a peer. It is used by one goroutine at a time.
type Handle interface {
	// Lock acquires the lock as the library does. It is false if the lock was not acquired within
	// the timeout; zero is no timeout. A library that knows none fails with ErrUnsupported.
	Lock(timeout time.Duration) (bool, error)
	Unlock() error

	// Churn acquires and releases the lock n times and works on dir in between, see Site.
	Churn(n int, dir string) error

	// Contenders is who queues, in order, as the library shows it: kazoo's identifiers, Curator's
	// paths.
	Contenders() ([]string, error)
}

// Revoker is a Handle whose library knows revocation.
type Revoker interface {
	Handle

	// Revocable makes the library listen. The channel receives when another client asked this
	// handle to release.
	Revocable() (<-chan struct{}, error)

	// Revoke asks the candidate at path to release.
	Revoke(path string) error
}

// startLimit bounds how long a peer may take to connect.
const startLimit = 60 * time.Second

func withStartLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, startLimit)
}

// ErrUnsupported is returned for what a library cannot do.
var ErrUnsupported = errors.New("the library knows no such thing")
