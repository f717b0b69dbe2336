package ensemble

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/mailbox"
	"github.com/zookylock/zklock/internal/wire"
)

// Session is one ZooKeeper session with the one zk.Conn that serves it. When the session expires
// the zk.Conn is discarded with it: left alone, go-zookeeper would run requests that were queued
// while it was disconnected in a session that it opens next, without a word.
type Session struct {
	client  *common // what it shares with the sessions before and after it
	events  *mailbox.Mailbox[Event]
	Conn    *zk.Conn
	drained chan struct{} // closed when zk.Conn's goroutines have ended
	Watches *WatchTable
	Lease   *Lease

	lastZxid atomic.Int64 // the newest transaction that a server has told of
	answered atomic.Int64 // the newest that the header of an answer had
	// compares the first that it tells of with those of the sessions before
	firstZxid   sync.Once
	OwnRequests atomic.Int64 // how many were sent past zk.Conn's queue, see wire.Config

	dialing context.Context // ended by disconnect: no connection is made any more
	stop    context.CancelFunc

	// closed by Session.run once the session is established and has its credentials
	ready    chan struct{}
	ended    chan struct{} // closed by End: expired, or the Session is closing
	replaced chan struct{} // closed by Session.run when another Session stands in its place

	mu sync.Mutex // guards the fields below
	// closed while connected; a new one stands here from each disconnection on
	up         chan struct{}
	live       *wire.Conn // the newest connection
	on         *endpoint  // where it goes
	serving    bool       // there is a connection, and a session on it
	lastChange time.Time  // when serving became what it is
	heard      time.Time  // when a server answered last
	slow       slowness
	// closed while zk.Conn tries to connect; a new one stands here from each connection on
	looking      chan struct{}
	handshake    wire.Handshake
	authRefusals int   // in a row
	err          error // why it ended
	closed       bool  // a server has confirmed that we ended it

	ephemerals int           // of this session that may exist
	footprint  int           // theirs, in bytes
	none       chan struct{} // closed while there are none; a new one stands here from the first on
}

// openSession begins to connect. It returns before there is a ZooKeeper session. Events go to the
// mailbox.
func openSession(c *common, to *mailbox.Mailbox[Event]) *Session {
	zs := &Session{
		client:   c,
		events:   to,
		drained:  make(chan struct{}),
		ready:    make(chan struct{}),
		ended:    make(chan struct{}),
		replaced: make(chan struct{}),
		up:       make(chan struct{}),
		looking:  make(chan struct{}),
		none:     make(chan struct{}),

		lastChange: time.Now(),
	}
	close(zs.none)
	zs.Watches = newWatchTable(zs)
	zs.Lease = newLease(zs, c.cfg.Proof)
	zs.dialing, zs.stop = context.WithCancel(context.Background())
	conn, events, err := zk.Connect([]string{"see hostProvider"}, c.cfg.Timeout,
		zk.WithDialer(zs.dial),
		zk.WithHostProvider(hostProvider{zs}),
		zk.WithLogger(zkLogger{c.cfg.Logger}),
		zk.WithLogInfo(false),
		zk.WithEventCallback(zs.onEvent),
	)
	if err != nil {
		panic(err) // it fails for an empty list, or with hostProvider.Init
	}
	zs.Conn = conn
	// Ends when zk.Conn closes the channel, the last thing it does after dispose. Events are taken
	// from the callback: the channel holds six, and zk.Conn drops the rest.
	c.Go(func() {
		defer close(zs.drained)
		<-zs.dialing.Done()
		for range events {
		}
	})
	return zs
}

// onEvent runs on zk.Conn's goroutines and must not block.
func (zs *Session) onEvent(ev zk.Event) {
	if ev.Type == zk.EventSession {
		zs.onState(ev.State)
	} else {
		zs.Watches.note(ev.Path, ev.Type)
	}
	zs.events.Push(Event{zs, ev})
}

// onState follows zk.Conn's loop, where the event goroutine would be late.
func (zs *Session) onState(state zk.State) {
	switch state {
	case zk.StateExpired:
		zs.disconnect() // here and now: zk.Conn's next step is to dial for a new session
	case zk.StateHasSession:
		zs.Watches.restore()
	case zk.StateDisconnected:
		zs.Watches.noteDisconnected(zs.answered.Load())
		if zs.dialing.Err() != nil {
			// let zk.Conn.Close queue its request before the queue is emptied for the last time
			time.Sleep(time.Millisecond)
		}
	}
	zs.mu.Lock()
	defer zs.mu.Unlock()
	switch state {
	case zk.StateConnecting:
		zs.noteLookingLocked(true)
	case zk.StateHasSession:
		zs.serving, zs.lastChange = true, time.Now()
	case zk.StateDisconnected:
		if zs.serving { // and not a try to connect that failed
			zs.lastChange = time.Now()
		}
		zs.serving = false
	}
}

// served reports whether there is a server to ask.
func (zs *Session) served() bool {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.serving
}

