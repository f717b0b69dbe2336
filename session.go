package zklock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
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
	servers *servers
	root    string // with the chroot

	events  *mailbox[event]
	states  *mailbox[State] // to callState
	closing context.Context // ended by Close, with errClosing as its cause
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when Close is through

	oldServers atomic.Bool  // the servers know neither create2 nor container znodes
	granted    atomic.Int64 // the session timeout that was granted last, a time.Duration; 0 before the first
	newestZxid atomic.Int64 // of the ZooKeeper sessions before the current one
	rewinds    atomic.Int64 // how often another session has shown an older one
	unlike     atomic.Int64 // the one that was logged last for being unlike the one that was asked for

	work    sync.WaitGroup // the goroutines that end before the event goroutine does
	readers sync.WaitGroup // the event goroutine
	user    userCode       // the goroutines that call the user's functions

	mu       sync.Mutex // guards the fields below
	current  *zkSession
	state    State
	closed   bool                      // by Close: nothing is added to work any more
	bound    map[*acquisition]struct{} // that Close has to call off: their contexts are not derived from closing
	closeErr error                     // set before done is closed
	sticky   map[string]struct{}       // znodes of locks in which we may create candidates, and not delete them
}

// Dial connects to an ensemble. connect is ZooKeeper's connect string, host:port,host:port/chroot; 2181 stands in for
// a missing port. Each name is looked up whenever a connection is made anew, and each of its addresses is tried by itself, those
// last that have failed before. Dial returns when a ZooKeeper session is established, or ctx is done, or the servers refuse the
// credentials. A bad connect string or option is an error at once, before any network use. ctx bounds only Dial.
func Dial(ctx context.Context, connect string, opts ...SessionOption) (*Session, error) {
	list, chroot, err := parseConnect(connect)
	if err != nil {
		return nil, opError("dial", "", err)
	}
	cfg, err := newSessionConfig(opts)
	if err != nil {
		return nil, opError("dial", "", err)
	}
	s := &Session{
		cfg:    cfg,
		root:   joinPaths(chroot, cfg.root),
		events: newMailbox[event](),
		states: newMailbox[State](),
		done:   make(chan struct{}),
		user:   userCode{over: make(chan struct{})},
		bound:  make(map[*acquisition]struct{}),
	}
	if cfg.logger.Handler() != slog.DiscardHandler {
		l := newLogs(cfg.logger.Handler())
		s.cfg.logger = slog.New(l)
		s.user.run(func() { l.run(s.user.over) })
	}
	s.closing, s.cancel = context.WithCancelCause(context.Background())
	s.servers = newServers(list, cfg.resolve, func(f func()) { s.work.Go(f) })
	s.current = s.openSession()
	s.readers.Go(s.dispatch) // ended and waited for by Close
	established := make(chan error, 1)
	s.work.Go(func() { s.run(established) }) // ended and waited for by Close
	if err := s.awaitFirst(orNone(ctx), established); err != nil {
		return nil, joinErrors(opError("dial", connect, err), s.Close())
	}
	if cfg.stateFunc != nil {
		s.user.run(s.callState)
	}
	return s, nil
}

// refusedPause is how long the Session waits before it offers refused credentials again.
const refusedPause = 5 * time.Second

// run sees to it that there is a ZooKeeper session, one after another, until Close. It tells how the first one went.
func (s *Session) run(established chan<- error) {
	for {
		zs := s.zkSession()
		err := s.establish(zs)
		again := errors.Is(err, errExpired) && s.closing.Err() == nil // another server may know better
		if !again {
			select {
			case established <- err:
			default: // Dial has returned
			}
		}
		if err == nil {
			select {
			case <-zs.ended:
			case <-s.closing.Done():
			}
		}
		if s.closing.Err() != nil {
			s.shutDown(zs)
			return
		}
		zs.end(errExpired)
		s.work.Go(func() { // ends soon after: its connection is closed, and no other is made
			zs.hangUp()
			zs.dispose()
		})
		s.newestZxid.Store(max(s.newestZxid.Load(), zs.lastZxid.Load()))
		if err != nil && !again {
			s.cfg.logger.Error("no zookeeper session", "error", err)
			select {
			case <-time.After(refusedPause):
			case <-s.closing.Done():
			}
		}
		next := s.openSession()
		s.mu.Lock()
		s.current = next
		s.mu.Unlock()
		close(zs.replaced)
	}
}

// establish waits for the ZooKeeper session and gives it its credentials.
func (s *Session) establish(zs *zkSession) error {
	err := zs.await(s.closing)
	for _, c := range s.cfg.auth {
		if err == nil {
			err = zs.do(s.closing, func() error { return zs.conn.AddAuth(c.scheme, c.secret) })
		}
	}
	if err == nil { // a server that enforces authentication refuses the first request, and not the session
		err = zs.do(s.closing, func() error {
			_, _, err := zs.conn.Exists("/")
			return err
		})
	}
	if err != nil {
		return err
	}
	close(zs.ready)
	s.work.Go(zs.watches.audit) // ends with zs.ended
	s.cfg.logger.Info("zookeeper session", "timeout", s.Timeout())
	s.cfg.logger.Debug("zookeeper session's id, which is a secret", "id", fmt.Sprintf("%#x", zs.id()))
	s.updateState()
	return nil
}

// closePatience is how long Close waits for the removal of what is held or waits, over another server if it must.
const closePatience = 2 * time.Second

