package wire_test

import (
	"encoding/binary"
	"strings"

	"github.com/zookylock/zklock/internal/wire"
)

// A frame is built field by field as a server writes it.
type frame []byte

func (f frame) i32(v int32) frame     { return binary.BigEndian.AppendUint32(f, uint32(v)) }
func (f frame) i64(v int64) frame     { return binary.BigEndian.AppendUint64(f, uint64(v)) }
func (f frame) bytes(b ...byte) frame { return append(f, b...) }
func (f frame) str(s string) frame    { return append(f.i32(int32(len(s))), s...) }

// stat appends a Stat with the given czxid.
func (f frame) stat(czxid int64) frame {
	return f.i64(czxid).i64(2).i64(3).i64(4).i32(5).i32(6).i32(7).i64(8).i32(9).i32(10).i64(11)
}

// born appends the Stat of a znode that a session has just created.
func (f frame) born(czxid, session int64) frame {
	return f.i64(czxid).i64(czxid).i64(3).i64(3).i32(0).i32(0).i32(0).i64(session).i32(2).i32(0).i64(czxid)
}

func (f frame) result(op int32, done bool, err int32) frame {
	var b byte
	if done {
		b = 1
	}
	return f.i32(op).bytes(b).i32(err)
}

// sealed puts the length in front.
func (f frame) sealed() []byte { return append(frame{}.i32(int32(len(f))), f...) }

func replyTo(xid, err int32) frame { return frame{}.i32(xid).i64(77).i32(err) }

func connectReply(timeoutMs int32, session int64) frame {
	return frame{}.i32(0).i32(timeoutMs).i64(session).str(strings.Repeat("p", 16)).bytes(0)
}

func event(kind int32, path string) frame { return replyTo(-1, 0).i32(kind).i32(3).str(path) }

// asks is the body of a request that honest answers.
func asks(op int32) frame {
	const version = 0
	a := frame{}.str("/a")
	created := frame{}.str("/a").i32(-1).i32(0).i32(0)
	switch op {
	case wire.OpCreate, wire.OpCreateContainer:
		return created
	case wire.OpCreateTTL:
		return created.i64(1000)
	case wire.OpMulti:
		f := append(frame{}.result(wire.OpCreate, false, -1), created...)
		f = append(f.result(wire.OpSetData, false, -1), a.i32(-1).i32(version)...)
		f = append(f.result(wire.OpDelete, false, -1), a.i32(version)...)
		f = append(f.result(wire.OpCheck, false, -1), a.i32(version)...)
		return f.result(wire.OpError, true, -1)
	}
	return a
}

// honest is the body with which ZooKeeper answers an operation.
func honest(op int32) frame {
	switch op {
	case wire.OpCreate, wire.OpCreateContainer, wire.OpCreateTTL, wire.OpSync:
		return frame{}.str("/a")
	case wire.OpExists, wire.OpSetData, wire.OpSetACL:
		return frame{}.stat(42)
	case wire.OpGetData, wire.OpReconfig:
		return frame{}.str("data").stat(42)
	case wire.OpGetACL:
		return frame{}.i32(1).i32(31).str("world").str("anyone").stat(42)
	case wire.OpGetChildren:
		return frame{}.i32(2).str("x").str("y")
	case wire.OpGetChildren2:
		return frame{}.i32(2).str("x").str("y").stat(42)
	case wire.OpMulti:
		return frame{}.result(wire.OpCreate, false, 0).str("/a").result(wire.OpSetData, false,
			0).stat(42).result(wire.OpDelete, false, 0).
			result(wire.OpCheck, false, 0).result(wire.OpError, true, -1)
	}
	return nil
}
