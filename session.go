package zklock

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/mailbox"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/zkpath"
)

// Session is a long-lived client of an ensemble, made by Dial. It survives ZooKeeper sessions: if
// the ensemble expires one, or no server accepts it for its timeout and a third, every hold made in
// it is lost, and the Session opens the next by itself. One Session serves a whole process; all its
// locks share one connection.
//
// A Session is safe for concurrent use, and must be closed. It must not be copied: the methods of a
// copy, and of a Session that was not made by Dial, panic.
type Session struct {
	self    *Session // see check
	cfg     sessionConfig
	root    string // with the chroot
	client  *ensemble.Client
	locks   *recipe.Locks
	states  *mailbox.Mailbox[State] // to callState
	readers sync.WaitGroup          // the event goroutine
	// the goroutines that call the user's log handler and state function
	user   userCode
	finish sync.Once

	observer *observer
	hooked   userCode // its goroutine

	mu     sync.Mutex // guards the fields below
	state  State
	since  time.Time   // when it became so
	outage *time.Timer // logs an outage that lasts; nil if there is none
}

// Dial connects to an ensemble. connect is ZooKeeper's connect string, host:port,host:port/chroot;
// the port defaults to 2181. Each name is looked up for each new connection, and each of its
// addresses is tried, with addresses that have failed before coming last.
//
// Dial returns when a ZooKeeper session is established, when ctx ends, or when the servers refuse
// the credentials. It waits as long as ctx does, so ctx should have a deadline; ctx bounds only
// Dial. A bad connect string or option is an error at once, before any use of the network.
func Dial(ctx context.Context, connect string, opts ...SessionOption) (*Session, error) {
	servers, chroot, err := zkpath.ParseConnect(connect)
	if err != nil {
		return nil, opError("dial", "", err)
	}
	cfg, err := newSessionConfig(opts)
	if err == nil {
		cfg.root, err = rootBelow(chroot, cfg.root)
	}
	if err != nil {
		return nil, opError("dial", "", err)
	}
	s := &Session{
		cfg:    cfg,
		root:   cfg.root,
		states: mailbox.New[State](),
		user:   userCode{over: make(chan struct{})},
		hooked: userCode{over: make(chan struct{})},
		since:  time.Now(),
	}
	s.self = s
	if isWanted(cfg.logger) {
		l := newLogs(cfg.logger.Handler())
		s.cfg.logger = slog.New(l)
		s.user.run(func() { l.run(s.user.over) })
	}
	s.observer = newObserver(s.root, cfg.hooks, s.cfg.logger, cfg.profile)
	if s.observer.told != nil {
		s.hooked.run(s.observer.run)
	}
	established := s.connect(servers)
	s.readers.Go(s.dispatch) // ended and waited for by Close
	if err := s.awaitFirst(ensemble.OrNone(ctx), servers, established); err != nil {
		return nil, ensemble.JoinErrors(opError("dial", connect, err), s.Close())
	}
	if cfg.stateFunc != nil {
		s.user.run(s.callState)
	}
	return s, nil
}

// rootBelow returns the path of the root, with the chroot.
func rootBelow(chroot, root string) (string, error) {
	path := zkpath.Join(chroot, root)
	if zkpath.IsServers(path) {
		return "", fmt.Errorf("root %s: below /zookeeper is what belongs to the servers", path)
	}
	return path, nil
}

// connect begins to connect. The channel receives the outcome of opening the first ZooKeeper
// session.
func (s *Session) connect(servers []string) (established <-chan error) {
	s.mu.Lock() // until there is a client: updateState may be called
	defer s.mu.Unlock()
	s.client, established = ensemble.New(ensemble.Config{
		Servers:   servers,
		Timeout:   s.cfg.timeout,
		Auth:      s.cfg.auth,
		TLS:       s.cfg.tls,
		Dial:      s.cfg.dial,
		Resolve:   s.cfg.resolve,
		Logger:    s.cfg.logger,
		Proof:     ensemble.Proof(s.cfg.lease),
		Most:      s.cfg.footprint,
		Asleep:    s.cfg.asleep,
		ParseData: parseData,
		Changed:   s.updateState,
		Requested: s.observer.ofRequests(),
		Slow:      s.observer.ofSlowness(),
	})
	s.locks = recipe.New(s.client, s.root, s.cfg.acl, s.observer.ofRecipe())
	return established
}

// Dial logs that it tries in vain: first after dialPatience, and then at intervals of dialReminder.
const (
	dialPatience = 5 * time.Second
	dialReminder = time.Minute
)

// awaitFirst waits for the first ZooKeeper session. It fails if ctx ends or the servers refuse.
func (s *Session) awaitFirst(ctx context.Context, servers []string,
	established <-chan error) error {
	begun := time.Now()
	inVain := time.NewTimer(dialPatience)
	defer inVain.Stop()
	for {
		select {
		case err := <-established:
			return err
		case <-ctx.Done():
			return s.client.Explain(ensemble.ContextError(ctx), begun, ensemble.NoAnswer)
		case <-inVain.C:
			s.observer.logDialing(servers, time.Since(begun), s.client.LastFailure())
			inVain.Reset(dialReminder)
		}
	}
}

// updateState computes the Session's State, and reports a change.
func (s *Session) updateState() {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	switch zs := s.client.Session(); {
	case s.client.Closed():
		state = StateClosed
	case closed.Is(zs.Established()) && !closed.Is(zs.Ended()) && closed.Is(zs.Connected()):
		state = StateConnected
	case closed.Is(zs.Established()) && !closed.Is(zs.Ended()):
		state = StateSuspended
	case state != 0: // 0 until Dial has its first session
		state = StateExpired
	}
	if state != s.state {
		s.changeLocked(state)
	}
}

