//go:build unix

package chaos

import "encoding/binary"

// acks holds back what a follower has confirmed to its leader, and lets everything else pass: so it
// is with a disk that stalls. Nothing is committed then, and yet the follower forwards requests,
// and asks whether it may take a session.
type acks struct {
	begun []byte // a packet that is not complete
	held  []byte
}

// packetAck is the type of Leader.ACK.
const packetAck = 3

// waiting reports whether something is held that came in this direction.
func (a *acks) waiting(dir int) bool { return dir == forth && len(a.held) > 0 }

// pass takes what has come and returns what goes on: complete packets.
func (a *acks) pass(p []byte, hold bool) (out []byte) {
	if !hold {
		out, a.held = a.held, nil
	}
	a.begun = append(a.begun, p...)
	for {
		size, complete := packetSize(a.begun)
		if !complete {
			return out
		}
		packet := a.begun[:size]
		if hold && binary.BigEndian.Uint32(packet) == packetAck {
			a.held = append(a.held, packet...)
		} else {
			out = append(out, packet...)
		}
		a.begun = a.begun[size:]
	}
}

// packetSize returns the size of the QuorumPacket with which b begins: a type, a transaction,
// bytes, and identities of two texts each.
func packetSize(b []byte) (size int, complete bool) {
	const head = 12
	size = head
	count := func() int { // of what follows
		if len(b) < size+4 {
			complete = false
			return 0
		}
		n := int(int32(binary.BigEndian.Uint32(b[size:])))
		size += 4
		return max(n, 0) // -1 is null
	}
	complete = true
	size += count()
	for range count() {
		for range 2 {
			size += count()
		}
		if !complete {
			return size, false
		}
	}
	return size, complete && len(b) >= size
}
