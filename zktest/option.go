package zktest

import (
	"fmt"
	"slices"
	"time"
)

// DefaultTickTime is the ensemble's tick unless [WithTickTime] says otherwise.
// ZooKeeper grants no session timeout under two ticks, so tests may use
// timeouts from 200 ms up.
const DefaultTickTime = 100 * time.Millisecond

// defaultMaxSessionTimeout is the longest session timeout that servers grant, unless twenty ticks
// are longer.
const defaultMaxSessionTimeout = 60 * time.Second

// maxServers is what one block of ports holds; see portBlock.
const maxServers = 9

// An Option changes what [Start] and [Run] start.
type Option func(*config)

type config struct {
	servers int
	port    int // of the first server; 0 for ports that are free
	tick    time.Duration
	// maxSessionTimeout of the servers in their order; the last is that of all others too
	most  []time.Duration
	tls   *tlsConfig // nil for plain connections
	owned bool       // an option asked for control, so ZKLOCK_CONNECT does not apply
	logf  func(format string, args ...any)
}

// WithServers sets the number of servers, 1 to 9; the default is 1. Two or
// more form a quorum. The servers are always of the caller's own, whatever
// ZKLOCK_CONNECT says.
func WithServers(n int) Option {
	return func(c *config) { c.servers, c.owned = n, true }
}

// WithPort sets the port at which the first server takes clients; further servers
// have the ports that follow. If one of them is taken, the start fails. By
// default the ports are some that are free. The servers are always of the
// caller's own, whatever ZKLOCK_CONNECT says.
func WithPort(port int) Option {
	return func(c *config) { c.port, c.owned = port, true }
}

// WithTickTime sets ZooKeeper's tickTime, at least 10 ms; the default is
// [DefaultTickTime]. The shortest session timeout is two ticks, the longest
// 60 s or twenty ticks, whichever is more, unless [WithMaxSessionTimeout] says
// otherwise. The servers are always of the caller's own, whatever
// ZKLOCK_CONNECT says.
func WithTickTime(d time.Duration) Option {
	return func(c *config) { c.tick, c.owned = d, true }
}

// WithMaxSessionTimeout sets the longest session timeout that each server
// grants, in the servers' order, at least two ticks. The last value holds for
// all further servers too, so that one value sets them all. A server bounds a
// session's timeout at every connect: one that moves to a server with a
// shorter maximum has the shorter timeout from then on. The servers are always
// of the caller's own, whatever ZKLOCK_CONNECT says.
func WithMaxSessionTimeout(perServer ...time.Duration) Option {
	return func(c *config) { c.most, c.owned = perServer, true }
}

// WithLogf sets where progress goes, such as a download. The default is the
// test's log for [Start], nowhere for [Run].
func WithLogf(logf func(format string, args ...any)) Option {
	return func(c *config) { c.logf = logf }
}

// maxSessionTimeout returns what the server of that number grants, which counts
// from 1.
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
