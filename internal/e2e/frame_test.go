package e2e

import (
	"encoding/binary"

	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// The hooks of zktest.Proxy get frames with their length in front.

// xidOf returns the number of a request or of what is answered, 0 if the frame has none.
func xidOf(frame []byte) int32 {
	if len(frame) < 8 {
		return 0
	}
	return int32(binary.BigEndian.Uint32(frame[4:]))
}

// opOf returns the operation of a request, wire.OpNone if the frame is none.
func opOf(dir zktest.Direction, frame []byte) int32 {
	if dir != zktest.ToServer || len(frame) < 12 {
		return wire.OpNone
	}
	return int32(binary.BigEndian.Uint32(frame[8:]))
}

// isReply reports whether the frame answers a request, go-zookeeper's or one of our own: it is no
// ping's, event or handshake.
func isReply(dir zktest.Direction, frame []byte) bool {
	return dir == zktest.ToClient && (xidOf(frame) > 0 || xidOf(frame) < wire.XidPing)
}

// isEvent reports whether the frame is the event of a watch.
func isEvent(dir zktest.Direction, frame []byte) bool {
	return dir == zktest.ToClient && xidOf(frame) == wire.XidWatcherEvent
}

// isRequest reports whether the frame asks for something: it is no ping.
func isRequest(dir zktest.Direction, frame []byte) bool {
	return dir == zktest.ToServer && opOf(dir, frame) != wire.OpPing
}
