package ensemble

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/mailbox"
)

// Client opens one ZooKeeper session after another, until Close.
type Client struct {
	*common
	events  *mailbox.Mailbox[Event]
	closing context.Context // ended by Close, with errClosing as its cause
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when Close is through

	mu       sync.Mutex // guards the fields below
	current  *Session
	closeErr error // set before done is closed
}

// New returns a Client that begins to connect. Established receives how the first session went.
func New(cfg Config) (c *Client, established <-chan error) {
	c = &Client{common: newCommon(cfg), events: mailbox.New[Event](), done: make(chan struct{})}
	c.closing, c.cancel = context.WithCancelCause(context.Background())
	c.current = c.open()
	first := make(chan error, 1)
	c.Go(func() { c.run(first) }) // ended and waited for by Close
	return c, first
}

// Events waits for events and returns all there are, each once. It is false after Close. One
// goroutine is to take them.
func (c *Client) Events() ([]Event, bool) { return c.events.Take() }

// Closing is ended by Close, see EndedByClose.
func (c *Client) Closing() context.Context { return c.closing }

// Close ends the session and waits for every goroutine that was started by the Client; then Events
// reports the end.
func (c *Client) Close() error {
	if bound, first := c.end(); first {
		c.cfg.Changed()
		c.cancel(errClosing)
		for _, b := range bound {
			b.Cancel(errClosing)
		}
		c.all.Wait()
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
		c.Go(func() { // ends soon after: its connection is closed, and no other is made
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
		next := c.open()
		c.mu.Lock()
		c.current = next
		c.mu.Unlock()
		close(zs.replaced)
	}
}

// open begins to connect, and starts the goroutines of the session.
func (c *Client) open() *Session {
	zs := openSession(c.common, c.events)
	c.Go(zs.Lease.run) // ends with zs.ended
	c.Go(zs.outlast)   // ends with zs.ended
	return zs
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
	c.Go(zs.Watches.audit) // ends with zs.ended
	c.logEstablished(zs.ID())
	c.cfg.Changed()
	return nil
}

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

// Explain adds to the error of a call that its caller gave up for how long the call went on, and
// what it waited for. A missing connection comes before anything else. A call whose context had
// ended before waited for nothing, unless no server can be reached.
func (c *Client) Explain(err error, begun time.Time, waitedFor Obstacle) error {
	g, ok := err.(GaveUp)
	if !ok || time.Since(begun) < time.Millisecond && c.servers.lastFailure() == nil {
		return err
	}
	waitedFor = c.first(waitedFor)
	return GaveUp{&gaveUpError{
		text: fmt.Sprintf("gave up after %v: %s: %v", rounded(time.Since(begun)),
			waitedFor.Text, g.Why),
		errs: append([]error{g.Why}, waitedFor.Matches...),
	}}
}

// first returns what a call waits for first of all: a connection, if there is none.
func (c *Client) first(waitedFor Obstacle) Obstacle {
	if out, ok := c.Session().outage(); ok {
		return out
	}
	return waitedFor
}

// Awaited says what a call waits for that is under way.
func (c *Client) Awaited(waitedFor Obstacle) string { return c.first(waitedFor).Text }
