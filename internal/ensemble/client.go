package ensemble

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/mailbox"
)

// Config says how a Client connects.
type Config struct {
	Servers []string
	Timeout time.Duration
	Auth    []Credentials
	TLS     *tls.Config
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	// nil: left to Dial
	Resolve func(ctx context.Context, host string) (addresses []string, err error)
	Logger  *slog.Logger
	Proof   Proof
	Most    int                  // what one session may own, in bytes: see Session.Include
	Asleep  func() time.Duration // for how long the machine has been suspended

	ParseData func(data []byte) (who []byte, asked error) // what NodeState says of a znode's data
	// is called when a session is established, and on Close; it must not block
	Changed func()

	// Requested, if it is set, is called when a request or a ping to a server is over. It must not
	// block.
	Requested func(Exchange)
}

// Exchange is a request or a ping to a server, and what became of it.
type Exchange struct {
	Operation string
	Server    string // host:port, as Config.Servers has it
	Took      time.Duration
	Err       error // the server's; zk.ErrConnectionClosed if there was no answer
}

// Credentials are added to every session.
type Credentials struct {
	Scheme string
	Secret []byte
}

// Canceler is work under way whose context Close has to end.
type Canceler interface{ Cancel(cause error) }

// Client opens one ZooKeeper session after another, until Close.
type Client struct {
	cfg     Config
	servers *servers
	events  *mailbox.Mailbox[Event]
	closing context.Context // ended by Close, with errClosing as its cause
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when Close is through

	vocabulary *vocabulary
	// the session timeout that was granted last, a time.Duration; 0 before the first
	granted    atomic.Int64
	newestZxid atomic.Int64 // of the ZooKeeper sessions before the current one
	leastLeft  atomic.Int64 // see LeastLeft; a time.Duration
	rewinds    atomic.Int64 // how often another session has shown an older one
	// the granted timeout that was logged last for being unlike the one that was asked for
	unlike atomic.Int64

	work sync.WaitGroup // all goroutines

	mu      sync.Mutex // guards the fields below
	current *Session
	closed  bool // by Close: nothing is added to work any more
	// that Close has to call off: their contexts are not derived from closing
	bound    map[Canceler]struct{}
	closeErr error // set before done is closed
}

// New returns a Client that begins to connect. Established receives how the first session went.
func New(cfg Config) (c *Client, established <-chan error) {
	c = &Client{cfg: cfg, events: mailbox.New[Event](), done: make(chan struct{}),
		bound: make(map[Canceler]struct{})}
	c.closing, c.cancel = context.WithCancelCause(context.Background())
	c.vocabulary = newVocabulary(cfg.Logger)
	c.leastLeft.Store(int64(cfg.Timeout))
	c.servers = newServers(cfg.Servers, cfg.Resolve, func(f func()) { c.work.Go(f) })
	c.current = c.openSession()
	first := make(chan error, 1)
	c.work.Go(func() { c.run(first) }) // ended and waited for by Close
	return c, first
}

// Events waits for events and returns all there are, each once. It is false after Close. One
// goroutine is to take them.
func (c *Client) Events() ([]Event, bool) { return c.events.Take() }

// Closing is ended by Close, see EndedByClose.
func (c *Client) Closing() context.Context { return c.closing }

// Closed reports whether Close was called.
func (c *Client) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Logger returns the Config's.
func (c *Client) Logger() *slog.Logger { return c.cfg.Logger }

// Close ends the session and waits for every goroutine that was started by the Client; then Events
// reports the end.
func (c *Client) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	bound := slices.Collect(maps.Keys(c.bound))
	c.mu.Unlock()
	if !again {
		c.cfg.Changed()
		c.cancel(errClosing)
		for _, b := range bound {
			b.Cancel(errClosing)
		}
		c.work.Wait()
		c.events.Close()
		close(c.done)
	}
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeErr
}

