package zklock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/singleflight"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/wire"
)

// zkSession is one ZooKeeper session with the one zk.Conn that serves it. When the session expires the zk.Conn is
// discarded with it: left alone, go-zookeeper would run requests that were queued while it was disconnected in a
// session that it opens next, without a word.
type zkSession struct {
	s        *Session
	conn     *zk.Conn
	drained  chan struct{} // closed when zk.Conn's goroutines have ended
	watches  *watchTable
	roster   *roster
	siblings *siblings
	lease    *lease
	young    *later[*acquisition] // their holds
	patient  *later[*candidate]   // who wait
	parents  singleflight.Group   // by lock

	lastZxid    atomic.Int64 // the newest transaction that a server has told of
	firstZxid   sync.Once    // compares the first that it tells of with those of the sessions before
	ownRequests atomic.Int64 // how many were sent past zk.Conn's queue, see wire.Config
	noRecords   atomic.Bool  // we may not write into locks' znodes

	dialing context.Context // ended by disconnect: no connection is made any more
	stop    context.CancelFunc

	ready    chan struct{} // closed by Session.run once the session is established and has its credentials
	ended    chan struct{} // closed by end: expired, or the Session is closing
	replaced chan struct{} // closed by Session.run when another zkSession stands in its place

	mu           sync.Mutex    // guards the fields below
	up           chan struct{} // closed while connected; a new one stands here from each disconnection on
	live         *wire.Conn    // the newest connection
	on           *endpoint     // where it goes
	serving      bool          // there is a connection, and a session on it
	lastChange   time.Time     // when serving became what it is
	heard        time.Time     // when a server answered last
	looking      chan struct{} // closed while zk.Conn tries to connect; a new one stands here from each connection on
	handshake    wire.Handshake
	authRefusals int   // in a row
	err          error // why it ended
	closed       bool  // a server has confirmed that we ended it

	candidates int           // that may exist
	footprint  int           // theirs, see candidate.footprint
	none       chan struct{} // closed while there are no candidates; a new one stands here from the first on
}

