package zklock

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
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

// Lease says what proves that a hold still stands. When the proof runs out the hold is lost,
// whatever the ensemble thinks of it: its Lost channel closes before another client can be granted
// the lock. No lease protects a hold whose znode is removed; see Force.
type Lease uint8

const (
	// LeaseQuorum counts from the last operation that a quorum of the ensemble confirmed. While the
	// Session holds a lock it sends one transaction, which changes nothing, every sixth of the
	// session timeout.
	LeaseQuorum = Lease(ensemble.LeaseQuorum)

	// LeasePing counts from the last request or ping that any server answered. It costs the
	// ensemble nothing. But a server that is cut off from its leader still answers pings: then
	// another client can be granted the lock seconds before the holder is told.
	LeasePing = Lease(ensemble.LeasePing)

	// LeaseServer waits until a server says that the session has expired, or until no server has
	// accepted the session for its timeout and a third. A client that is cut off is told only when
	// it is connected again, long after others may hold the lock.
	LeaseServer = Lease(ensemble.LeaseServer)
)

// WithLease sets what proves that a hold still stands. The default is LeaseQuorum.
func WithLease(lease Lease) SessionOption {
	return func(cfg *sessionConfig) error {
		if lease > LeaseServer {
			return fmt.Errorf("lease %d: want LeaseQuorum, LeasePing or LeaseServer", lease)
		}
		cfg.lease = lease
		return nil
	}
}

func checkACL(acl []zk.ACL) error {
	if len(acl) == 0 {
		return errors.New("ACL is empty: no client could use the lock")
	}
	return nil
}

// checkRights refuses an ACL that keeps us from using a lock's znode that we create. Candidates are
// created and deleted there, and the lease has a quorum check that they exist, for which ZooKeeper
// requires the right to read.
func (cfg *sessionConfig) checkRights(acl []zk.ACL) error {
	var have int32
	for _, entry := range acl {
		if cfg.mayMean(entry) {
			have |= entry.Perms
		}
	}
	for _, right := range []struct {
		perm int32
		name string
	}{{zk.PermCreate, "Create"}, {zk.PermDelete, "Delete"}, {zk.PermRead, "Read"}} {
		if have&right.perm == 0 {
			return fmt.Errorf("ACL does not let us use our own locks: it needs zk.Perm%s for us",
				right.name)
		}
	}
	return nil
}

// mayMean reports whether an entry may be about us. Only digest entries can be ruled out.
func (cfg *sessionConfig) mayMean(entry zk.ACL) bool {
	if entry.Scheme != "digest" {
		return true
	}
	user, _, _ := strings.Cut(entry.ID, ":")
	for _, c := range cfg.auth {
		ours, _, _ := bytes.Cut(c.Secret, []byte(":"))
		if c.Scheme == "digest" && string(ours) == user {
			return true
		}
	}
	return false
}
