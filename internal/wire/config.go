package wire

import (
	"cmp"
	"time"
)

const (
	defaultMaxFrame         = 8 << 20
	defaultHandshakeTimeout = 2 * time.Second
)

// Config says how a connection is checked and who is told what it learns. The zero Config checks with the defaults
// and tells nobody.
//
// The callbacks run on go-zookeeper's receiving goroutine, before go-zookeeper sees the frame that they are about.
// They must not block and must not call Read. They may close the connection.
type Config struct {
	// MaxFrame is the largest frame accepted from a server, in bytes, its four bytes of length not counted, and also
	// the most that a frame may decode to; 8 MiB by default. go-zookeeper copies the frame and then decodes the copy,
	// and the Conn lets go of its own copy in between: one connection holds no more than twice MaxFrame.
	//
	// A reply that is larger is dropped, and its request alone fails with zk.ErrAPIError: without a Conn, one
	// oversized reply closes the connection for everybody on it (conn.go line 811).
	MaxFrame int

	// HandshakeTimeout bounds the time from New until the connect reply is complete; 2 s by default. go-zookeeper
	// itself waits 6.7 session timeouts for its header, and for ever for its body (conn.go lines 683 to 695).
	HandshakeTimeout time.Duration

	// Connected is called with what the connect reply says.
	Connected func(Handshake)

	// Answered is called when a request or a ping (OpPing) was answered without an error in the reply's header, with
	// the time just before it was written, monotonic. An error is not counted, because some errors come from a server
	// that asked no quorum (throttled, session moved); a multi that failed is counted, because its errors are in its
	// body and a quorum has agreed on them.
	Answered func(op int32, sent time.Time)

	// Watch is asked about each read of a znode, and each test for its existence, that go-zookeeper sends without a
	// watch; true sets one. go-zookeeper then knows nothing of the watch: it passes the event to its callback, and does
	// not restore the watch on another connection. Watch runs on the sending goroutine.
	Watch func(path string) bool

	// Create is asked about each znode that go-zookeeper is about to create, by the name that it asks for; nil lets the request
	// go as it is. Create runs on the sending goroutine, and must not block.
	Create func(path string) *Creation

	// AuthRejected is called when the server refused credentials. go-zookeeper sends them again on every connection
	// and gets them refused again, thousands of times a second and without an event (conn.go line 455): the dialer has
	// to slow it down.
	AuthRejected func()
}

// A Creation is what is wanted of the server beside a new znode's name, in the same round trip: a connection's requests
// are answered in their order, so that a listing right behind the creation shows the new znode. go-zookeeper could not
// promise that: it sends the requests of two goroutines in either order.
//
// The functions run where Config's callbacks do; Listed also runs where the connection is closed.
type Creation struct {
	// Created, if it is set, is called with the id of the transaction that created the znode, before go-zookeeper sees the
	// reply. The server is asked for the znode's Stat (create2, since ZooKeeper 3.5.0).
	Created func(czxid int64)

	// Listed, if it is set, is called once with the names of all children of Dir, listed right after the creation, or nil
	// if there is no answer that says so.
	Listed func(children []string)
	Dir    string
}

func (c Config) withDefaults() Config {
	c.MaxFrame = cmp.Or(c.MaxFrame, defaultMaxFrame)
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, defaultHandshakeTimeout)
	return c
}

// A Handshake is what a server's connect reply says.
type Handshake struct {
	SessionID int64         // 0: the session has expired
	Timeout   time.Duration // as negotiated; 0 where the session has expired
	Password  []byte        // 16 bytes that whoever holds them can take the session over with; the callback may keep them
}

// Expired reports whether the server no longer knows the session.
func (h Handshake) Expired() bool { return h.SessionID == 0 }
