package zklock

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/wire"
)

// disconnect closes the connection and sees to it that no other is made.
func (zs *zkSession) disconnect() {
	zs.stop()
	zs.reconnect() // in vain
}

// closeDisconnected closes a zk.Conn after disconnect. zk.Conn.Close puts its request into the queue and waits for a second if
// nobody takes it from there. That is so if it comes just after a connection has ended (conn.go line 491), and not while
// zk.Conn looks for the next one (line 386).
func (zs *zkSession) closeDisconnected() {
	select {
	case <-zs.between():
	case <-zs.drained: // it has been closed already
	case <-time.After(time.Second): // a dialer that does not heed its context
	}
	zs.conn.Close()
}

// between returns a channel that is closed while zk.Conn has no connection and looks for one.
func (zs *zkSession) between() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.looking
}

// noteLookingLocked takes note of an attempt to connect, or of the connection that came of it.
func (zs *zkSession) noteLookingLocked(looking bool) {
	switch {
	case looking && !closed.Is(zs.looking):
		close(zs.looking)
	case !looking && closed.Is(zs.looking):
		zs.looking = make(chan struct{})
	}
}

// reconnect breaks the connection, so that zk.Conn goes to the next server.
func (zs *zkSession) reconnect() {
	zs.mu.Lock()
	live := zs.live
	zs.mu.Unlock()
	if live != nil {
		live.Close() // without the lock: those whose requests are abandoned may send others
	}
}

// dial connects to one server for zk.Conn.
func (zs *zkSession) dial(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := zs.connect(network, address, timeout)
	if err != nil {
		zs.noteFailure(err)
		return nil, err
	}
	return conn, nil
}

// attempt is a connection that may fail before there is a session.
type attempt struct {
	*wire.Conn
	zs    *zkSession
	begun time.Time // before the connect request was sent
}

// Read tells Dial what went wrong: zk.Conn only logs it. Some servers that take the connection refuse it here, as one that
// misses a certificate in TLS 1.3.
func (a attempt) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	if err != nil {
		a.zs.noteFailure(err)
	}
	if err == io.EOF { // a server that does not take the session hangs up
		a.zs.lease.refused(a.begun)
	}
	return n, err
}

func (zs *zkSession) noteFailure(err error) {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.dialErr = err
}

// lastFailure is why the last try to connect failed that did not lead to a session, nil if there was none.
func (zs *zkSession) lastFailure() error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.dialErr
}

func (zs *zkSession) connect(network, address string, timeout time.Duration) (net.Conn, error) {
	if err := zs.backOff(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(zs.dialing, timeout)
	defer cancel()
	conn, err := zs.s.cfg.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if config := zs.s.cfg.tls; config != nil {
		if conn, err = handshakeTLS(ctx, conn, config, address); err != nil {
			return nil, err
		}
	}
	begun := time.Now()
	zs.lease.offered(begun)
	checked := wire.New(conn, wire.Config{
		Connected:    func(h wire.Handshake) { zs.onHandshake(h, begun) },
		Answered:     zs.onAnswer,
		AuthRejected: zs.onAuthRejected,
		LastZxid:     &zs.lastZxid,
		Asked:        zs.timeout(),
		Credentials:  len(zs.s.cfg.auth),
	})
	zs.mu.Lock()
	err = zs.dialing.Err()
	if err == nil {
		zs.live = checked
		zs.noteLookingLocked(false)
	}
	zs.mu.Unlock()
	if err != nil { // stop came between
		return nil, errors.Join(err, checked.Close())
	}
	return attempt{checked, zs, begun}, nil
}

func handshakeTLS(ctx context.Context, conn net.Conn, config *tls.Config, address string) (net.Conn, error) {
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		config = config.Clone()
		config.ServerName = host
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// backOff waits before a connection is made again to servers that hang up at once or refuse our credentials. go-zookeeper
// reconnects without a pause, thousands of times a second; it makes one only once it could connect to no server.
func (zs *zkSession) backOff() error {
	zs.mu.Lock()
	now := time.Now()
	if now.Sub(zs.lastDial) < time.Second {
		zs.quickDials++
	} else {
		zs.quickDials = 0
	}
	zs.lastDial = now
	var wait time.Duration
	switch {
	case zs.authRefusals > 0:
		wait = min(100*time.Millisecond<<min(zs.authRefusals, 10), 10*time.Second)
	case zs.quickDials > len(zs.s.servers):
		wait = min(10*time.Millisecond<<min(zs.quickDials-len(zs.s.servers), 10), time.Second)
	}
	zs.mu.Unlock()
	if wait == 0 {
		return nil
	}
	select {
	case <-time.After(wait/2 + rand.N(wait/2)):
		return nil
	case <-zs.dialing.Done():
		return zs.dialing.Err()
	}
}

// hostProvider hands zk.Conn the servers by name, so that names are resolved at every connection: go-zookeeper's own
// resolves once, and never learns that a server has moved.
type hostProvider struct {
	mu      sync.Mutex // guards the fields below
	servers []string
	next    int
	tried   int // since the last connection
}

func (p *hostProvider) Init(servers []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers = servers
	return nil
}

func (p *hostProvider) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.servers)
}

// Next returns the server to try, and whether all have been tried since the last connection; then zk.Conn waits a
// second.
func (p *hostProvider) Next() (server string, retryStart bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	server = p.servers[p.next]
	p.next = (p.next + 1) % len(p.servers)
	retryStart = p.tried > 0 && p.tried%len(p.servers) == 0
	p.tried++
	return server, retryStart
}

func (p *hostProvider) Connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = 0
}