// shutDown ends the last ZooKeeper session.
func (s *Session) shutDown(zs *zkSession) {
	zs.lease.end(errSessionClosed) // the holders first, then the others
	removed := zs.awaitRemoval()
	zs.end(errSessionClosed) // nothing more is sent: what follows the request to close can cost us its answer
	zs.hangUp()
	if !removed && !zs.closeConfirmed() {
		s.mu.Lock()
		s.closeErr = opError("close", s.root, fmt.Errorf(
			"no server has confirmed it; the ensemble releases what was held once the session times out, after %v", s.Timeout()))
		s.mu.Unlock()
	}
	zs.dispose()
}

// hangUp ends the ZooKeeper session, on the server too if there is one.
func (zs *zkSession) hangUp() {
	if zs.served() && closed.Is(zs.ready) {
		zs.conn.Close()
	} else { // there is nobody to tell, or nothing: no use in waiting for an answer
		zs.disconnect()
		zs.closeDisconnected()
	}
}

// awaitRemoval waits until the acquisitions have removed their candidates, which they do by themselves, and reports whether
// they have. zk.Conn.Close is not enough: it asks one server, once, and the connection may be broken or the server hang.
func (zs *zkSession) awaitRemoval() bool {
	removed := zs.removed()
	select {
	case <-removed:
		return true
	case <-time.After(closePatience / 4):
		zs.leave()
	}
	select {
	case <-removed:
		return true
	case <-time.After(closePatience * 3 / 4):
		return false
	}
}

// zkSession returns the current one, established or not.
func (s *Session) zkSession() *zkSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// await waits for a ZooKeeper session that is established. It may be disconnected. It fails with ctx or ErrClosed.
func (s *Session) await(ctx context.Context) (*zkSession, error) {
	for {
		zs := s.zkSession()
		usable, over := zs.ready, zs.replaced
		select {
		case <-zs.ended:
			usable = nil // whether or not it ever was
		default:
		}
		select {
		case <-usable:
			return zs, contextError(ctx)
		case <-over:
		case <-ctx.Done():
			return nil, contextError(ctx)
		case <-s.closing.Done():
			return nil, ErrClosed
		}
	}
}

// enter has Close wait for somebody, who calls s.work.Done in the end, and call off the acquisition, if it is one. It is false
// after Close.
func (s *Session) enter(a *acquisition) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	if a != nil && a.foreign {
		s.bound[a] = struct{}{}
	}
	return true
}

// unbind forgets an acquisition that is settled.
func (s *Session) unbind(a *acquisition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bound, a)
}

// start runs f on a goroutine that Close waits for. It is false after Close. f must end soon after closing does.
func (s *Session) start(f func()) bool {
	if !s.enter(nil) {
		return false
	}
	go func() {
		defer s.work.Done()
		f()
	}()
	return true
}

// request runs op in the established ZooKeeper session, and again in the next if that one expires meanwhile. It
// returns when ctx is done, whatever the servers do; op goes on until go-zookeeper lets it go. op must be one that may
// run twice.
func request[T any](ctx context.Context, s *Session, op func(context.Context, *zkSession) (T, error)) (T, error) {
	ctx, begun := orNone(ctx), time.Now()
	to := make(responses[T], 1)
	started := s.start(func() {
		for {
			var r response[T]
			zs, err := s.await(ctx)
			if err == nil {
				r.value, err = op(ctx, zs)
			}
			if errors.Is(err, errExpired) {
				continue
			}
			if errors.Is(err, ErrClosed) {
				err = ErrClosed // and not that something was lost
			}
			r.err = err
			to <- r
			return
		}
	})
	if !started {
		to <- response[T]{err: ErrClosed}
	}
	value, err := to.wait(ctx)
	return value, s.explain(err, begun, noAnswer)
}

// updateState works the Session's State out anew, and tells of a change.
func (s *Session) updateState() {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	switch zs := s.current; {
	case s.closed:
		state = StateClosed
	case closed.Is(zs.ready) && !closed.Is(zs.ended) && closed.Is(zs.connected()):
		state = StateConnected
	case closed.Is(zs.ready) && !closed.Is(zs.ended):
		state = StateSuspended
	case state != 0: // 0 until Dial has its first session
		state = StateExpired
	}
	if state != s.state {
		s.state = state
		s.states.push(state)
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
	zs := s.zkSession()
	if closed.Is(zs.ended) || !closed.Is(zs.ready) {
		return 0
	}
	return zs.id()
}

// Conn returns the current connection, for the caller's own reads and writes. It is another one after an expiry. Do not
// close it. Ephemeral znodes that are created through it end with the session as the locks do; see WithFootprint for how many
// a session may own.
func (s *Session) Conn() *zk.Conn { return s.zkSession().conn }

// Done returns a channel that is closed when the Session is.
func (s *Session) Done() <-chan struct{} { return s.closing.Done() }

// Close releases every hold, ends the ZooKeeper session and waits for every goroutine of the Session. Holders see their
// holds lost; whoever waits for a lock gets ErrClosed. If no server could be told within a few seconds, the error says
// so: then the ensemble releases the locks when the session times out. Closing again returns the same.
func (s *Session) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	bound := slices.Collect(maps.Keys(s.bound))
	s.mu.Unlock()
	if !again {
		s.updateState()
		s.cancel(errClosing)
		for _, a := range bound {
			a.cancel(errClosing)
		}
		s.work.Wait()
		s.events.close()
		s.states.close()
		s.readers.Wait()
		s.user.end()
		close(s.done)
	}
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closeErr
}
