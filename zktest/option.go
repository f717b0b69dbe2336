package zktest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// DefaultTickTime is the tickTime of an ensemble without [WithTickTime]. ZooKeeper grants no
// session timeout under two ticks, so tests can use timeouts from 200 ms up.
const DefaultTickTime = 100 * time.Millisecond

// defaultMaxSessionTimeout is the longest session timeout that servers grant, unless twenty ticks
// are longer.
const defaultMaxSessionTimeout = 60 * time.Second

// maxServers is how many servers fit in one block of ports; see portBlock.
const maxServers = 9

// An Option is an option of [Start], [StartOrSkip] and [Run].
type Option func(*config)

type config struct {
	servers int
	port    int // of the first server; 0 for ports that are free
	tick    time.Duration
	// maxSessionTimeout of the servers in their order; the last value is for all further
	// servers too
	most  []time.Duration
	tls   *tlsConfig // nil for plain connections
	fsync bool
	owned bool // an option asked for control, so ZKLOCK_CONNECT does not apply
	logf  func(format string, args ...any)
}

// WithServers sets the number of servers, 1 to 9; the default is 1. Two or more form a quorum. With
// this option ZKLOCK_CONNECT is ignored.
func WithServers(n int) Option {
	return func(c *config) { c.servers, c.owned = n, true }
}

// WithPort sets the port at which the first server takes clients; further servers have the ports
// that follow. If one of the ports is taken, the start fails. By default free ports are chosen.
// With this option ZKLOCK_CONNECT is ignored.
func WithPort(port int) Option {
	return func(c *config) { c.port, c.owned = port, true }
}

// WithTickTime sets ZooKeeper's tickTime, at least 10 ms; the default is [DefaultTickTime]. The
// shortest session timeout is two ticks. Without [WithMaxSessionTimeout] the longest is 60 s or
// twenty ticks, whichever is more. With this option ZKLOCK_CONNECT is ignored.
func WithTickTime(d time.Duration) Option {
	return func(c *config) { c.tick, c.owned = d, true }
}

// WithMaxSessionTimeout sets the longest session timeout that each server grants, in the servers'
// order, at least two ticks. The last value applies to all further servers too, so one value sets
// all. A server bounds a session's timeout at every connect: a session that moves to a server with
// a shorter maximum has the shorter timeout from then on. With this option ZKLOCK_CONNECT is
// ignored.
func WithMaxSessionTimeout(perServer ...time.Duration) Option {
	return func(c *config) { c.most, c.owned = perServer, true }
}

// WithFsync makes the servers wait for the disk before they answer a write, as they do in
// production. Without it they do not: no test survives a power cut. The servers' files are in
// TMPDIR, by default /tmp; where that is in memory, the option has no effect. With this option
// ZKLOCK_CONNECT is ignored.
func WithFsync() Option {
	return func(c *config) { c.fsync, c.owned = true, true }
}

// WithLogf sets a function that logs progress, such as a download. The default is tb.Logf for
// [Start] and [StartOrSkip], and none for [Run].
func WithLogf(logf func(format string, args ...any)) Option {
	return func(c *config) { c.logf = logf }
}

// maxSessionTimeout returns the longest session timeout that the server with that number grants.
// Numbers begin with 1.
func (c config) maxSessionTimeout(id int) time.Duration {
	if len(c.most) == 0 {
		return max(defaultMaxSessionTimeout, 20*c.tick)
	}
	return c.most[min(id, len(c.most))-1]
}

func newConfig(opts []Option) (config, error) {
	c := config{servers: 1, tick: DefaultTickTime, logf: func(string, ...any) {}}
	for _, opt := range opts {
		opt(&c)
	}
	switch {
	case c.servers < 1 || c.servers > maxServers:
		return c, fmt.Errorf("zktest: %d servers: want 1 to %d", c.servers, maxServers)
	case c.port < 0 || c.port+c.servers > 1<<16:
		return c, fmt.Errorf("zktest: port %d: want 1 to 65535 for every server", c.port)
	case c.tick < 10*time.Millisecond:
		return c, fmt.Errorf("zktest: tick time %v: want at least 10ms", c.tick)
	case len(c.most) > c.servers:
		return c,
			fmt.Errorf("zktest: %d maximal session timeouts for %d servers", len(c.most), c.servers)
	case len(c.most) > 0 && slices.Min(c.most) < 2*c.tick:
		return c,
			fmt.Errorf("zktest: maximal session timeout %v: want at least two ticks",
				slices.Min(c.most))
	case c.logf == nil:
		return c, fmt.Errorf("zktest: WithLogf(nil)")
	case c.tls != nil:
		_, err := c.tls.keyStore()
		return c, err
	}
	return c, nil
}

// WithTLS makes clients connect by TLS 1.2 or 1.3 at the addresses of [Ensemble.Connect], which are
// on 127.0.0.1. The servers present cert. With clientCAs a client must present a certificate issued
// by one of them; without, none is asked for. The key of cert must be RSA or ECDSA: ZooKeeper reads
// no other from a PEM file.
//
// The servers communicate with each other without TLS, and each has a port without TLS that
// [Server.Command] and [Ensemble.Expire] use. A [Proxy] passes TLS on, and does not call the hook
// of OnFrame for it. With this option ZKLOCK_CONNECT is ignored.
//
// ZooKeeper needs Netty for TLS. Releases of ZooKeeper contain it; otherwise it is downloaded.
func WithTLS(cert tls.Certificate, clientCAs ...*x509.Certificate) Option {
	return func(c *config) { c.tls, c.owned = &tlsConfig{cert, clientCAs}, true }
}
