package wire

import (
	"encoding/binary"
	"time"
)

const (
	lengthSize        = 4
	requestHeaderSize = 8 // xid, operation
	// protocol version, last zxid, timeout, session id, length of the password
	connectSize = 28
)

// outbound follows the frames that go-zookeeper writes. go-zookeeper writes each in one call
// (conn.go lines 676, 751, 781); outbound does not rely on it.
//
// Guarded by Conn.mu.
type outbound struct {
	head      [lengthSize + requestHeaderSize]byte
	have      int  // bytes of head that were seen
	rest      int  // bytes of the frame after head that are still to come
	keeps     bool // those, in body: the answer will be compared with them
	body      []byte
	begun     time.Time // when the frame's first byte was about to be written
	connected bool      // the connect request, always the first frame, has passed

	credentials int  // how often they were written
	closing     bool // the request to end the session was written: nothing may follow it
}

// betweenRequests reports whether the next byte is a request's first.
func (o *outbound) betweenRequests() bool { return o.connected && o.have == 0 && o.rest == 0 }

// scan follows p, which is about to be written, and records the requests in it. It records before
// they are written, or a quick server's answer would be one to an unknown request.
func (o *outbound) scan(p []byte, now time.Time, waiting *outstanding) error {
	for len(p) > 0 {
		if o.rest > 0 {
			n := min(o.rest, len(p))
			o.follow(p[:n], waiting)
			p = p[n:]
			continue
		}
		if o.have == 0 {
			o.begun = now
		}
		want := len(o.head)
		if o.have < lengthSize {
			want = lengthSize
		}
		n := copy(o.head[o.have:want], p)
		o.have += n
		p = p[n:]
		if o.have < want {
			return nil
		}

		length := int(int32(binary.BigEndian.Uint32(o.head[:])))
		switch {
		case !o.connected:
			if length < connectSize {
				return &FrameError{OpConnect, "connect request too short to be written"}
			}
			o.connected = true
			o.have, o.rest = 0, length
		case length < requestHeaderSize:
			return &FrameError{OpNone, "request too short to be written"}
		case o.have == len(o.head):
			xid := int32(binary.BigEndian.Uint32(o.head[4:]))
			op := int32(binary.BigEndian.Uint32(o.head[8:]))
			if xid == xidWraps {
				return ErrNumbersUsedUp
			}
			waiting.add(xid, op, o.begun, length)
			switch op {
			case OpSetAuth:
				o.credentials++
			case OpClose:
				o.closing = true
			}
			o.have, o.rest = 0, length-requestHeaderSize
			o.keeps, o.body = isCompared(op), nil
		}
	}
	return nil
}

// follow takes note of bytes of a frame after its head.
func (o *outbound) follow(p []byte, waiting *outstanding) {
	o.rest -= len(p)
	if !o.keeps {
		return
	}
	if o.body = append(o.body, p...); o.rest == 0 {
		waiting.setBody(int32(binary.BigEndian.Uint32(o.head[lengthSize:])), o.body)
		o.keeps, o.body = false, nil
	}
}
