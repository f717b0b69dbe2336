package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Conn checks the traffic between go-zookeeper and one server. It may be used by several
// goroutines at a time. It fails once: after the first error, a timeout included, its socket is
// closed and Read returns that error for good. Write reports no errors; see there.
type Conn struct {
	raw net.Conn
	cfg Config

	readMu  sync.Mutex // held by Read, also while it blocks; guards in, open, gone, session
	in      inbound
	open    bool  // the connect reply has passed
	gone    bool  // it said that the session has expired
	session int64 // that it told of

	// held by Write, also while it blocks: frames are followed in the order in which they are
	// written
	writeMu        sync.Mutex
	connectWritten bool // the connect request; guarded by writeMu

	closed atomic.Bool // the socket is closed or about to be; set once, after cause

	// guards what follows; taken after readMu or writeMu; nothing blocks under it
	mu       sync.Mutex
	out      outbound
	waiting  outstanding
	ready    bool   // there is a session
	pending  []byte // requests of our own that are to be written
	flushing bool   // a goroutine is about to write them, or does, and those that are added
	spare    []byte // the buffer before
	reads    deadline
	writes   deadline
	limit    time.Time     // until when the handshake must be complete; zero once it is
	patience time.Duration // how long a request may go unanswered; set with the handshake
	cause    error         // why the Conn is of no more use; nil while it is
	answers  int           // of the server to requests, pings not counted
	// the operation of the request that had waited longest when there came a cause
	left int32
}

var _ net.Conn = (*Conn)(nil)

// New returns a Conn over c, which must be fresh: the connect request is the first thing written.
// The time for the handshake runs from here.
func New(c net.Conn, cfg Config) *Conn {
	cfg = cfg.withDefaults()
	limit := time.Now().Add(cfg.HandshakeTimeout)
	// Both at once: a tls.Conn's handshake reads in Write and writes in Read. If this fails, so
	// will they.
	_ = c.SetDeadline(limit)
	return &Conn{
		raw:     c,
		cfg:     cfg,
		waiting: newOutstanding(),
		limit:   limit,
		reads: deadline{set: c.SetReadDeadline, own: limit, applied: limit,
			lazy: true, idle: true},
		writes: deadline{set: c.SetWriteDeadline, own: limit, applied: limit},
	}
}

// Write writes p. It never returns an error: a write that fails, or that is cut short, closes the
// socket and lets Read return the error.
//
// This is for the credentials that go-zookeeper sends again after each reconnect. If that write
// returned an error, go-zookeeper would answer the request in a channel of one place (conn.go lines
// 415, 754), keep it in its map, and answer it again in flushRequests (line 527): that blocks for
// ever, with the lock held that every later request needs. The same holds for a write to a
// connection that has failed already.
func (c *Conn) Write(p []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.flushLocked(math.MaxInt) // requests are executed in the order in which they were asked for
	if err := c.beginWrite(p); err != nil {
		_ = c.fail(err)
		return len(p), nil
	}
	n, err := c.raw.Write(c.withLastZxid(p))
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err = c.endWrite(err); err != nil {
		_ = c.fail(err)
	}
	c.flushLocked(math.MaxInt) // some may have had to wait for this
	return len(p), nil
}

// beginWrite takes note of what is about to be written.
func (c *Conn) beginWrite(p []byte) error {
	now := time.Now() // before the lock: a lease may count from here
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return c.cause
	}
	if err := c.out.scan(p, now, &c.waiting); err != nil {
		return err
	}
	return c.reads.setOwn(c.readLimitLocked())
}

// withLastZxid returns p, or the connect request with the newest transaction that the session has
// seen: go-zookeeper does not know of those in the answers to our own requests, and a server that
// has not come as far must not take the session over.
func (c *Conn) withLastZxid(p []byte) []byte {
	if c.connectWritten || c.cfg.LastZxid == nil || len(p) < lengthSize+connectSize {
		c.connectWritten = true
		return p
	}
	c.connectWritten = true
	const at = lengthSize + 4 // behind the protocol version
	q := bytes.Clone(p)
	if last := c.cfg.LastZxid.Load(); last > int64(binary.BigEndian.Uint64(q[at:])) {
		binary.BigEndian.PutUint64(q[at:], uint64(last))
	}
	return q
}