// changeLocked records and reports a new state.
func (s *Session) changeLocked(state State) {
	now := time.Now()
	e := StateEvent{
		From: s.state, To: state, For: now.Sub(s.since),
		Server: s.client.Session().Server(), Timeout: s.Timeout(),
	}
	if state != StateConnected {
		e.Err = s.client.LastFailure()
	}
	s.state, s.since = state, now
	s.states.Push(state)
	s.observer.changed(e)
	if s.outage != nil {
		s.outage.Stop()
		s.outage = nil
	}
	if state == StateSuspended && s.observer.logs {
		s.outage = time.AfterFunc(s.Timeout()/longOutage, func() { s.noteOutage(now) })
	}
}

// An outage is logged as a warning once it has lasted for 1/longOutage of the session timeout.
const longOutage = 3

// noteOutage logs the outage that began at that time, if it goes on.
func (s *Session) noteOutage(began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == StateSuspended && s.since.Equal(began) {
		s.observer.outage(time.Since(began), s.client.LastFailure())
	}
}

// State returns the state of the Session.
func (s *Session) State() State {
	s.check()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// ID returns the id of the current ZooKeeper session, or 0 if there is none. Treat it as a secret:
// ZooKeeper derives a session's password from it.
func (s *Session) ID() int64 {
	s.check()
	zs := s.client.Session()
	if closed.Is(zs.Ended()) || !closed.Is(zs.Established()) {
		return 0
	}
	return zs.ID()
}

// Timeout returns the session timeout that a server granted last. It may differ from the one that
// was asked for, and each server bounds it anew when the Session connects to it.
func (s *Session) Timeout() time.Duration {
	s.check()
	return s.client.Granted()
}

// mostRaised bounds the granted session timeouts that patience returns, unless a longer one was asked
// for. Servers raise a timeout of less than two of their ticks.
const mostRaised = time.Minute

// patience is how long a call waits for the servers if its caller has passed no context: the granted
// session timeout.
func (s *Session) patience() time.Duration {
	return min(s.Timeout(), max(s.cfg.timeout, mostRaised))
}

// bounded returns a context for such a call.
func (s *Session) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.patience())
}

// Rewinds returns how often the Session has found the ensemble's data to be older than what it had
// seen before: because they were wiped or restored from a backup, because the address leads to
// another ensemble, or because a server lied. After that, locks that are held may be granted again,
// and tokens are smaller than earlier ones; storage that compares tokens must be reset. See Token.
func (s *Session) Rewinds() int {
	s.check()
	return s.client.Rewinds()
}

// Conn returns the current connection, for the caller's own reads and writes. It changes after an
// expiry; do not keep it and do not close it. Ephemeral znodes that are created through it end with
// the session as the locks do; see WithFootprint for how many a session may own.
func (s *Session) Conn() *zk.Conn {
	s.check()
	return s.client.Session().Conn
}

// Done returns a channel that closes when the Session is closed.
func (s *Session) Done() <-chan struct{} {
	s.check()
	return s.client.Closing().Done()
}

// Close releases every hold, ends the ZooKeeper session and waits for every goroutine of the
// Session. Holders see their holds lost; calls that wait for a lock fail with ErrClosed. If no
// server answers within a few seconds, Close returns an error, and the ensemble releases the locks
// when the session times out. If a server needs long to release thousands of holds, Close waits for
// up to eleven seconds. Closing again returns the same result.
func (s *Session) Close() error {
	s.check()
	err := s.client.Close()
	s.finish.Do(func() {
		s.states.Close()
		s.readers.Wait()
		if s.observer.told != nil {
			s.observer.told.Close()
		}
		s.hooked.end() // before what it logs to
		s.user.end()
	})
	return opError("close", s.root, err)
}

// Stats returns the counts of the Session. It does not use the network.
func (s *Session) Stats() Stats {
	s.check()
	stats := s.observer.tally.read()
	stats.LeastLeaseLeft = s.client.LeastLeft()
	stats.Server = s.client.Session().Server()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats.State, stats.StateSince = s.state, s.since
	return stats
}

// Holds returns the current holds of the Session, the oldest first. Lost holds are not among them.
// Holds does not use the network.
func (s *Session) Holds() []HoldInfo {
	s.check()
	held := s.observer.tally.current()
	holds := make([]HoldInfo, len(held))
	for i, a := range held { // without the mutex, which comes after theirs
		holds[i] = HoldInfo{Lock: s.observer.ref(&a.Claim), Since: a.Hold().Since(),
			Token: tokenOf(a)}
		if a.Hold().IsShared() { // it may have been a writer's
			holds[i].Lock.Kind = KindRead
		}
	}
	slices.SortFunc(holds, func(a, b HoldInfo) int { return a.Since.Compare(b.Since) })
	return holds
}

func (s *Session) check() {
	if s == nil || s.self != s {
		panic(notMadeSession)
	}
}

// State is the state of a Session.
type State uint8

// The states of a Session.
const (
	StateConnected State = iota + 1 // there is a ZooKeeper session, and a connection to a server
	StateSuspended                  // the connection is down; the ZooKeeper session may live or not
	// the ZooKeeper session is gone or given up, its holds are lost, and the next is being opened
	StateExpired
	StateClosed // after Close
)

func (st State) String() string {
	switch st {
	case StateConnected:
		return "connected"
	case StateSuspended:
		return "suspended"
	case StateExpired:
		return "expired"
	case StateClosed:
		return "closed"
	default:
		return fmt.Sprintf("State(%d)", uint8(st))
	}
}
