//go:build unix

package chaos

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// link is a network connection that can be broken: it listens for one side and connects to the
// other. Streams pass as bytes; zktest.Proxy, which knows frames, belongs to tests and has no
// server in particular to cut off.
type link struct {
	target string
	quorum bool // followers connect to their leader
	// how long a target may refuse connections before that is passed on
	grace time.Duration
	// is told of what servers grant, if it is not nil
	granted func(session int64, timeout time.Duration)
	work    sync.WaitGroup // the accept loops and the connections

	mu       sync.Mutex // guards the fields below
	listener net.Listener
	faults   linkFaults
	closed   bool // for all, by pin: kept apart from faults, which others may mend
	conns    map[*linkConn]struct{}
}

type linkFaults struct {
	cut   bool
	hole  [2]bool // by direction
	acks  bool    // what a follower has confirmed waits for the end of this; see acks
	held  [2]bool // likewise: what comes waits for the end of this
	delay time.Duration
}

// The directions of a link.
const (
	forth = iota // from who connects to who listens
	back
)

// linkConn is one connection through a link.
type linkConn struct {
	ctx    context.Context
	cancel context.CancelFunc
	gap    bool // something was swallowed; guarded by link.mu
	tap    tap  // likewise
	acks   acks // of the pump from who connects
}

// loopback is where links listen at first.
const loopback = "127.0.0.1"

func newLink(target string, grace time.Duration) (*link, error) {
	listener, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return nil, err
	}
	l := &link{target: target, grace: grace, listener: listener,
		conns: make(map[*linkConn]struct{})}
	l.work.Go(func() { l.accept(listener) }) // ends with the listener; close waits
	return l, nil
}

func (l *link) addr() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.listener.Addr().String()
}

// move breaks the connections and listens at another address, on the same port.
func (l *link) move(ip string) error {
	_, port, err := net.SplitHostPort(l.addr())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, port))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.listener.Close()
	l.listener = listener
	l.breakLocked()
	l.work.Go(func() { l.accept(listener) }) // ends with the listener; close waits
	return err
}

func (l *link) holdsAcks() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.faults.acks
}

// greeted reports whether a server has answered a connect request.
func (l *link) greeted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if c.tap.back.seen > 0 {
			return true
		}
	}
	return false
}

// hanging returns how many writes the server has not answered.
func (l *link) hanging() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		n += len(c.tap.writes)
	}
	return n
}

// set changes what is wrong with the link. Connections with a gap do not outlive the blackhole that
// made it.
func (l *link) set(f linkFaults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = f
	for c := range l.conns {
		if f.cut || c.gap && !f.hole[forth] && !f.hole[back] {
			c.cancel()
		}
	}
}

// shut closes the link to all, or opens it.
func (l *link) shut(closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = closed
	if closed {
		l.breakLocked()
	}
}

// reset breaks the connections that there are.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breakLocked()
}

func (l *link) breakLocked() {
	for c := range l.conns {
		c.cancel()
	}
}

func (l *link) connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) > 0
}

// close ends the link and waits for its goroutines.
func (l *link) close() error {
	l.shut(true)
	l.mu.Lock()
	err := l.listener.Close()
	l.mu.Unlock()
	l.work.Wait()
	return err
}

func (l *link) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return // closed; nothing else ends a listener on the loopback
		}
		c := &linkConn{tap: tap{writes: make(map[int32]struct{})}}
		c.ctx, c.cancel = context.WithCancel(context.Background())
		l.mu.Lock()
		refuse := l.closed || l.faults.cut
		if !refuse {
			l.conns[c] = struct{}{}
			l.work.Go(func() { l.serve(c, near) }) // ends when c is cancelled; close waits
		}
		l.mu.Unlock()
		if refuse {
			c.cancel()
			near.Close()
		}
	}
}

func (l *link) serve(c *linkConn, near net.Conn) {
	defer func() {
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
		c.cancel()
		near.Close()
	}()
	far, err := l.dial(c.ctx)
	if err != nil {
		return
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(c, forth, far, near) }) // both end when the sockets are closed below
	pumps.Go(func() { l.pump(c, back, near, far) })
	<-c.ctx.Done()
	near.Close()
	far.Close()
	pumps.Wait()
}

func (l *link) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	for begun := time.Now(); ; {
		conn, err := dialer.DialContext(ctx, "tcp", l.target)
		if err == nil || time.Since(begun) >= l.grace {
			return conn, err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pump carries bytes in one direction.
func (l *link) pump(c *linkConn, dir int, dst, src net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		if c.acks.waiting(dir) {
			src.SetReadDeadline(time.Now().Add(time.Millisecond)) // they may be released meanwhile
		}
		n, err := src.Read(buf)
		src.SetReadDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
		if !l.pass(c, dir, time.Now()) {
			if err != nil {
				<-c.ctx.Done() // that the other side is gone is news that would have to pass, too
				return
			}
			continue
		}
		out := buf[:n]
		if l.quorum && dir == forth {
			out = c.acks.pass(out, l.holdsAcks())
		}
		if len(out) > 0 {
			l.note(c, dir, out)
			if _, err := dst.Write(out); err != nil {
				c.cancel()
				return
			}
		}
		if err != nil {
			c.cancel()
			return
		}
	}
}

// note makes the tap see what passes between a client and a server. What servers tell one another
// has other frames.
func (l *link) note(c *linkConn, dir int, p []byte) {
	if l.granted == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if dir == forth {
		c.tap.request(p)
	} else {
		c.tap.reply(p, l.granted)
	}
}

// pass waits for what arrived to be due. It is false if a blackhole swallows it, or if the
// connection is over: what comes behind a gap must not be delivered, or a follower misses a
// transaction and goes on without it.
func (l *link) pass(c *linkConn, dir int, arrived time.Time) bool {
	for {
		l.mu.Lock()
		f := l.faults
		wait := time.Until(arrived.Add(f.delay))
		if f.held[dir] {
			wait = time.Minute
		} else if f.delay == 0 || wait <= 0 {
			c.gap = c.gap || f.hole[dir]
			over := c.ctx.Err() != nil // set cancels it under the same lock that ends the blackhole
			l.mu.Unlock()
			return !f.hole[dir] && !over
		}
		l.mu.Unlock()
		select {
		case <-time.After(min(wait, 10*time.Millisecond)): // a delay may be ended early
		case <-c.ctx.Done():
			return false
		}
	}
}
