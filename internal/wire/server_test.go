package wire_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// A peer is the server's end of one connection.
type peer struct{ net.Conn }

// accept answers the connect request.
func (p peer) accept(timeoutMs int32, session int64) error {
	if _, err := p.frame(); err != nil {
		return err
	}
	return p.send(connectReply(timeoutMs, session))
}

func (p peer) send(f frame) error {
	_, err := p.Write(f.sealed())
	return err
}

func (p peer) frame() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(p, body)
	return body, err
}

// request reads the next request that is no ping; pings are answered.
func (p peer) request() (xid, op int32, err error) {
	for {
		b, err := p.frame()
		if err != nil {
			return 0, 0, err
		}
		xid, op = int32(binary.BigEndian.Uint32(b)), int32(binary.BigEndian.Uint32(b[4:]))
		if op != wire.OpPing {
			return xid, op, nil
		}
		if err := p.send(replyTo(-2, 0)); err != nil {
			return 0, 0, err
		}
	}
}

// serve answers as ZooKeeper does, until the connection ends.
func (p peer) serve() {
	for {
		xid, op, err := p.request()
		if err != nil || p.send(append(replyTo(xid, 0), honest(op)...)) != nil {
			return
		}
	}
}

// drain reads until the connection ends, and answers nothing.
func (p peer) drain() { _, _ = io.Copy(io.Discard, p) }

// A network is servers in memory. Each connection is served by script, on a goroutine of its own
// which ends when the client's end is closed, or with close.
type network struct {
	script func(n int, p peer)              // n counts connections from 0
	under  func(n int, c net.Conn) net.Conn // what lies under the Conn; may be nil
	bare   bool                             // no Conn at all
	cfg    wire.Config
	events func(zk.Event) // go-zookeeper's event callback; may be nil

	wg     sync.WaitGroup
	mu     sync.Mutex // guards what follows
	peers  []peer
	conns  []*wire.Conn
	closed bool
}

func (n *network) dial(string, string, time.Duration) (net.Conn, error) {
	client, server := net.Pipe()
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil, net.ErrClosed
	}
	count, p := len(n.peers), peer{server}
	n.peers = append(n.peers, p)
	n.wg.Go(func() {
		defer func() { _ = p.Close() }()
		n.script(count, p)
	})
	n.mu.Unlock()
	if n.under != nil {
		client = n.under(count, client)
	}
	if n.bare {
		return client, nil
	}
	c := wire.New(client, n.cfg)
	n.mu.Lock()
	n.conns = append(n.conns, c)
	n.mu.Unlock()
	return c, nil
}

// cause returns why the n-th connection ended.
func (n *network) cause(i int) error {
	n.mu.Lock()
	c := n.conns[i]
	n.mu.Unlock()
	_, err := c.Read(make([]byte, 1))
	return err
}

func (n *network) close() {
	n.mu.Lock()
	n.closed = true
	for _, p := range n.peers {
		_ = p.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// connect starts go-zookeeper. Of several addresses each is tried once before go-zookeeper sleeps
// for a second.
func (n *network) connect(timeout time.Duration) *zk.Conn {
	callback := n.events
	if callback == nil {
		callback = func(zk.Event) {}
	}
	c, _, err := zk.Connect([]string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4"},
		timeout,
		zk.WithDialer(n.dial), zk.WithLogger(silent{}), zk.WithLogInfo(false),
		zk.WithEventCallback(callback))
	if err != nil {
		panic(err)
	}
	return c
}

// stop closes go-zookeeper and the servers. goleak sees whether anything is left.
func (n *network) stop(c *zk.Conn) {
	c.Close()
	n.close()
}
