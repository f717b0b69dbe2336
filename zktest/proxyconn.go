package zktest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxyConn is the connection of a client and the one to its server. Each direction has a goroutine
// that reads and a goroutine that delivers when the delay is over. The queue between them has no
// limit, so that a delay does not limit throughput.
type proxyConn struct {
	proxy  *Proxy
	client net.Conn
	server string

	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	gap    bool // guarded by proxy.mu: a blackhole took something
}

func newProxyConn(p *Proxy, client net.Conn, server string) *proxyConn {
	c := &proxyConn{proxy: p, client: client, server: server}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// close closes the connection on both sides. It does not wait.
func (c *proxyConn) close() { c.cancel() }

// serve returns when the connection has ended and its goroutines too.
func (c *proxyConn) serve() {
	defer c.proxy.forget(c)
	defer c.client.Close()
	defer c.cancel()
	server, err := new(net.Dialer).DialContext(c.ctx, "tcp", c.server)
	if err != nil {
		c.refuse()
		return
	}
	defer server.Close()
	var work sync.WaitGroup
	for _, way := range []struct {
		dir      Direction
		src, dst net.Conn
		count    *atomic.Int64
	}{
		{ToServer, c.client, server, &c.proxy.out},
		{ToClient, server, c.client, &c.proxy.in},
	} {
		q := newQueue()
		// Both end when src and dst are closed below.
		work.Go(func() { c.read(way.src, q) })
		work.Go(func() { c.deliver(way.dir, way.dst, q, way.count) })
	}
	<-c.ctx.Done()
	c.client.Close()
	server.Close()
	work.Wait()
}

// refuse passes on that the server does not accept connections. It waits until no blackhole would
// drop the client's attempt or the server's refusal.
func (c *proxyConn) refuse() {
	for {
		f, changed := c.proxy.current()
		if !f.hole[ToServer] && !f.hole[ToClient] {
			return
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return
		}
	}
}

// read queues the data that arrives from src, and its end.
func (c *proxyConn) read(src net.Conn, q *queue) {
	frames := newFrameReader(src)
	for {
		data, framed, err := frames.next()
		if len(data) > 0 {
			q.push(packet{arrived: time.Now(), data: data, framed: framed})
		}
		if err != nil {
			q.push(packet{arrived: time.Now(), end: true})
			return
		}
	}
}

// deliver takes packets from q when they are due and delivers or drops them as the faults say.
func (c *proxyConn) deliver(dir Direction, dst net.Conn, q *queue, count *atomic.Int64) {
	defer c.cancel()
	for {
		pkt, ok := q.pop(c.ctx)
		if !ok || !c.due(pkt) {
			return
		}
		if pkt.end {
			c.passEnd(dir)
			return
		}
		if c.proxy.swallow(c, dir) {
			continue
		}
		if f, _ := c.proxy.current(); f.hook != nil && pkt.framed {
			switch f.hook(dir, pkt.data) {
			case Drop:
				continue
			case Cut:
				return
			}
		}
		// After the hook, which may have closed the connection: a cut means that nothing more
		// passes.
		if c.ctx.Err() != nil {
			return
		}
		// Counted before the write, so that a receiver of the bytes finds them counted.
		count.Add(int64(len(pkt.data)))
		if n, err := dst.Write(pkt.data); err != nil {
			count.Add(int64(n - len(pkt.data)))
			c.passEnd(1 - dir) // dst is gone, which is news for src
			return
		}
	}
}

// passEnd returns when the close of a connection may pass in direction dir: at once, or after a
// blackhole. Heal, Cut, Break and Close end the connection too.
func (c *proxyConn) passEnd(dir Direction) {
	if c.proxy.swallow(c, dir) {
		<-c.ctx.Done()
	}
}

// due waits until pkt has been under way for the current delay. It returns false if the connection
// ends first.
func (c *proxyConn) due(pkt packet) bool {
	for {
		f, changed := c.proxy.current()
		wait := time.Until(pkt.arrived.Add(f.delay))
		if f.delay == 0 || wait <= 0 {
			return c.ctx.Err() == nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-c.ctx.Done():
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// packet is a frame, other bytes, or the end of the stream.
type packet struct {
	arrived time.Time
	data    []byte
	framed  bool
	end     bool
}

// queue passes packets from one goroutine to another, in order.
type queue struct {
	mu      sync.Mutex // guards packets
	packets []packet
	some    chan struct{} // has a token when packets may be there
}

func newQueue() *queue { return &queue{some: make(chan struct{}, 1)} }

func (q *queue) push(p packet) {
	q.mu.Lock()
	q.packets = append(q.packets, p)
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// pop waits for a packet. It returns false if ctx ends first.
func (q *queue) pop(ctx context.Context) (packet, bool) {
	for {
		q.mu.Lock()
		if len(q.packets) > 0 {
			p := q.packets[0]
			q.packets[0] = packet{} // let go of its data
			q.packets = q.packets[1:]
			q.mu.Unlock()
			return p, true
		}
		q.mu.Unlock()
		select {
		case <-q.some:
		case <-ctx.Done():
			return packet{}, false
		}
	}
}
