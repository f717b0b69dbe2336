package zktest

import (
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Proxy stands between clients and an ensemble, one listener for each server,
// and breaks what passes through. Its methods are safe for concurrent use and
// take effect at once, on bytes under way too.
//
// Whole ZooKeeper frames are delivered, or none of their bytes. Streams of
// another kind (four-letter words, TLS) pass as they come.
type Proxy struct {
	listeners []net.Listener
	chroot    string
	in, out   atomic.Int64
	work      sync.WaitGroup // accept loops and connections

	mu      sync.Mutex // guards the rest; hooks are called without it
	faults  faults
	changed chan struct{} // closed and replaced whenever faults change
	conns   map[*proxyConn]struct{}
	closed  bool
}

// faults is what is wrong with the network.
type faults struct {
	cut   bool
	hole  [2]bool // by Direction
	delay time.Duration
	hook  func(Direction, []byte) Verdict
}

// Proxy starts a proxy in front of the ensemble, which tb.Cleanup closes. There can be several,
// each with faults of its own.
func (e *Ensemble) Proxy(tb testing.TB) *Proxy {
	tb.Helper()
	p := &Proxy{
		chroot:  e.chroot,
		changed: make(chan struct{}),
		conns:   make(map[*proxyConn]struct{}),
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	for _, addr := range e.addrs {
		l, err := net.Listen("tcp", loopback(0))
		if err != nil {
			tb.Fatalf("zktest: proxy: %v", err)
		}
		p.listeners = append(p.listeners, l)
		p.work.Go(func() { p.accept(l, addr) }) // ends with l; Close waits
	}
	return p
}

// Addr returns a connect string of the proxy's listeners, in the order of the
// ensemble's servers.
func (p *Proxy) Addr() string {
	var addrs []string
	for _, l := range p.listeners {
		addrs = append(addrs, l.Addr().String())
	}
	return strings.Join(addrs, ",") + p.chroot
}

// Break closes the existing connections. New ones work.
func (p *Proxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breakLocked(func(*proxyConn) bool { return true })
}

// Cut closes every connection, and until [Proxy.Heal] every new one as soon as
// it has been accepted. The listeners stay, so that no port is lost.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.cut = true
	p.breakLocked(func(*proxyConn) bool { return true })
	p.changedLocked()
}

// Blackhole swallows what goes in the given directions, or in both if none is
// given, until [Proxy.Heal]. Connections stay open and new ones are accepted.
// Neither side learns that the other has closed a connection if that news
// would have to pass. Another call adds to the first.
func (p *Proxy) Blackhole(directions ...Direction) {
	if len(directions) == 0 {
		directions = []Direction{ToServer, ToClient}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range directions {
		p.faults.hole[d] = true
	}
	p.changedLocked()
}

// Delay holds everything back for d in each direction, a round trip for 2d.
// It adds latency and does not limit throughput, and order is kept. It counts
// for bytes under way too; zero ends it. New connections are accepted at once.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.delay = d
	p.changedLocked()
}

// Heal ends Cut, Blackhole and Delay. Connections from which a blackhole took
// bytes, or the news of a close, are closed, because their streams have a gap;
// the others go on. A hook stays.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults{hook: p.faults.hook}
	p.breakLocked(func(c *proxyConn) bool { return c.gap })
	p.changedLocked()
}

// OnFrame has hook decide on every ZooKeeper frame when it is due for delivery;
// nil ends that. frame has its length in front, in four bytes; hook must not
// keep or change it. The first frame of a connection in either direction is
// the connect request or reply; a request starts with its xid and operation,
// a reply with its xid. What a blackhole takes is not shown.
//
// Hooks run one after the other within one direction of one connection, and
// otherwise at the same time. A hook may call the Proxy's methods except
// Close.
func (p *Proxy) OnFrame(hook func(dir Direction, frame []byte) Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.hook = hook
}

// BytesIn returns how many bytes the servers have sent to clients, counted
// when delivered.
func (p *Proxy) BytesIn() int64 { return p.in.Load() }

// BytesOut returns how many bytes the clients have sent to servers, counted
// when delivered.
func (p *Proxy) BytesOut() int64 { return p.out.Load() }

// Close closes the listeners and connections and waits for every goroutine.
// It is idempotent; the test's cleanup calls it too.
func (p *Proxy) Close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.breakLocked(func(*proxyConn) bool { return true })
	p.mu.Unlock()
	var failed error
	if first {
		for _, l := range p.listeners {
			failed = errors.Join(failed, l.Close())
		}
	}
	p.work.Wait()
	return failed
}

func (p *Proxy) accept(l net.Listener, server string) {
	for {
		client, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// The client went away before it was accepted, or this process has
			// no file descriptor left, which must not become a busy loop.
			<-time.After(pollEvery)
			continue
		}
		c := newProxyConn(p, client, server)
		p.mu.Lock()
		refuse := p.closed || p.faults.cut
		if !refuse {
			p.conns[c] = struct{}{}
			p.work.Go(c.serve) // ends when c is closed; Close closes it and waits
		}
		p.mu.Unlock()
		if refuse {
			client.Close()
		}
	}
}

// current returns the faults and a channel that closes when they change.
func (p *Proxy) current() (faults, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults, p.changed
}

func (p *Proxy) changedLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// breakLocked closes the connections that match.
func (p *Proxy) breakLocked(match func(*proxyConn) bool) {
	for c := range p.conns {
		if match(c) {
			c.close()
		}
	}
}

// forget drops a connection that has ended.
func (p *Proxy) forget(c *proxyConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// swallow notes a gap in c's stream, if dir is still a blackhole; Heal may
// have come in between, and it closes only the connections that it knows of.
func (p *Proxy) swallow(c *proxyConn, dir Direction) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.hole[dir] {
		c.gap = true
	}
	return p.faults.hole[dir]
}