// refusedPause is how long the Session waits before it offers refused credentials again.
const refusedPause = 5 * time.Second

// run sees to it that there is a ZooKeeper session, one after another, until Close. It tells how
// the first one went.
func (c *Client) run(established chan<- error) {
	for {
		zs := c.Session()
		err := c.establish(zs)
		// another server may know better
		again := errors.Is(err, ErrExpired) && c.closing.Err() == nil
		if !again {
			select {
			case established <- err:
			default: // the caller of New has gone on
			}
		}
		if err == nil {
			select {
			case <-zs.ended:
			case <-c.closing.Done():
			}
		}
		if c.closing.Err() != nil {
			c.shutDown(zs)
			return
		}
		zs.End(ErrExpired)
		c.work.Go(func() { // ends soon after: its connection is closed, and no other is made
			zs.hangUp()
			zs.dispose()
		})
		c.newestZxid.Store(max(c.newestZxid.Load(), zs.lastZxid.Load()))
		if err != nil && !again {
			c.logNoSession(err)
			select {
			case <-time.After(refusedPause):
			case <-c.closing.Done():
			}
		}
		c.vocabulary.begin()
		next := c.openSession()
		c.mu.Lock()
		c.current = next
		c.mu.Unlock()
		close(zs.replaced)
	}
}