// onHandshake takes note of a server's answer to a connect request that was sent after the given
// time.
func (zs *Session) onHandshake(h wire.Handshake, sent time.Time, by *endpoint) {
	if h.Expired() { // zk.Conn will tell of that by an event
		if zs.ID() == 0 {
			zs.client.servers.fail(errNoNewSession)
		} else {
			zs.client.servers.work(by)
		}
		return
	}
	zs.client.servers.work(by)
	if id := zs.ID(); id != 0 && id != h.SessionID {
		zs.giveUp(errAnotherSession)
		return
	}
	zs.client.onGranted(h.Timeout)
	if zs.Lease.connected(sent, h.Timeout) {
		Nudge(zs.Watches.sooner)
	}
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.handshake, zs.heard = h, time.Now()
}

func (zs *Session) onAnswer(op int32, sent time.Time, by *endpoint) {
	zs.Lease.answered(op, sent)
	zs.client.vocabulary.answered(op)
	if zxid := zs.lastZxid.Load(); zxid > 0 {
		zs.firstZxid.Do(func() { zs.client.compareZxid(zxid) })
	}
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.heard = time.Now()
	zs.noteAnswerLocked(by, sent, zs.heard)
	switch op {
	case wire.OpClose:
		zs.closed = true
	case wire.OpSetAuth:
		zs.authRefusals = 0
	}
}

func (zs *Session) onAuthRejected() {
	zs.mu.Lock()
	zs.authRefusals++
	zs.mu.Unlock()
	zs.client.logRefusedCredentials()
}

// ID is the session's, 0 until it is established.
func (zs *Session) ID() int64 {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.handshake.SessionID
}

// Server returns the server that the session was connected to last, as the connect string has it,
// "" if there was none.
func (zs *Session) Server() string {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if zs.on == nil {
		return ""
	}
	return zs.on.server
}

// Timeout is the session timeout that everything counts by where a longer one would be dangerous:
// the smallest of the timeouts that were asked for and granted.
func (zs *Session) Timeout() time.Duration { return zs.Lease.timeout() }

// SetUp notes that the session is connected or not. It is called by the event goroutine alone.
func (zs *Session) SetUp(up bool) {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	select {
	case <-zs.up:
		if !up {
			zs.up = make(chan struct{})
		}
	default:
		if up {
			close(zs.up)
		}
	}
}

// Connected returns a channel that is closed while there is a connection with this session on it.
func (zs *Session) Connected() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.up
}

// End gives the session up: its tenants lose it, and goroutines that wait for it are woken.
func (zs *Session) End(reason error) {
	zs.mu.Lock()
	first := zs.err == nil
	if first {
		zs.err = reason
	}
	zs.mu.Unlock()
	if first {
		zs.Lease.end(reason)
		close(zs.ended)
		zs.Watches.Recheck() // the watchers of znodes find out
	}
}

// EndReason returns why the session has ended, nil if it has not.
func (zs *Session) EndReason() error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.err
}

// Await waits until the session is connected. It fails with ctx, or with EndReason when the session
// ends.
func (zs *Session) Await(ctx context.Context) error {
	if closed.Is(zs.ended) {
		return zs.EndReason()
	}
	select {
	case <-zs.Connected():
		return ContextError(ctx)
	case <-zs.ended:
		return zs.EndReason()
	case <-ctx.Done():
		return ContextError(ctx)
	}
}

// Established is closed once the session is there and has its credentials.
func (zs *Session) Established() <-chan struct{} { return zs.ready }

// Ended is closed when the session has expired, or is closed.
func (zs *Session) Ended() <-chan struct{} { return zs.ended }

// Takes reports whether the servers are not known to refuse a request.
func (zs *Session) Takes(op int32) bool { return zs.client.vocabulary.takes(op) }

// NoteRefusal reports whether err is the error of a server that does not take the request, and
// remembers it.
func (zs *Session) NoteRefusal(op int32, err error) bool {
	return zs.client.vocabulary.noteRefusal(op, err)
}

// errNoNewSession is why there is none from a server that is out of its mind.
var errNoNewSession = errors.New("the server says of a new session that it has expired")

// errAnotherSession is why a session was given up that the server has answered with a new one:
// ClickHouse Keeper does so at every connect, and the old one expires some time.
var errAnotherSession = errors.New("the server has opened another session in its place")

// giveUp ends a session that cannot go on: another takes its place.
func (zs *Session) giveUp(reason error) {
	zs.client.logGivenUp(zs.lastZxid.Load(), reason)
	zs.disconnect()
	zs.End(fmt.Errorf("%w: %w", ErrExpired, reason))
	zs.client.cfg.Changed()
}

// Event is one of ZooKeeper's, with the session that it came from.
type Event struct {
	Session *Session
	zk.Event
}

// noteAnswerLocked takes note of how long an answer took.
func (zs *Session) noteAnswerLocked(by *endpoint, sent, now time.Time) {
	if tell := zs.client.cfg.Slow; tell != nil && zs.handshake.Timeout > 0 {
		if s := zs.slow.note(by.server, sent, now, zs.handshake.Timeout); s.Server != "" {
			tell(s)
		}
	}
}

// noteUnanswered takes note of a request that has waited for too long for its answer. The next
// answer of a server that hangs may come after the loss of the holds.
func (zs *Session) noteUnanswered() {
	zs.mu.Lock()
	live, on, serving := zs.live, zs.on, zs.serving
	zs.mu.Unlock()
	if !serving {
		return
	}
	now, since := time.Now(), live.WaitsSince()
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if !since.IsZero() && now.Sub(since) > zs.handshake.Timeout/slowPart {
		zs.noteAnswerLocked(on, since, now)
	}
}
