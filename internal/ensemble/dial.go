package ensemble

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/wire"
)

// disconnect closes the connection and sees to it that no other is made.
func (zs *Session) disconnect() {
	zs.stop()
	zs.reconnect() // in vain
}

// closeDisconnected closes a zk.Conn after disconnect. zk.Conn.Close puts its request into the
// queue and waits for a second if no goroutine takes it from there. That is so if it comes just
// after a connection has ended (conn.go line 491), and not while zk.Conn looks for the next one
// (line 386).
func (zs *Session) closeDisconnected() {
	select {
	case <-zs.between():
	case <-zs.drained: // it has been closed already
	case <-time.After(time.Second): // a dialer that does not heed its context
	}
	zs.Conn.Close()
}

// between returns a channel that is closed while zk.Conn has no connection and looks for one.
func (zs *Session) between() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.looking
}

// noteLookingLocked takes note of an attempt to connect, or of the connection that came of it.
func (zs *Session) noteLookingLocked(looking bool) {
	switch {
	case looking && !closed.Is(zs.looking):
		close(zs.looking)
	case !looking && closed.Is(zs.looking):
		zs.looking = make(chan struct{})
	}
}

// leave breaks the connection to a server that is of no use, so that zk.Conn goes to another.
// It returns the server as the connect string has it, "" if there is no connection.
func (zs *Session) leave() (server string) {
	zs.mu.Lock()
	on := zs.on
	zs.mu.Unlock()
	if on != nil {
		zs.client.servers.leave(on)
		server = on.server
	}
	zs.reconnect()
	return server
}

// reconnect breaks the connection.
func (zs *Session) reconnect() {
	zs.mu.Lock()
	live := zs.live
	zs.mu.Unlock()
	if live != nil {
		live.Close() // without the lock: Done of an abandoned request may send another
	}
}

// dial connects to one server for zk.Conn. Which one, and for how long it may take, is not
// zk.Conn's to say: it knows neither names with several addresses nor look-ups that take longer
// than a second.
func (zs *Session) dial(network, _ string, _ time.Duration) (net.Conn, error) {
	if err := zs.dialing.Err(); err != nil {
		return nil, err
	}
	conn, err := zs.connect(network)
	if err != nil && zs.dialing.Err() == nil {
		zs.client.servers.fail(err)
	}
	return conn, err
}

// attempt is a connection that may fail before there is a session.
type attempt struct {
	*wire.Conn
	zs    *Session
	to    *endpoint
	begun time.Time // before the connect request was sent
}

// Read tells Dial what went wrong: zk.Conn only logs it. Some servers that take the connection
// refuse it here, as one that misses a certificate in TLS 1.3.
func (a attempt) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	if err != nil {
		a.zs.client.servers.fail(err)
	}
	if errors.Is(err, wire.ErrUnanswered) {
		a.zs.client.servers.leave(a.to)
	}
	if err != nil && isHangUp(err) {
		a.zs.client.vocabulary.hungUp(a.Unanswered())
	}
	if err == io.EOF { // a server that does not take the session hangs up
		a.zs.Lease.refused(a.begun)
	}
	if errors.Is(err, wire.ErrNumbersUsedUp) {
		a.zs.giveUp(err)
	}
	return n, err
}

func (zs *Session) connect(network string) (net.Conn, error) {
	if err := zs.backOff(); err != nil {
		return nil, err
	}
	to, limit, err := zs.client.servers.next(zs.dialing)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(zs.dialing, limit)
	defer cancel()
	conn, err := zs.client.cfg.Dial(ctx, network, to.dial)
	if err != nil {
		return nil, err
	}
	conn = wire.WithDeadlines(conn)
	if config := zs.client.cfg.TLS; config != nil {
		if conn, err = handshakeTLS(ctx, conn, config, to.server); err != nil {
			return nil, err
		}
	}
	begun := time.Now()
	zs.Lease.offered(begun)
	checked := wire.New(conn, wire.Config{
		Connected:    func(h wire.Handshake) { zs.onHandshake(h, begun, to) },
		Answered:     func(op int32, sent time.Time) { zs.onAnswer(op, sent, to) },
		AuthRejected: zs.onAuthRejected,
		LastZxid:     &zs.lastZxid,
		AnsweredZxid: &zs.answered,
		OwnRequests:  &zs.OwnRequests,
		Asked:        zs.Timeout(),
		Credentials:  len(zs.client.cfg.Auth),
		Ended:        zs.client.tellOf(to.server),
	})
	zs.mu.Lock()
	err = zs.dialing.Err()
	if err == nil {
		zs.live, zs.on = checked, to
		zs.noteLookingLocked(false)
	}
	zs.mu.Unlock()
	if err != nil { // stop came between
		return nil, JoinErrors(err, checked.Close())
	}
	return attempt{checked, zs, to, begun}, nil
}

func handshakeTLS(ctx context.Context, conn net.Conn, config *tls.Config,
	server string) (net.Conn, error) {
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(server)
		if err != nil {
			return nil, JoinErrors(err, conn.Close())
		}
		config = config.Clone()
		config.ServerName = host
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, JoinErrors(err, conn.Close())
	}
	return secure, nil
}

// backOff waits before a connection is made again to servers that hang up at once or refuse our
// credentials.
func (zs *Session) backOff() error {
	wait := zs.client.servers.pause()
	zs.mu.Lock()
	if zs.authRefusals > 0 {
		wait = min(100*time.Millisecond<<min(zs.authRefusals, 10), 10*time.Second)
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

// hostProvider tells zk.Conn about rounds: after each it answers what was asked of it meanwhile,
// and waits for a second. Which server is tried is up to the dialer.
type hostProvider struct{ zs *Session }

func (p hostProvider) Init([]string) error { return nil }

func (p hostProvider) Len() int { return len(p.zs.client.servers.hosts) }

func (p hostProvider) Connected() { p.zs.client.servers.connected() }

// Next returns the server to try, and whether all have been tried since the last connection.
func (p hostProvider) Next() (server string, retryStart bool) {
	if p.zs.dialing.Err() != nil {
		return "", true // zk.Conn looks whether it is closed
	}
	return p.zs.client.servers.beginRound()
}
