package zklock

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/pprof"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/zkpath"
)

// SessionOption is an option of Dial. Dial returns an error if its value is invalid.
type SessionOption func(*sessionConfig) error

type sessionConfig struct {
	timeout time.Duration
	root    string
	auth    []ensemble.Credentials
	acl     []zk.ACL
	tls     *tls.Config
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	// nil: left to dial
	resolve   func(ctx context.Context, host string) (addresses []string, err error)
	logger    *slog.Logger
	stateFunc func(State)
	hooks     []*Hooks
	profile   *pprof.Profile // nil if none is wanted
	lease     Lease
	footprint int // bytes; see WithFootprint
	// for how long the machine has been suspended; tests have their own
	asleep func() time.Duration
}

// lookUpHost asks the resolver that programs may replace.
func lookUpHost(ctx context.Context, host string) ([]string, error) {
	return net.DefaultResolver.LookupHost(ctx, host)
}

func newSessionConfig(opts []SessionOption) (sessionConfig, error) {
	cfg := sessionConfig{
		timeout: 10 * time.Second,
		root:    "/ZktoolsLocks",
		dial:    new(net.Dialer).DialContext,
		resolve: lookUpHost,
		logger:  slog.New(slog.DiscardHandler),
		asleep:  ensemble.TimeAsleep,

		footprint: defaultFootprint,
	}
	for _, opt := range opts {
		if opt == nil {
			return sessionConfig{}, errNoOption
		}
		if err := opt(&cfg); err != nil {
			return sessionConfig{}, err
		}
	}
	if cfg.acl == nil {
		cfg.acl = zk.WorldACL(zk.PermAll)
		if len(cfg.auth) > 0 {
			cfg.acl = zk.AuthACL(zk.PermAll)
		}
	}
	if err := cfg.checkRights(cfg.acl); err != nil {
		return sessionConfig{}, err
	}
	return cfg, nil
}

var errNoOption = errors.New("option is nil")

// The session timeouts that may be asked for. A lease of less than the least would not outlast a
// pause of the garbage collector or the scheduler. No server grants more than the most, and
// internal/wire accepts no more.
const (
	leastTimeout = 100 * time.Millisecond
	mostTimeout  = 24 * time.Hour
)

// WithSessionTimeout asks for a session timeout from 100 ms to 24 h, 10 s by default: how long the
// ensemble waits for a silent client before it grants its locks to others. The server bounds what
// it grants, by default to 2 to 20 of its ticks, which is 4 to 40 s with the usual tick of 2 s.
// Session.Timeout returns what was granted. A hold is proved by the shorter of the two timeouts. A
// holder that is cut off loses its holds before the timeout ends; a holder that is killed keeps
// others waiting for all of it.
func WithSessionTimeout(d time.Duration) SessionOption {
	return func(cfg *sessionConfig) error {
		if d < leastTimeout || d > mostTimeout {
			return fmt.Errorf("session timeout %v: want from %v to %v", d,
				leastTimeout, mostTimeout)
		}
		cfg.timeout = d
		return nil
	}
}

// WithRoot sets the path below which all locks lie, "/ZktoolsLocks" by default. The Session creates
// it if it is missing.
func WithRoot(path string) SessionOption {
	return func(cfg *sessionConfig) error {
		if err := zkpath.Check(path); err != nil {
			return fmt.Errorf("root: %w", err)
		}
		cfg.root = path
		return nil
	}
}

// WithAuth adds credentials to every ZooKeeper session, for example "digest" and "user:password".
// ZooKeeper's protocol does not encrypt them: use WithTLS.
func WithAuth(scheme string, secret []byte) SessionOption {
	return func(cfg *sessionConfig) error {
		switch {
		case scheme == "":
			return errors.New("auth scheme is empty: want digest or another one that the server knows")
		case scheme == "digest" && !bytes.Contains(secret, []byte(":")):
			return errors.New("credentials have no colon: want user:password for the auth scheme digest")
		}
		cfg.auth = append(cfg.auth,
			ensemble.Credentials{Scheme: scheme, Secret: slices.Clone(secret)})
		return nil
	}
}

