package fakezk

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// conn is one connection as the loop knows it.
type conn struct {
	client   *Client
	server   *Server
	end      *end
	up, down pipe
	in       []byte   // of a frame that has not arrived whole
	session  *session // once the handshake is through
	known    bool     // has sent credentials
	ids      []identity
	ended    bool // the server has hung up, or noticed that the client has
}

// pipe is one direction of a connection: it delivers in order, and nothing while the network
// swallows everything.
type pipe struct {
	conn  *conn
	dir   Direction
	queue []parcel
	last  time.Time
	cut   bool
}

type parcel struct {
	due     time.Time
	deliver func()
}

func newConn(cl *Client, s *Server) *conn {
	co := &conn{client: cl, server: s}
	co.up, co.down = pipe{conn: co, dir: ToServer}, pipe{conn: co, dir: ToClient}
	co.end = &end{conn: co, wake: make(chan struct{}, 1)}
	cl.c.conns[co] = struct{}{}
	return co
}

func (p *pipe) send(deliver func()) {
	c := p.conn.client.c
	due := time.Now().Add(p.conn.client.delay)
	if c.cfg.Latency != nil {
		due = due.Add(c.cfg.Latency())
	}
	if due.Before(p.last) {
		due = p.last
	}
	p.last = due
	p.queue = append(p.queue, parcel{due, deliver})
	if due.After(time.Now()) {
		c.agenda.add(due, p.pump)
	}
	p.pump()
}

// pump delivers what is due.
func (p *pipe) pump() {
	for len(p.queue) > 0 && !p.cut && !p.conn.client.lost[p.dir] &&
		!p.queue[0].due.After(time.Now()) {
		deliver := p.queue[0].deliver
		p.queue = p.queue[1:]
		deliver()
	}
}

// cut breaks the connection for both ends.
func (co *conn) cut() {
	co.up.cut, co.down.cut = true, true
	co.end.fail(syscall.ECONNRESET)
	co.forget()
}

// forget removes what the server knows of a connection that is over.
func (co *conn) forget() {
	c := co.client.c
	co.ended = true
	delete(c.conns, co)
	for p, watching := range c.watches {
		if delete(watching, co); len(watching) == 0 {
			delete(c.watches, p)
		}
	}
	for _, watching := range c.below {
		delete(watching, co)
	}
	if co.session != nil && co.session.conn == co {
		co.session.conn = nil
	}
}

// arrived takes bytes of the client, which were sent at the given time.
func (co *conn) arrived(p []byte, sent time.Time) {
	co.in = append(co.in, p...)
	for len(co.in) >= 4 {
		size := 4 + int(binary.BigEndian.Uint32(co.in))
		if len(co.in) < size {
			return
		}
		frame := co.in[4:size:size]
		co.in = co.in[size:]
		co.server.receive(co, frame, sent)
	}
}

// end is the client's end.
type end struct {
	conn *conn
	wake chan struct{} // signals a change of what follows; has room for one

	mu       sync.Mutex // guards what follows
	buf      []byte
	err      error // once buf is empty
	deadline time.Time
}

var _ net.Conn = (*end)(nil)

func (e *end) change(f func()) {
	e.mu.Lock()
	f()
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *end) fail(err error) {
	e.change(func() {
		if e.err == nil {
			e.err = err
		}
	})
}

// Read reads what the server sent. It is for one goroutine at a time.
func (e *end) Read(p []byte) (int, error) {
	for {
		e.mu.Lock()
		n, err, deadline := copy(p, e.buf), e.err, e.deadline
		e.buf = e.buf[n:]
		e.mu.Unlock()
		switch {
		case n > 0 || len(p) == 0:
			return n, nil
		case err != nil:
			return 0, err
		case deadline.IsZero():
			<-e.wake
			continue
		case time.Until(deadline) <= 0:
			return 0, os.ErrDeadlineExceeded
		}
		timer := time.NewTimer(time.Until(deadline))
		select {
		case <-e.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Write never blocks.
func (e *end) Write(p []byte) (int, error) {
	e.mu.Lock()
	err := e.err
	e.mu.Unlock()
	if err == io.EOF {
		err = syscall.EPIPE
	}
	if err != nil {
		return 0, err
	}
	sent, data := time.Now(), append([]byte(nil), p...)
	co := e.conn
	co.client.c.post(func() { co.up.send(func() { co.arrived(data, sent) }) })
	return len(p), nil
}

func (e *end) Close() error {
	e.fail(net.ErrClosed)
	co := e.conn
	co.client.c.post(func() { co.up.send(func() { co.server.hungUp(co) }) })
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.change(func() { e.deadline = t })
	return nil
}

func (e *end) SetDeadline(t time.Time) error    { return e.SetReadDeadline(t) }
func (e *end) SetWriteDeadline(time.Time) error { return nil }
func (e *end) LocalAddr() net.Addr              { return address("client:1") }
func (e *end) RemoteAddr() net.Addr             { return address(e.conn.server.address) }

type address string

func (address) Network() string  { return "fake" }
func (a address) String() string { return string(a) }
