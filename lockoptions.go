package zklock

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/recipe"
)

// LockOption is an option of a handle. The constructor returns an error if its value is invalid.
type LockOption func(*lockConfig) error

type lockConfig struct {
	recipe.Config
	handoffs int
	idle     time.Duration // see WithIdleHold
	naming   Naming
}

// newLockConfig returns the configuration of a handle of a Session with this configuration.
func (session *sessionConfig) newLockConfig(opts []LockOption) (lockConfig, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host" // the identifier is for people; it must not prevent locking
	}
	cfg := lockConfig{Config: recipe.Config{ACL: session.acl}}
	for _, opt := range opts {
		if opt == nil {
			return lockConfig{}, errNoOption
		}
		if err := opt(&cfg); err != nil {
			return lockConfig{}, err
		}
	}
	if err := session.checkRights(cfg.ACL); err != nil {
		return lockConfig{}, err
	}
	if cfg.KazooListens && cfg.naming != NamingDefault {
		return lockConfig{},
			fmt.Errorf("WithKazooPatterns is about NamingDefault, and the naming is %v", cfg.naming)
	}
	if cfg.Identifier == nil {
		cfg.Identifier = cfg.naming.data(host, os.Getpid())
	}
	if cfg.idle > 0 && cfg.handoffs == 0 {
		cfg.handoffs = idleHandoffs
	}
	cfg.Dialect, cfg.Naming = cfg.naming.dialect(), cfg.naming.String()
	return cfg, nil
}

// maxIdentifier bounds an identifier, in bytes: every client that queues behind it reads it.
const maxIdentifier = 1024

// WithIdentifier sets the identity that is stored in the candidate's znode and shown in
// Contender.Data: 1 to 1024 bytes of UTF-8. The default is "host/pid"; WithNaming may set another.
func WithIdentifier(identifier string) LockOption {
	return func(cfg *lockConfig) error {
		switch {
		case identifier == "" || len(identifier) > maxIdentifier:
			return fmt.Errorf("identifier has %d bytes: want 1 to %d",
				len(identifier), maxIdentifier)
		case !utf8.ValidString(identifier):
			return errors.New("identifier is not UTF-8")
		case recipe.ParseData([]byte(identifier)).Mark != nil:
			return fmt.Errorf("identifier %q is a revocation mark: the hold would revoke itself",
				identifier)
		case recipe.ParseData([]byte(identifier)).Granted:
			return fmt.Errorf("identifier %q ends in a line that holders write behind it", identifier)
		}
		cfg.Identifier = []byte(identifier)
		return nil
	}
}

// WithLockACL sets the access rights of the lock's znode and its candidates if this handle creates
// them. The znodes above, which other locks share, have the rights of the Session; see WithACL.
func WithLockACL(acl ...zk.ACL) LockOption {
	return func(cfg *lockConfig) error {
		cfg.ACL = slices.Clone(acl)
		return checkACL(acl)
	}
}

// WithLocalHandoff makes the goroutines of one handle share a candidate, which is faster and less
// fair. Unlock passes the hold to the goroutine that has waited longest, without the network, and
// readers of one RWMutex join a read hold that exists. Once another client is in the queue, the
// hold is passed on at most n more times; then the candidate is removed, and the goroutines of the
// handle queue again. With n = 1 a hold is passed on only while no other client is in the queue. A
// revoked or lost hold is not passed on. Each hold has its own channels, and a Token with a greater
// Handoff.
//
// The default, 0, gives each acquisition its own candidate: requests are granted strictly in order
// across processes, and Contenders shows all of them. With n > 0, up to n later requests are
// granted first. Contenders does not show the goroutines that share the candidate. Pending.Queued
// is about the candidate of the handle, Pending.Revoked about the hold alone. A Guard distinguishes
// the holds of this handle from other clients' holds, but not from one another. TryLock,
// LockRevoking and handles from RWMutex.Reader do not take part: each has a candidate of its own.
func WithLocalHandoff(n int) LockOption {
	return func(cfg *lockConfig) error {
		if n < 0 {
			return fmt.Errorf("local handoff %d: want how often in a row, or 0 for never", n)
		}
		cfg.handoffs = n
		return nil
	}
}

// idleHandoffs is what WithIdleHold takes for WithLocalHandoff if that is not given.
const idleHandoffs = 64

// WithIdleHold has Unlock keep the candidate for up to d while no other client queues, so that the
// next Lock, LockContext or TryLock of the handle needs no request. It is for a handle that mostly
// has its lock to itself. The default, 0, keeps nothing.
//
// A handle begins to keep its holds after two acquisitions in a row with no other contender in
// between, and needs more of them, up to 64, after a hold was taken away that it had not used
// again. A kept hold ends, and its candidate is removed, as soon as the Session hears that another
// client queues, of whatever library, or asks for the release. It also ends after d, with
// Relinquish, when it is lost, and with the Session. After a lost connection it is used again only
// if no other client has queued meanwhile. Each hold has its own channels, and a Token with a
// greater Handoff.
//
// What it costs:
//
//   - A client that queues while the hold is kept is granted the lock about a trip to the server
//     later than a free one. TryLock of other zklock handles waits up to 100 ms for a kept hold to
//     go; that of other libraries fails, and has the hold end.
//   - If the process dies or hangs, others wait for the session timeout, although it did not use
//     the lock.
//   - While a hold is kept the Session sends the beats of the lease, and Contenders shows it as the
//     holder. It counts for WithFootprint, but goes where another acquisition needs its room.
//
// WithIdleHold includes WithLocalHandoff(64) if that is not given. Once the Session has heard that
// another client is in the queue, a hold in use is passed on at most n more times. Holds of readers
// are not kept. Elections and semaphores refuse the option.
func WithIdleHold(d time.Duration) LockOption {
	return func(cfg *lockConfig) error {
		if d < 0 {
			return fmt.Errorf("idle hold of %v: want how long an unused hold is kept, or 0 for never", d)
		}
		cfg.idle = d
		return nil
	}
}

// WithNaming selects the naming scheme of the handle's znodes. The default is NamingDefault.
func WithNaming(naming Naming) LockOption {
	return func(cfg *lockConfig) error {
		if naming > NamingKazoo {
			return fmt.Errorf("naming %d: want NamingDefault, NamingZktools, NamingCurator or NamingKazoo", naming)
		}
		cfg.naming = naming
		return nil
	}
}

// WithKazooPatterns states that all kazoo locks at this path respect NamingDefault, because they
// are created with
//
//	extra_lock_patterns=["-lock-"]                        # with a Mutex
//	extra_lock_patterns=["-lock-", "-read-", "-write-"]   # with an RWMutex: kazoo's WriteLock
//	extra_lock_patterns=["-lock-", "-write-"]             # with an RWMutex: kazoo's ReadLock
//
// The znodes of a kazoo lock do not show its patterns, so without this option kazoo locks are
// refused. If a kazoo lock lacks the patterns although this option is set, both clients can hold
// the lock. With this option the parents are persistent, because kazoo creates them only once.
// NamingKazoo needs none of this.
func WithKazooPatterns() LockOption {
	return func(cfg *lockConfig) error {
		cfg.KazooListens = true
		return nil
	}
}