// establish waits for the ZooKeeper session and gives it its credentials.
func (c *Client) establish(zs *Session) error {
	err := zs.Await(c.closing)
	for _, a := range c.cfg.Auth {
		if err == nil {
			err = zs.Do(c.closing, func() error { return zs.Conn.AddAuth(a.Scheme, a.Secret) })
		}
	}
	// a server that enforces authentication refuses the first request, and not the session
	if err == nil {
		err = zs.Do(c.closing, func() error {
			// of the root, which is no concern of ours
			if _, _, err := zs.Conn.Exists("/"); !errors.Is(err, zk.ErrNoAuth) {
				return err
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	close(zs.ready)
	c.work.Go(zs.Watches.audit) // ends with zs.ended
	c.logEstablished(zs)
	c.cfg.Changed()
	return nil
}

// closePatience is how long Close waits for the removal of what is held or waits, over another
// server if it must.
const closePatience = 2 * time.Second

// shutDown ends the last ZooKeeper session.
func (c *Client) shutDown(zs *Session) {
	zs.Lease.end(ErrClosed) // the holders first, then the others
	removed := zs.awaitRemoval()
	// nothing more is sent: what follows the request to close can cost us its answer
	zs.End(ErrClosed)
	zs.hangUp()
	if !removed && !zs.closeConfirmed() {
		c.mu.Lock()
		c.closeErr = fmt.Errorf(
			"no server has confirmed it; the ensemble releases what was held once the session times out, after %v", c.Granted())
		c.mu.Unlock()
	}
	zs.dispose()
}

// hangUp ends the ZooKeeper session, on the server too if there is one.
func (zs *Session) hangUp() {
	if zs.served() && closed.Is(zs.ready) {
		zs.Conn.Close()
	} else { // there is no server to tell, or nothing to release: do not wait for an answer
		zs.disconnect()
		zs.closeDisconnected()
	}
}

// awaitRemoval waits until the acquisitions have removed their candidates, which they do by
// themselves, and reports whether they have. zk.Conn.Close is not enough: it asks one server, once,
// and the connection may be broken or the server hang.
func (zs *Session) awaitRemoval() bool {
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

// Session returns the current one, established or not.
func (c *Client) Session() *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Await waits for a ZooKeeper session that is established. It may be disconnected. It fails with
// ctx or ErrClosed.
func (c *Client) Await(ctx context.Context) (*Session, error) {
	for {
		zs := c.Session()
		usable, over := zs.ready, zs.replaced
		select {
		case <-zs.ended:
			usable = nil // whether or not it ever was
		default:
		}
		select {
		case <-usable:
			return zs, ContextError(ctx)
		case <-over:
		case <-ctx.Done():
			return nil, ContextError(ctx)
		case <-c.closing.Done():
			return nil, ErrClosed
		}
	}
}

// Enter makes Close wait until the caller has called Leave, and cancel b unless that is nil. It is
// false after Close.
func (c *Client) Enter(b Canceler) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.work.Add(1)
	if b != nil {
		c.bound[b] = struct{}{}
	}
	return true
}

// Leave ends what Enter began.
func (c *Client) Leave() { c.work.Done() }

// Unbind undoes what Enter has arranged for b: Close does not cancel it any more.
func (c *Client) Unbind(b Canceler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bound, b)
}

// Go runs f on a goroutine that Close waits for. The caller is one that Close waits for, too.
func (c *Client) Go(f func()) { c.work.Go(f) }

// Start runs f on a goroutine that Close waits for. It is false after Close. f must end soon after
// closing does.
func (c *Client) Start(f func()) bool {
	if !c.Enter(nil) {
		return false
	}
	go func() {
		defer c.Leave()
		f()
	}()
	return true
}

// Request runs op in the established ZooKeeper session, and again in the next if that one expires
// meanwhile. It returns when ctx is done, whatever the servers do; op goes on until go-zookeeper
// lets it go. op must be one that may run twice.
func Request[T any](ctx context.Context, c *Client,
	op func(context.Context, *Session) (T, error)) (T, error) {
	ctx, begun := OrNone(ctx), time.Now()
	to := make(Responses[T], 1)
	started := c.Start(func() {
		for {
			var r Response[T]
			zs, err := c.Await(ctx)
			if err == nil {
				r.Value, err = op(ctx, zs)
			}
			if errors.Is(err, ErrExpired) {
				continue
			}
			if errors.Is(err, ErrClosed) {
				err = ErrClosed // and not that something was lost
			}
			r.Err = err
			to <- r
			return
		}
	})
	if !started {
		to <- Response[T]{Err: ErrClosed}
	}
	value, err := to.Wait(ctx)
	return value, c.Explain(err, begun, NoAnswer)
}

// Granted returns the session timeout that was granted last, 0 before the first. Each server bounds
// it anew when the Client connects to it.
func (c *Client) Granted() time.Duration { return time.Duration(c.granted.Load()) }

// LeastLeft is the least time that was left to a hold when its session was confirmed, or 0 once a
// lease has run out; the timeout that was asked for before that.
func (c *Client) LeastLeft() time.Duration { return time.Duration(c.leastLeft.Load()) }

// noteLeft takes note of how much was left. Lease.mu is held, of the one lease that has holds.
func (c *Client) noteLeft(left time.Duration) {
	if left = max(left, 0); int64(left) < c.leastLeft.Load() {
		c.leastLeft.Store(int64(left))
	}
}

// LastFailure is why the last try to connect failed that did not lead to a session, nil if there
// was none.
func (c *Client) LastFailure() error { return c.servers.lastFailure() }

// Rewinds returns how often the ensemble was younger than what the Client had seen of it.
func (c *Client) Rewinds() int { return int(c.rewinds.Load()) }

// onGranted takes note of the session timeout that a server has granted.
func (c *Client) onGranted(granted time.Duration) {
	c.granted.Store(int64(granted))
	asked := c.cfg.Timeout
	far := granted > asked+asked/4 || granted < asked-asked/4
	if far && c.unlike.Swap(int64(granted)) != int64(granted) {
		c.logGranted(asked, granted)
	}
}

// compareZxid takes note of the first transaction that a server has told a ZooKeeper session of.
// All of an ensemble's are older that sessions before have seen, unless its data are older than it
// had shown.
func (c *Client) compareZxid(zxid int64) {
	newest := c.newestZxid.Load()
	if zxid >= newest {
		return
	}
	c.newestZxid.Store(0)
	c.rewinds.Add(1)
	c.logRewind(zxid, newest)
}
