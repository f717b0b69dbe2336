// Package wire is the [net.Conn] that lies under go-zookeeper and checks what passes.
//
// go-zookeeper v1.0.4 trusts its server: a short frame, a count or a negotiated timeout that is out
// of bounds panics in a goroutine of the library, or allocates gigabytes; a server that hangs in
// the handshake, or that sends traffic but answers nothing, is waited for; a write that fails while
// credentials are sent again stops the connection forever. Nothing of this can be mended from
// above, all of it can from below: [Conn] hands on only whole frames that go-zookeeper can decode,
// holds deadlines of its own, and fails once and for good. A failed Conn has closed its socket, so
// that go-zookeeper leaves it and dials the next server.
//
// It also learns here what go-zookeeper does not tell: the negotiated timeout and password (conn.go
// line 719), rejected credentials (line 455), and when the request that a reply belongs to was
// written.
//
// The package holds no goroutine and no timer. Reads happen on the caller's goroutine, and limits
// in time are deadlines of the socket.
package wire
