package zklock

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/wire"
)

// disconnect closes the connection and sees to it that no other is made.
func (zs *zkSession) disconnect() {
	zs.stop()
	zs.reconnect() // in vain
}

// reconnect breaks the connection, so that zk.Conn goes to the next server.
func (zs *zkSession) reconnect() {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if zs.live != nil {
		zs.live.Close() // there is nobody to whom its error would mean anything
	}
}

// dial connects to one server for zk.Conn.
func (zs *zkSession) dial(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := zs.connect(network, address, timeout)
	zs.mu.Lock()
	zs.dialErr = err
	zs.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// lastDialError is why the last try to connect failed, nil if it did not.
func (zs *zkSession) lastDialError() error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.dialErr
}

func (zs *zkSession) connect(network, address string, timeout time.Duration) (*wire.Conn, error) {
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
	checked := wire.New(conn, wire.Config{
		Connected:    zs.onHandshake,
		Answered:     zs.onAnswer,
		AuthRejected: zs.onAuthRejected,
		Watch:        zs.watches.wanted,
		Create:       zs.onCreate,
	})
	zs.mu.Lock()
	zs.live = checked
	zs.mu.Unlock()
	if err := zs.dialing.Err(); err != nil { // stop came between
		return nil, errors.Join(err, checked.Close())
	}
	return checked, nil
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
