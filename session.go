package zklock

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/mailbox"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/zkpath"
)

// State is how a Session stands with the ensemble.
type State uint8

// The states of a Session.
const (
	StateConnected State = iota + 1 // there is a ZooKeeper session, and a connection to a server
	StateSuspended                  // the connection is down; the ZooKeeper session may live or not
	StateExpired                    // the ZooKeeper session is gone or given up, its holds are lost, and the next is being opened
	StateClosed                     // after Close
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

// Session is one long-lived client of an ensemble, made by Dial. It outlives ZooKeeper sessions: when the ensemble
// expires one, or no server has taken it for its timeout and a third, every hold made under it is lost, and the Session opens the
// next by itself. One Session serves a whole
// process; all its locks share one connection.
//
// A Session is safe for concurrent use, and must be closed.
type Session struct {
	cfg     sessionConfig
	root    string // with the chroot
	client  *ensemble.Client
	locks   *recipe.Locks
	states  *mailbox.Mailbox[State] // to callState
	readers sync.WaitGroup          // the event goroutine
	user    userCode                // the goroutines that call the user's log handler and state function
	finish  sync.Once

	observer *observer
	hooked   userCode // its goroutine

	mu     sync.Mutex // guards the fields below
	state  State
	since  time.Time   // when it became so
	outage *time.Timer // tells of one that lasts; nil if there is none
}

// Dial connects to an ensemble. connect is ZooKeeper's connect string, host:port,host:port/chroot; 2181 stands in for
// a missing port. Each name is looked up whenever a connection is made anew, and each of its addresses is tried by itself, those
// last that have failed before. Dial returns when a ZooKeeper session is established, or ctx is done, or the servers refuse the
// credentials. A bad connect string or option is an error at once, before any network use. ctx bounds only Dial.
func Dial(ctx context.Context, connect string, opts ...SessionOption) (*Session, error) {
	servers, chroot, err := zkpath.ParseConnect(connect)
	if err != nil {
		return nil, opError("dial", "", err)
	}
	cfg, err := newSessionConfig(opts)
	if err != nil {
		return nil, opError("dial", "", err)
	}
	s := &Session{
		cfg:    cfg,
		root:   zkpath.Join(chroot, cfg.root),
		states: mailbox.New[State](),
		user:   userCode{over: make(chan struct{})},
		hooked: userCode{over: make(chan struct{})},
		since:  time.Now(),
	}
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

// connect begins to connect. The channel receives how the first ZooKeeper session went.
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
		ParseData: recipe.ParseData,
		Changed:   s.updateState,
		Requested: s.observer.ofRequests(),
	})
	s.locks = recipe.New(s.client, s.root, s.cfg.acl, s.observer.ofRecipe())
	return established
}

// Dial tells the logger that it tries in vain: after the first of these, and then every time that the second is over.
const (
	dialPatience = 5 * time.Second
	dialReminder = time.Minute
)

// awaitFirst waits for the first ZooKeeper session. It fails with ctx, or as the servers do.
func (s *Session) awaitFirst(ctx context.Context, servers []string, established <-chan error) error {
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

// updateState works the Session's State out anew, and tells of a change.
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

// changeLocked tells of a new state.
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
	if state == StateSuspended && s.observer.told != nil {
		s.outage = time.AfterFunc(s.Timeout()/longOutage, func() { s.noteOutage(now) })
	}
}

// longOutage is which part of the session timeout makes an outage long enough to warn of.
const longOutage = 3

// noteOutage tells of an outage that began then, if it goes on.
func (s *Session) noteOutage(began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == StateSuspended && s.since.Equal(began) {
		since, failure := time.Since(began), s.client.LastFailure()
		s.observer.told.Push(func() { s.observer.logOutage(since, failure) })
	}
}

// State returns how the Session stands with the ensemble.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// ID returns the id of the current ZooKeeper session, 0 while there is none. Keep it from people you do not trust:
// ZooKeeper derives a session's password from it.
func (s *Session) ID() int64 {
	zs := s.client.Session()
	if closed.Is(zs.Ended()) || !closed.Is(zs.Established()) {
		return 0
	}
	return zs.ID()
}

// Timeout returns the session timeout that the server granted last, which may be another than was asked for. Each server
// bounds it anew when the Session connects to it.
func (s *Session) Timeout() time.Duration { return s.client.Granted() }

// mostRaised is the longest session timeout that is believed of a server that was asked for less: servers raise what is
// below two of their ticks.
const mostRaised = time.Minute

// bounded returns a context for a call that has none of its user's: it ends after the session timeout that was granted.
func (s *Session) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(s.Timeout(), max(s.cfg.timeout, mostRaised)))
}

// Rewinds returns how often the Session has found the ensemble to be younger than what it had seen of it: its data were wiped
// or restored from a backup, its address leads to another ensemble, or a server lied. Locks that others held before may be
// granted again, and tokens are smaller than those before: storage that compares them has to be told. See Token.
func (s *Session) Rewinds() int { return s.client.Rewinds() }

// Conn returns the current connection, for the caller's own reads and writes. It is another one after an expiry. Do not
// close it. Ephemeral znodes that are created through it end with the session as the locks do; see WithFootprint for how many
// a session may own.
func (s *Session) Conn() *zk.Conn { return s.client.Session().Conn }

// Done returns a channel that is closed when the Session is.
func (s *Session) Done() <-chan struct{} { return s.client.Closing().Done() }

// Close releases every hold, ends the ZooKeeper session and waits for every goroutine of the Session. Holders see their
// holds lost; whoever waits for a lock gets ErrClosed. If no server could be told within a few seconds, the error says
// so: then the ensemble releases the locks when the session times out. Closing again returns the same.
func (s *Session) Close() error {
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
