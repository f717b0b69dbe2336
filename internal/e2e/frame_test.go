package e2e

import (
	"encoding/binary"

	"github.com/zookylock/zklock/zktest"
)

const opMulti = 14

func xidOf(frame []byte) int32 { return int32(binary.BigEndian.Uint32(frame[4:])) }

// isReply reports whether the frame answers a request, go-zookeeper's or one of our own: it is no ping's, event or handshake.
func isReply(dir zktest.Direction, frame []byte) bool {
	return dir == zktest.ToClient && (xidOf(frame) > 0 || xidOf(frame) < -2)
}

// isRequest reports whether the frame asks for something: it is no ping.
func isRequest(dir zktest.Direction, frame []byte) bool {
	const ping = 11
	return dir == zktest.ToServer && opOf(dir, frame) != ping
}

// opOf returns the operation of a request, 0 if the frame is none.
func opOf(dir zktest.Direction, frame []byte) uint32 {
	if dir != zktest.ToServer || len(frame) < 12 {
		return 0
	}
	return binary.BigEndian.Uint32(frame[8:])
}

func isMulti(dir zktest.Direction, frame []byte) bool { return opOf(dir, frame) == opMulti }
