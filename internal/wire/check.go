package wire

import "time"

const (
	// handshakeMax is the longest connect reply: ZooKeeper's has 36 or 37 bytes.
	handshakeMax = 1 << 10

	// The timeouts that a server may negotiate. go-zookeeper makes a ticker of a third of it, and a
	// ticker of nothing panics (conn.go line 763).
	minTimeout = time.Millisecond
	maxTimeout = 24 * time.Hour

	// go-zookeeper passes on the type of any event, also the type of its own session events
	// (conn.go line 841): a server could make it report an expired session. Sent are 1 to 4, and 5
	// to 7 when watches are removed.
	minEvent = 1
	maxEvent = 7
)

// checkHandshake takes a connect reply apart.
func checkHandshake(frame []byte) (Handshake, error) {
	b := bodyOf(frame)
	b.Int32() // protocol version
	timeout := time.Duration(b.Int32()) * time.Millisecond
	session := b.Int64()
	password := b.buffer()
	readOnly := len(b.Rest) > 0 && b.Bool() // missing before ZooKeeper 3.4

	switch {
	case b.Wrong != "":
		return Handshake{}, &FrameError{OpConnect, b.Wrong}
	case len(password) != passwordSize:
		// A longer one does not fit into go-zookeeper's next connect request (conn.go line 659),
		// nor the one after: it would never connect again.
		return Handshake{}, &FrameError{OpConnect, "password has not 16 bytes"}
	case session == 0:
		// Expired: a server then sends 0 for the timeout too.
		return Handshake{}, nil
	case timeout < minTimeout || timeout > maxTimeout:
		return Handshake{}, &FrameError{OpConnect, "negotiated timeout out of bounds"}
	case readOnly:
		// A server sends this only to a client that asked for it, and go-zookeeper cannot ask. Its
		// sessions are not the ensemble's.
		return Handshake{}, &FrameError{OpConnect, "server is read-only"}
	}
	return Handshake{SessionID: session, Timeout: timeout}, nil
}

// checkEvent takes the body of a watcher event apart.
func checkEvent(rest []byte) error {
	b := bodyOf(rest)
	kind := b.Int32()
	b.Int32() // state
	b.text()
	switch {
	case b.Wrong != "":
		return &FrameError{OpWatcherEvent, b.Wrong}
	case kind < minEvent || kind > maxEvent:
		return &FrameError{OpWatcherEvent, "type is no event's that servers send"}
	}
	return nil
}

// checkReply takes the body of a reply without error apart and returns what go-zookeeper will
// allocate for it. Bytes after the last field are let pass: newer servers append.
func checkReply(to request, session int64, rest []byte) (cost int, err error) {
	b, asked := bodyOf(rest), bodyOf(to.body)
	switch to.op {
	case OpCreate, OpCreateContainer, OpCreateTTL:
		b.created(&asked)
	case OpCreate2:
		b.createdWithStat(&asked, session)
	case OpSync:
		b.synced(&asked)
	case OpExists, OpSetData, OpSetACL:
		b.stat()
	case OpGetData, OpReconfig:
		b.buffer()
		b.stat()
	case OpGetACL:
		b.acls()
		b.stat()
	case OpGetChildren:
		b.names()
	case OpGetChildren2:
		b.names()
		b.stat()
	case OpMulti:
		b.results(&asked)
	case OpMultiRead:
		b.readResults(&asked)
	}
	if b.Wrong != "" {
		return 0, &FrameError{to.op, b.Wrong}
	}
	return b.cost, nil
}