func (c *Conn) endWrite(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.explainLocked(err)
}

// receive reads from the socket, until whichever is earlier of the user's deadline and ours.
func (c *Conn) receive(p []byte) (int, error) {
	for {
		c.mu.Lock()
		err := c.cause
		if err == nil {
			err = c.reads.setOwn(c.readLimitLocked())
		}
		if err == nil {
			err = c.reads.begin()
		}
		c.mu.Unlock()
		if err != nil {
			return 0, err
		}

		n, err := c.raw.Read(p)

		c.mu.Lock()
		c.reads.end()
		again := n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && !c.reads.passed()
		if n == 0 && !again {
			err = c.explainLocked(err)
		}
		c.mu.Unlock()
		switch {
		case n > 0:
			return n, nil // an error will come again
		case !again:
			return 0, err
		}
	}
}

// readLimitLocked returns our own deadline for reading: the handshake's, then the deadline of the
// request that has waited longest. go-zookeeper's starts anew with every frame, so that a server
// which sends events but answers no request, or answers requests but no ping, keeps its session for
// good (conn.go line 801).
func (c *Conn) readLimitLocked() time.Time {
	if !c.limit.IsZero() {
		return c.limit
	}
	since := c.waiting.since()
	if since.IsZero() {
		return since
	}
	return since.Add(c.patience)
}

// explainLocked tells our deadlines from the user's.
func (c *Conn) explainLocked(err error) error {
	if err == nil || !timedOut(err) {
		return err
	}
	now := time.Now()
	switch limit := c.readLimitLocked(); {
	case limit.IsZero() || now.Before(limit):
		return err
	case !c.limit.IsZero():
		return ErrHandshake
	}
	return ErrUnanswered
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// fail makes the Conn useless for a reason, unless it is so already, and returns the first reason.
func (c *Conn) fail(reason error) error {
	var unanswered []Exchange
	c.mu.Lock()
	if c.cause == nil {
		c.cause, c.left = reason, c.waiting.longest()
		if c.cfg.Ended != nil {
			c.waiting.each(func(op int32, sent time.Time) {
				unanswered = append(unanswered, Exchange{Op: op, Sent: sent})
			})
		}
	}
	reason = c.cause
	c.mu.Unlock()

	for _, e := range unanswered {
		c.cfg.Ended(e)
	}
	c.abandonOwn()
	if c.closed.CompareAndSwap(false, true) {
		// A tls.Conn says goodbye in Close, and waits up to 5 s for a peer that no longer reads.
		if t, ok := c.raw.(interface{ NetConn() net.Conn }); ok {
			_ = t.NetConn().Close()
		}
		_ = c.raw.Close()
	}
	return reason
}

// Close closes the socket. A Read that is under way, and any later one, returns net.ErrClosed, or
// the error that the Conn failed with before. Closing again does nothing.
func (c *Conn) Close() error {
	_ = c.fail(net.ErrClosed)
	return nil
}

// WaitsSince returns when the oldest request or ping that waits for its answer was written; the
// zero time if none waits.
func (c *Conn) WaitsSince() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting.since()
}

// Unanswered returns the operation of the request that had waited longest for its answer when the
// Conn failed, OpNone if none waited, and how many requests had been answered before. Pings do not
// count.
func (c *Conn) Unanswered() (op int32, answers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left, c.answers
}

// abandonOwn tells that our own requests will not be answered. It is called once there is a cause:
// no more are made.
func (c *Conn) abandonOwn() {
	c.mu.Lock()
	abandoned := c.waiting.abandonOwn()
	c.mu.Unlock()
	for _, done := range abandoned {
		done(Reply{Lost: true})
	}
}

// SetDeadline sets both deadlines. They hold together with the Conn's own, whichever is earlier.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline for Read. See SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return c.cause
	}
	return c.reads.setUser(t)
}

// SetWriteDeadline sets the deadline for Write. See SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return c.cause
	}
	return c.writes.setUser(t)
}

// LocalAddr returns the socket's local address.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr returns the server's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }
