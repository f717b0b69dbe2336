package ensemble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// The bounds of a connection's parts, apart from one another. ZooKeeper's handshake has its own
// (internal/wire).
const (
	// connectLimit bounds a connection, TLS included, in the first round through the servers. It
	// doubles with each round that fails, up to connectMost: a far network is not to be out of
	// reach for good.
	connectLimit = time.Second
	connectMost  = 8 * time.Second

	// lookUpLimit bounds the look-up of a name, and freshLimit for how long its answer is waited
	// for where addresses are known from before.
	lookUpLimit = 15 * time.Second
	freshLimit  = 500 * time.Millisecond
)

// servers are the ensemble's as the connect string has them, and where they are. A name may have
// several addresses, and get others: names are looked up in each round anew, all at once, and each
// address is tried by itself. What is known of the addresses outlives ZooKeeper sessions.
type servers struct {
	resolve func(ctx context.Context, host string) (addresses []string, err error)
	start   func(f func()) // on a goroutine that Close waits for

	mu       sync.Mutex // guards the fields below
	hosts    []*host
	answered chan struct{} // closed when a look-up ends; a new one stands here then
	round    int           // that is under way; 1 is the first after a session
	begun    bool          // something was tried in it
	tries    int           // ever
	quick    int           // tries in a row, each within a second of the one before
	last     time.Time     // when the last try began
	failure  error         // of the last try; nil once there is a session
	latest   *endpoint     // of the latest session or reconnection; nil before the first
}

// host is one of the connect string's.
type host struct {
	name, port string
	fixed      bool // it is an address, or the dialer's to look up
	looking    bool // a look-up is under way
	err        error
	addresses  []*endpoint
}

// endpoint is one of a host's addresses.
type endpoint struct {
	server string // as in the connect string: what TLS verifies
	dial   string // host:port for the dialer
	rank   int    // random, among addresses that were tried at one time
	round  int    // in which it was tried last
	tried  int    // the number of that try, 0 if there was none
	failed bool   // that has not led to a session, or the server was left
}

// newServers takes host:port for each server. Without resolve the names are left to the dialer.
func newServers(list []string, resolve func(context.Context, string) ([]string, error),
	start func(func())) *servers {
	sv := &servers{resolve: resolve, start: start, answered: make(chan struct{}), round: 1}
	for _, server := range list {
		name, port, err := net.SplitHostPort(server)
		if err != nil {
			panic(err) // parseConnect has made it
		}
		h := &host{name: name, port: port, fixed: resolve == nil || isAddress(name)}
		if h.fixed {
			h.set([]string{name})
		}
		sv.hosts = append(sv.hosts, h)
	}
	return sv
}

// isAddress reports whether a host needs no look-up. An IPv6 address may have a zone.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// set sets the host's addresses. What is known of addresses that it already had stays.
func (h *host) set(ips []string) {
	known := make(map[string]*endpoint)
	for _, a := range h.addresses {
		known[a.dial] = a
	}
	h.addresses = nil
	for _, ip := range ips {
		dial := net.JoinHostPort(ip, h.port)
		a := known[dial]
		if a == nil {
			a = &endpoint{server: net.JoinHostPort(h.name, h.port), dial: dial, rank: rand.Int()}
			known[dial] = a
		}
		h.addresses = append(h.addresses, a)
	}
}

// isBefore says which of two addresses is tried first: one that was not tried in this round, then
// one that is not the latest, whose connection has just ended, then one whose last try did not fail,
// then the one that was tried longer ago.
func (sv *servers) isBefore(a, b *endpoint) bool {
	switch tried, other := a.round == sv.round, b.round == sv.round; {
	case tried != other:
		return other
	case (a == sv.latest) != (b == sv.latest):
		return b == sv.latest
	case a.failed != b.failed:
		return b.failed
	case a.tried != b.tried:
		return a.tried < b.tried
	default:
		return a.rank < b.rank
	}
}

// bestLocked returns the address to try next of the hosts that are not being looked up, or of all,
// or nil if there is none.
func (sv *servers) bestLocked(stale bool) (best *endpoint) {
	for _, h := range sv.hosts {
		if h.looking && !stale {
			continue
		}
		for _, a := range h.addresses {
			if best == nil || sv.isBefore(a, best) {
				best = a
			}
		}
	}
	return best
}

// next returns the address to try, and how long the connection may take. It waits for names to be
// looked up, for as long as it has nothing better to try.
func (sv *servers) next(ctx context.Context) (a *endpoint, limit time.Duration, err error) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	if !sv.begun {
		sv.begun = true
		sv.lookUpLocked(ctx)
	}
	fresh := time.NewTimer(freshLimit)
	defer fresh.Stop()
	stale := false
	for {
		a := sv.bestLocked(stale)
		looking := sv.lookingLocked()
		promising := a != nil && !a.failed && a.round != sv.round
		switch {
		case a != nil && (promising || stale || !looking):
			sv.tries++
			a.round, a.tried, a.failed = sv.round, sv.tries, true // until the contrary is known
			return a, min(connectLimit<<min(sv.round-1, 8), connectMost), nil
		case !looking:
			return nil, 0, sv.lookUpErrorLocked()
		}
		answered := sv.answered
		sv.mu.Unlock()
		select {
		case <-answered:
		case <-fresh.C:
			stale = true
		case <-ctx.Done():
			err = ctx.Err()
		}
		sv.mu.Lock()
		if err != nil {
			return nil, 0, err
		}
	}
}

// lookUpLocked begins to look all names up. A look-up ends with ctx, and Close waits for it.
func (sv *servers) lookUpLocked(ctx context.Context) {
	for _, h := range sv.hosts {
		if !h.fixed && !h.looking {
			h.looking = true
			sv.start(func() { sv.lookUp(ctx, h) })
		}
	}
}

func (sv *servers) lookUp(ctx context.Context, h *host) {
	ctx, cancel := context.WithTimeout(ctx, lookUpLimit)
	defer cancel()
	ips, err := sv.resolve(ctx, h.name)
	if err == nil && len(ips) == 0 {
		err = fmt.Errorf("lookup %s: no addresses", h.name)
	}
	sv.mu.Lock()
	defer sv.mu.Unlock()
	if err == nil {
		h.set(ips)
	}
	h.err, h.looking = err, false
	close(sv.answered)
	sv.answered = make(chan struct{})
}

func (sv *servers) lookingLocked() bool {
	for _, h := range sv.hosts {
		if h.looking {
			return true
		}
	}
	return false
}

func (sv *servers) lookUpErrorLocked() error {
	var errs []error
	for _, h := range sv.hosts {
		errs = append(errs, h.err)
	}
	return errors.Join(errs...)
}

// pause is how long to wait before servers are tried again that hang up at once. go-zookeeper
// reconnects without a pause, thousands of times a second; it makes one only once it could connect
// to no server.
func (sv *servers) pause() time.Duration {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	now := time.Now()
	if now.Sub(sv.last) < time.Second {
		sv.quick++
	} else {
		sv.quick = 0
	}
	sv.last = now
	n := 0
	for _, h := range sv.hosts {
		n += max(1, len(h.addresses))
	}
	if sv.quick <= n {
		return 0
	}
	return min(10*time.Millisecond<<min(sv.quick-n, 10), time.Second)
}

// fail takes note of why a try has failed.
func (sv *servers) fail(err error) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	sv.failure = err
}

// work takes note that a try has led to a session.
func (sv *servers) work(a *endpoint) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	a.failed, sv.failure, sv.latest = false, nil, a
}

// leave takes note that a server is of no use although it has taken the session: the others are
// tried first.
func (sv *servers) leave(a *endpoint) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	a.failed = true
}

// lastFailure is why the last try to connect failed that did not lead to a session, nil if there
// was none.
func (sv *servers) lastFailure() error {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	return sv.failure
}

// beginRound returns where to go next, as far as that is known, and whether that begins another
// round because this one has failed.
func (sv *servers) beginRound() (server string, again bool) {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	best := sv.bestLocked(true)
	if sv.begun && (best == nil || best.round == sv.round) {
		sv.round++
		sv.begun = false
		again = true
	}
	if best == nil {
		return net.JoinHostPort(sv.hosts[0].name, sv.hosts[0].port), again
	}
	return best.dial, again
}

// connected begins with the first round again.
func (sv *servers) connected() {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	for _, h := range sv.hosts {
		for _, a := range h.addresses {
			a.round = 0
		}
	}
	sv.round, sv.begun = 1, false
}
