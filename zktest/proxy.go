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

// A Proxy stands between clients and an ensemble, with one listener for each server, and can break
// the network between them. Its methods are safe for concurrent use and take effect at once, also
// on bytes under way.
//
// A ZooKeeper frame is delivered whole or not at all. Streams of another kind (four-letter words,
// TLS) pass as they come.
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

// faults are the current faults of the network.
type faults struct {
	cut   bool
	hole  [2]bool // by Direction
	delay time.Duration
	hook  func(Direction, []byte) Verdict
}

// Proxy starts a proxy in front of the ensemble, which is closed by tb.Cleanup. An ensemble can
// have several proxies, each with its own faults.
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

// Addr returns a connect string of the proxy's listeners, in the order of the ensemble's servers.
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

// Cut closes all connections, and until [Proxy.Heal] each new one as soon as it has been accepted.
// The listeners stay, so that no port is lost.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.cut = true
	p.breakLocked(func(*proxyConn) bool { return true })
	p.changedLocked()
}

// Blackhole drops all data in the given directions, or in both if none is given, until
// [Proxy.Heal]. Connections stay open and new ones are accepted. The close of a connection does not
// pass in such a direction either. A further call adds directions.
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

// Delay delays all data by d in each direction, so that a round trip takes 2d more. It keeps the
// order and does not limit throughput. It applies to bytes under way too. Zero ends the delay. New
// connections are accepted at once.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.delay = d
	p.changedLocked()
}

// Heal ends Cut, Blackhole and Delay. Connections of which a blackhole has dropped data, or a
// close, are closed, because their streams have a gap; the others go on. A hook set by OnFrame
// stays.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults{hook: p.faults.hook}
	p.breakLocked(func(c *proxyConn) bool { return c.gap })
	p.changedLocked()
}

// OnFrame sets the function that decides on each ZooKeeper frame when it is due for delivery; nil
// removes it. frame has its length in front, in four bytes; hook must not keep or change it. The
// first frame of a connection in either direction is the connect request or reply; a request starts
// with its xid and operation, a reply with its xid. hook is not called for frames that a blackhole
// drops.
//
// Calls of hook for one direction of one connection are made one after the other; others may be
// concurrent. hook may call the Proxy's methods except Close.
func (p *Proxy) OnFrame(hook func(dir Direction, frame []byte) Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.hook = hook
}

// BytesIn returns how many bytes have been delivered from the servers to clients.
func (p *Proxy) BytesIn() int64 { return p.in.Load() }

// BytesOut returns how many bytes have been delivered from clients to the servers.
func (p *Proxy) BytesOut() int64 { return p.out.Load() }

// Close closes the listeners and connections and waits for every goroutine. Calling it again has no
// effect; tb.Cleanup calls it too.
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
			// The client closed the connection before it was accepted, or this process has no file
			// descriptor left, which must not become a busy loop.
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

// swallow notes a gap in c's stream. It returns false if dir is no blackhole any more: Heal may
// have come in between, and it closes only the connections with a gap that it knows of.
func (p *Proxy) swallow(c *proxyConn, dir Direction) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.hole[dir] {
		c.gap = true
	}
	return p.faults.hole[dir]
}