// WithACL sets the access rights of every znode that the Session creates. The default is
// world:anyone; with credentials it is the creator only. The rights of existing znodes are never
// changed.
//
// The ACL must let the Session itself create, delete and read, or it is refused: those are the
// rights in a lock's znode that a client needs to use the lock. A client that may not read a
// candidate notices its removal up to half a second late, and cannot revoke it.
func WithACL(acl ...zk.ACL) SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.acl = slices.Clone(acl)
		return checkACL(acl)
	}
}

// WithTLS encrypts the connections. If config has no ServerName, the host of the connect string is
// verified.
func WithTLS(config *tls.Config) SessionOption {
	return func(cfg *sessionConfig) error {
		if config == nil {
			return errors.New("TLS config is nil")
		}
		cfg.tls = config.Clone()
		return nil
	}
}

// WithDialer sets the function that opens TCP connections; the Session adds TLS to them. dial is
// called with host:port as in the connect string and resolves the name itself: only without
// WithDialer does the Session try each address of a name. dial must return when ctx ends, which is
// after 1 s, or after 2, 4 and 8 s when all servers have failed. Connections need not support
// deadlines, so dial can open them through package ssh.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn,
	error)) SessionOption {
	return func(cfg *sessionConfig) error {
		if dial == nil {
			return errors.New("dialer is nil")
		}
		cfg.dial, cfg.resolve = dial, nil
		return nil
	}
}

// WithLogger sets the logger for connections, expiries, losses, long waits and failed clean-ups;
// docs/observability.md lists the lines. The default discards them. The handler is called on a
// goroutine of its own, so a handler that blocks delays nothing else for more than a moment. Up to
// 1000 entries are kept for it; further ones are dropped. Close waits up to a second for it.
func WithLogger(logger *slog.Logger) SessionOption {
	return func(cfg *sessionConfig) error {
		if logger == nil {
			return errors.New("logger is nil")
		}
		cfg.logger = logger
		return nil
	}
}

// defaultFootprint suits the servers' default jute.maxbuffer, which is 1,048,575 bytes.
const defaultFootprint = 900_000

// The bounds of WithFootprint. The least has room for a candidate whose path is as long as servers
// read it.
const (
	leastFootprint = 4 << 10
	mostFootprint  = 1 << 30
)

// WithFootprint bounds what one ZooKeeper session owns, in bytes: the sum, over all locks that the
// Session holds or waits for, of the length of the candidate's path plus 4. An acquisition that
// would exceed the bound fails with ErrTooMany. The default, 900,000, is for servers with the
// default jute.maxbuffer of 1 MB, and allows some 11,000 locks with names of 20 bytes.
//
// When a session ends, ZooKeeper writes the paths of all its ephemeral znodes into one transaction.
// Servers cannot read back a transaction larger than twice their jute.maxbuffer: the ensemble stops
// and does not start again (ZOOKEEPER-4306). So raise the bound only if jute.maxbuffer is larger on
// every server. Ephemeral znodes that the caller creates through Session.Conn are in the same
// transaction but are not counted: lower the bound by their size.
func WithFootprint(bytes int) SessionOption {
	return func(cfg *sessionConfig) error {
		if bytes < leastFootprint || bytes > mostFootprint {
			return fmt.Errorf("footprint of %d bytes: want from %d to %d", bytes,
				leastFootprint, mostFootprint)
		}
		cfg.footprint = bytes
		return nil
	}
}

// WithStateFunc registers f to be called with each new State of the Session, in order, on a
// goroutine of its own. Close waits for f to return, so f must not call Close.
func WithStateFunc(f func(State)) SessionOption {
	return func(cfg *sessionConfig) error {
		if f == nil {
			return errors.New("state function is nil")
		}
		cfg.stateFunc = f
		return nil
	}
}

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
