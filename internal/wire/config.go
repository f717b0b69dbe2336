package wire

import (
	"cmp"
	"sync/atomic"
	"time"
)

const (
	defaultMaxFrame         = 8 << 20
	defaultHandshakeTimeout = 2 * time.Second
)

// Config says how a connection is checked and who is told what it learns. The zero Config checks
// with the defaults and calls no functions.
//
// The callbacks run on go-zookeeper's receiving goroutine, before go-zookeeper sees the frame that
// they are about, but for Ended without an answer.
// They must not block and must not call Read. They may close the connection.
type Config struct {
	// MaxFrame is the largest frame accepted from a server, in bytes, its four bytes of length not
	// counted, and also the most that a frame may decode to; 8 MiB by default. go-zookeeper copies
	// the frame and then decodes the copy, and the Conn lets go of its own copy in between: one
	// connection holds no more than twice MaxFrame.
	//
	// A reply that is larger is dropped, and its request alone fails with zk.ErrAPIError: without a
	// Conn, one oversized reply closes the connection for all its users (conn.go line 811).
	MaxFrame int

	// HandshakeTimeout bounds the time from New until the connect reply is complete; 2 s by
	// default. go-zookeeper itself waits 6.7 session timeouts for its header, and forever for its
	// body (conn.go lines 683 to 695).
	HandshakeTimeout time.Duration

	// Connected is called with what the connect reply says.
	Connected func(Handshake)

	// Answered is called when a request or a ping (OpPing) was answered without an error in the
	// reply's header, with the time just before it was written, monotonic. An error is not counted,
	// because some errors come from a server that asked no quorum (throttled, session moved); a
	// multi that failed is counted, because its errors are in its body and a quorum has agreed on
	// them.
	Answered func(op int32, sent time.Time)

	// Ended, if it is set, is called when a request or a ping is over, answered or not, once for
	// each. If the connection has ended without the answer, it is called by the goroutine that
	// noticed.
	Ended func(Exchange)

	// LastZxid, if it is set, is the newest transaction that any server has told the session of.
	// The Conn keeps it up to date, and says it to the server that it connects to.
	LastZxid *atomic.Int64

	// AnsweredZxid, if it is set, is the newest transaction in the header of an answer to a request.
	// Whatever a server reports of watched znodes up to that transaction, it has reported before. The
	// header of an event does not say as much: since 3.9.0 it has the transaction of the event, which
	// may have changed other znodes too.
	AnsweredZxid *atomic.Int64

	// OwnRequests, if it is set, is how many requests of our own the session has sent, on whatever
	// connection. Their numbers follow from it, so that none repeats in the session: a server tells
	// whose write has been committed by session and number alone (CommitProcessor), and that of a
	// lost connection would answer a request on this one.
	OwnRequests *atomic.Int64
	// Asked is the session timeout that the client has asked for, 0 for not known. A longer one
	// that the server grants is made into it for everything that counts by it: a server that grants
	// a day and hangs would else be left after two thirds of that.
	Asked time.Duration

	// Credentials is how many the session has: requests of our own wait until they are written.
	Credentials int

	// AuthRejected is called when the server refused credentials. go-zookeeper sends them again on
	// every connection and gets them refused again, thousands of times a second and without an
	// event (conn.go line 455): the dialer has to slow it down.
	AuthRejected func()
}

func (c Config) withDefaults() Config {
	c.MaxFrame = cmp.Or(c.MaxFrame, defaultMaxFrame)
	c.OwnRequests = cmp.Or(c.OwnRequests, new(atomic.Int64))
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, defaultHandshakeTimeout)
	return c
}

// An Exchange is a request or a ping, and what became of it.
type Exchange struct {
	Op       int32
	Sent     time.Time // just before it was written
	Answered bool      // false: the connection has ended first
	Code     int32     // the error in the answer's header, 0 for none
}

// A Handshake is what a server's connect reply says.
type Handshake struct {
	SessionID int64         // 0: the session has expired
	Timeout   time.Duration // as the server grants it; 0 where the session has expired
}

// Expired reports whether the server no longer knows the session.
func (h Handshake) Expired() bool { return h.SessionID == 0 }
