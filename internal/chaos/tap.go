//go:build unix

package chaos

import (
	"encoding/binary"
	"time"
)

// tap reads what passes between a client and a server: the timeout that the server grants, and
// which writes it has not answered yet. It looks at the heads of frames alone.
type tap struct {
	forth, back frames
	writes      map[int32]struct{} // by their numbers
}

// frames takes a stream apart.
type frames struct {
	head []byte // of the frame that has begun, its length included
	rest int    // how much of that frame is still to come behind its head
	seen int    // complete heads
}

// headSize is how much of a frame is looked at: its length, and the first sixteen bytes.
const headSize = 20

// feed calls f for each frame's head, as soon as it is there.
func (s *frames) feed(p []byte, f func(first bool, head []byte)) {
	for len(p) > 0 || s.rest > 0 {
		skipped := min(s.rest, len(p))
		s.rest, p = s.rest-skipped, p[skipped:]
		if s.rest > 0 || len(p) == 0 {
			return
		}
		s.head, p = append(s.head, p[0]), p[1:]
		if len(s.head) < 4 {
			continue
		}
		size := int(binary.BigEndian.Uint32(s.head))
		if len(s.head) < min(4+size, headSize) {
			continue
		}
		f(s.seen == 0, s.head[4:])
		s.rest, s.head, s.seen = 4+size-len(s.head), nil, s.seen+1
	}
}

// writing are the operations that change something, by their numbers in the protocol.
var writing = map[uint32]bool{1: true, 2: true, 5: true, 14: true, 15: true, 19: true, 21: true}

// request takes note of bytes from the client.
func (t *tap) request(p []byte) {
	t.forth.feed(p, func(first bool, head []byte) {
		if !first && len(head) >= 8 && writing[binary.BigEndian.Uint32(head[4:])] {
			t.writes[int32(binary.BigEndian.Uint32(head))] = struct{}{}
		}
	})
}

// reply takes note of bytes from the server. granted is called with a session and its timeout.
func (t *tap) reply(p []byte, granted func(session int64, timeout time.Duration)) {
	t.back.feed(p, func(first bool, head []byte) {
		if !first {
			delete(t.writes, int32(binary.BigEndian.Uint32(head)))
			return
		}
		if len(head) < 16 { // no answer to a connect request: a four-letter word's
			return
		}
		if session := int64(binary.BigEndian.Uint64(head[8:])); session != 0 {
			granted(session, time.Duration(binary.BigEndian.Uint32(head[4:]))*time.Millisecond)
		}
	})
}