// openSession begins to connect. It returns before there is a ZooKeeper session.
func (s *Session) openSession() *zkSession {
	zs := &zkSession{
		s:        s,
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
	zs.watches = newWatchTable(zs)
	zs.roster = newRoster(zs)
	zs.siblings = newSiblings()
	zs.lease = newLease(zs, s.cfg.lease)
	zs.young = newLater(firstLook, (*acquisition).beginWatch)
	zs.patient = newLater(ownLook, (*candidate).nudge)
	zs.dialing, zs.stop = context.WithCancel(context.Background())
	conn, events, err := zk.Connect([]string{"see hostProvider"}, s.cfg.timeout,
		zk.WithDialer(zs.dial),
		zk.WithHostProvider(hostProvider{zs}),
		zk.WithLogger(zkLogger{s.cfg.logger}),
		zk.WithLogInfo(false),
		zk.WithEventCallback(zs.onEvent),
	)
	if err != nil {
		panic(err) // it fails for an empty list, or with hostProvider.Init
	}
	zs.conn = conn
	// Ends when zk.Conn closes the channel, the last thing it does after dispose. Events are taken from the callback:
	// the channel holds six, and zk.Conn drops the rest.
	s.work.Go(func() {
		defer close(zs.drained)
		<-zs.dialing.Done()
		for range events {
		}
	})
	s.work.Go(zs.lease.run) // ends with zs.ended
	s.work.Go(zs.outlast)   // ends with zs.ended
	return zs
}

// onEvent runs on zk.Conn's goroutines and must not block.
func (zs *zkSession) onEvent(ev zk.Event) {
	if ev.Type == zk.EventSession {
		zs.onState(ev.State)
	} else {
		zs.watches.note(ev.Path, ev.Type == zk.EventNodeDeleted)
	}
	zs.s.events.push(event{zs, ev})
}

// onState follows zk.Conn's loop, where the event goroutine would be late.
func (zs *zkSession) onState(state zk.State) {
	switch state {
	case zk.StateExpired:
		zs.disconnect() // here and now: zk.Conn's next step is to dial for a new session
	case zk.StateDisconnected:
		zs.watches.noteDisconnected()
		if zs.dialing.Err() != nil {
			time.Sleep(time.Millisecond) // let zk.Conn.Close queue its request before the queue is emptied for the last time
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
func (zs *zkSession) served() bool {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.serving
}

// onHandshake takes note of a server's answer to a connect request that was sent after the given time.
func (zs *zkSession) onHandshake(h wire.Handshake, sent time.Time, by *endpoint) {
	if h.Expired() { // zk.Conn will tell of that by an event
		if zs.id() == 0 {
			zs.s.servers.fail(errNoNewSession)
		} else {
			zs.s.servers.work(by)
		}
		return
	}
	zs.s.servers.work(by)
	zs.s.noteGranted(h.Timeout)
	if zs.lease.connected(sent, h.Timeout) {
		nudge(zs.watches.sooner)
	}
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.handshake, zs.heard = h, time.Now()
}

func (zs *zkSession) onAnswer(op int32, sent time.Time) {
	zs.lease.answered(op, sent)
	if zxid := zs.lastZxid.Load(); zxid > 0 {
		zs.firstZxid.Do(func() { zs.s.compareZxid(zxid) })
	}
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.heard = time.Now()
	switch op {
	case wire.OpClose:
		zs.closed = true
	case wire.OpSetAuth:
		zs.authRefusals = 0
	}
}

func (zs *zkSession) onAuthRejected() {
	zs.mu.Lock()
	zs.authRefusals++
	zs.mu.Unlock()
	zs.s.cfg.logger.Error("zookeeper refuses the credentials")
}

// id is the session's, 0 until it is established.
func (zs *zkSession) id() int64 {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.handshake.SessionID
}

// timeout is the session timeout that everything counts by where a longer one would be dangerous: the smallest of those
// that were asked for and granted.
func (zs *zkSession) timeout() time.Duration { return zs.lease.timeout() }

// setUp notes that the session is connected or not. It is called by the event goroutine alone.
func (zs *zkSession) setUp(up bool) {
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

func (zs *zkSession) connected() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.up
}

// removed returns a channel that is closed when the candidates that there are now have been removed.
func (zs *zkSession) removed() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.none
}

// end gives the session up: every hold made under it is lost, and everybody who waits for it is told.
func (zs *zkSession) end(reason error) {
	zs.mu.Lock()
	first := zs.err == nil
	if first {
		zs.err = reason
	}
	zs.mu.Unlock()
	if first {
		zs.lease.end(reason)
		close(zs.ended)
		zs.watches.recheck() // whoever waits for a znode finds out
	}
}

// closeConfirmed reports whether a server has confirmed that we ended the session.
func (zs *zkSession) closeConfirmed() bool {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.closed
}

func (zs *zkSession) endReason() error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.err
}

// await waits until the session is connected. It fails with ctx, or with an error that matches ErrLost when the session
// ends.
func (zs *zkSession) await(ctx context.Context) error {
	if closed.Is(zs.ended) {
		return zs.endReason()
	}
	select {
	case <-zs.connected():
		return contextError(ctx)
	case <-zs.ended:
		return zs.endReason()
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// do runs op until the server has answered it. op must be one that may run twice. While the connection is down do
// waits, for as long as ctx lasts.
func (zs *zkSession) do(ctx context.Context, op func() error) error {
	for {
		if closed.Is(zs.ended) {
			return zs.endReason()
		}
		err := coded(op())
		was := outcomeOf(err)
		if was == answered || was == leftBehind {
			return err
		}
		if err := zs.retry(ctx, was); err != nil {
			return err
		}
	}
}

// outcome is what an error of go-zookeeper says about the request.
type outcome uint8

const (
	answered    outcome = iota // the server executed or refused it: the answer stands
	leftBehind                 // its context ended before the answer: it may have been executed
	notExecuted                // it certainly was not executed and may be sent again
	throttled                  // nor was this: the server has too much to do
	unknown                    // it may have been executed
)

// outcomeOf classifies an error of go-zookeeper. It is the one place that knows what may be sent again.
func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return answered
	case isGaveUp(err):
		return leftBehind
	case errors.Is(err, zk.ErrNoServer): // never left the queue of requests
		return notExecuted
	case errors.Is(err, zk.ErrSessionMoved): // the server that we left would have executed it, and refused
		return notExecuted
	case errors.Is(err, zk.ErrConnectionClosed), // the connection broke before the answer; wire reports no other way
		errors.Is(err, zk.ErrClosing),        // zk.Conn is being closed
		errors.Is(err, zk.ErrSessionExpired): // zk.Conn says so of every request under way; none is repeated in it
		return unknown
	case errors.Is(err, throttledOp):
		return throttled
	default: // a server's error code, or a request that go-zookeeper could not encode
		return answered
	}
}

// makeParents creates a lock's znode and what is missing above it. Those who want that at the same time share it. Unless the lock's
// Naming has it otherwise, those below the root are container znodes, which the server removes some time after their last child;
// those up to the root are persistent.
func (zs *zkSession) makeParents(ctx context.Context, dir string, cfg *lockConfig) error {
	return zs.apart(ctx, func() error {
		_, err, _ := zs.parents.Do(dir, func() (any, error) { return nil, zs.makeMissing(dir, cfg) })
		return err
	})
}

func (zs *zkSession) makeMissing(dir string, cfg *lockConfig) error {
	for i := 1; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		path := dir[:i]
		acl := zs.s.cfg.acl
		if path == dir {
			acl = cfg.acl
		}
		err := zs.do(context.Background(), func() error { return zs.makeParent(path, cfg.parent(path, dir, zs.s.root), acl) })
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return fmt.Errorf("creating %s: %w", path, err)
		}
	}
	return nil
}

func (zs *zkSession) makeParent(path string, p parent, acl []zk.ACL) error {
	// Somebody without the right to create above an existing znode must still be able to use what is below.
	if exists, _, err := zs.conn.Exists(path); err != nil || exists {
		return err
	}
	if p.container && !zs.s.oldServers.Load() {
		_, err := zs.conn.CreateContainer(path, p.data, zk.FlagContainer, acl)
		if err == nil || !zs.s.noteOldServer(err) {
			return err
		}
	}
	_, err := zs.conn.Create(path, p.data, zk.FlagPersistent, acl)
	return err
}

// noteOldServer reports whether err is that of a server which does not know the request, and remembers it: such a server ends the
// session over it. They are those before 3.5.0 (create2), and before 3.5.3 (container znodes).
func (s *Session) noteOldServer(err error) bool {
	if !errors.Is(coded(err), unimplemented) {
		return false
	}
	s.oldServers.Store(true)
	return true
}

// dispose ends the zk.Conn of a session that is over and waits for its goroutines.
func (zs *zkSession) dispose() {
	zs.disconnect()
	zs.closeDisconnected()
	<-zs.drained
}
