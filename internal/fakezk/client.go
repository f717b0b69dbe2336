package fakezk

import (
	"context"
	"fmt"
	"maps"
	"net"
	"syscall"
	"time"
)

// Client is a machine with a network of its own, on which faults can be put. Use Dial for
// zklock.WithDialer.
type Client struct {
	c *Cluster
	// closed and replaced when a fault is put on or taken away; the loop's, as what follows
	changed chan struct{}
	refused bool
	lost    [2]bool // what is sent in that direction
	delay   time.Duration
	dials   int
	sent    map[int32]int
	checks  int // in transactions
	after   func(op int32)
}

// Direction is one of a connection's two.
type Direction int

// The directions.
const (
	ToServer Direction = iota
	ToClient
)

// Client returns a new machine.
func (c *Cluster) Client() *Client {
	return &Client{c: c, changed: make(chan struct{}), sent: make(map[int32]int)}
}

// Dial connects to a server of the Cluster.
func (cl *Client) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	first := true
	for {
		var conn net.Conn
		err := error(net.ErrClosed) // after Cluster.Close
		var changed chan struct{}
		cl.c.do(func() {
			if first {
				cl.dials++
			}
			conn, err = cl.connect(address)
			changed = cl.changed
		})
		if conn != nil || err != nil {
			return conn, err
		}
		first = false
		select { // the SYN is lost, and sent again
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("dial %s: %w", address, ctx.Err())
		}
	}
}

// connect returns neither a connection nor an error if the network swallows the request.
func (cl *Client) connect(address string) (net.Conn, error) {
	for _, s := range cl.c.servers {
		switch {
		case s.address != address:
		case cl.refused || s.mode == down:
			return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
		case cl.lost[ToServer] || cl.lost[ToClient]:
			return nil, nil
		default:
			return newConn(cl, s).end, nil
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
}

// put changes what is wrong with the network.
func (cl *Client) put(change func()) {
	cl.c.do(func() {
		change()
		close(cl.changed)
		cl.changed = make(chan struct{})
		for conn := range maps.Clone(cl.c.conns) {
			if conn.client == cl {
				conn.up.pump()
				conn.down.pump()
			}
		}
	})
}

// Blackhole makes the network swallow what is sent in these directions, in both if none is given.
// It arrives after Heal, as TCP would send it again.
func (cl *Client) Blackhole(dirs ...Direction) {
	cl.put(func() {
		for _, dir := range dirs {
			cl.lost[dir] = true
		}
		if len(dirs) == 0 {
			cl.lost = [2]bool{true, true}
		}
	})
}

// Refuse makes every attempt to connect fail.
func (cl *Client) Refuse() { cl.put(func() { cl.refused = true }) }

// Delay adds to each frame's latency.
func (cl *Client) Delay(d time.Duration) { cl.put(func() { cl.delay = d }) }

// Heal takes every fault away.
func (cl *Client) Heal() {
	cl.put(func() { cl.refused, cl.lost, cl.delay = false, [2]bool{}, 0 })
}

// Cut breaks the client's connections; both ends learn of it at once. What is under way is lost.
func (cl *Client) Cut() {
	cl.c.do(func() {
		for conn := range maps.Clone(cl.c.conns) {
			if conn.client == cl {
				conn.cut()
			}
		}
	})
}

// OnRequest makes the loop call f for each request of this client that has reached a server and is
// not answered yet.
func (cl *Client) OnRequest(f func(op int32)) { cl.c.do(func() { cl.after = f }) }

// Sent returns how many requests of this operation have reached a server; connect requests count as
// wire.OpConnect.
func (cl *Client) Sent(op int32) (n int) {
	cl.c.do(func() { n = cl.sent[op] })
	return n
}

// Checks returns how many checks were in the transactions that have been executed.
func (cl *Client) Checks() (n int) {
	cl.c.do(func() { n = cl.checks })
	return n
}

// Dials returns how many connections were asked for.
func (cl *Client) Dials() (n int) {
	cl.c.do(func() { n = cl.dials })
	return n
}
