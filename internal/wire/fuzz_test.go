package wire_test

import (
	"encoding/binary"
	"errors"
	"io"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// asked are the requests that wait when FuzzFrames' server speaks, by xid, which begins with 1.
var asked = []int32{
	wire.OpCreate, wire.OpDelete, wire.OpExists, wire.OpGetData, wire.OpSetData,
	wire.OpGetACL, wire.OpSetACL,
	wire.OpGetChildren, wire.OpSync, wire.OpGetChildren2, wire.OpMulti, wire.OpReconfig,
	wire.OpCreateContainer,
	wire.OpCreateTTL, wire.OpSetAuth, wire.OpSetWatches, wire.OpClose,
}

// FuzzFrames lets a server say anything, from the connect reply on. The Conn must end with an
// error, allocate little more than what arrived, and hand on nothing but whole frames, unchanged
// unless they were too large.
func FuzzFrames(f *testing.F) {
	hello := connectReply(4000, 1).sealed()
	var all []byte
	for i, op := range asked {
		reply := append(replyTo(int32(i+1), 0), honest(op)...).sealed()
		f.Add(append(slices.Clone(hello), reply...), uint16(0))
		all = append(all, reply...)
	}
	f.Add(append(slices.Clone(hello), all...), uint16(13))
	f.Add(append(slices.Clone(hello), event(1, "/x").sealed()...), uint16(1))
	f.Add(append(slices.Clone(hello), replyTo(-2, 0).sealed()...), uint16(5))
	for _, h := range hostiles {
		raw := h.raw
		switch {
		case h.handshake != nil:
			f.Add(append(h.handshake.sealed(), raw...), uint16(0))
			continue
		case raw == nil:
			raw = append(replyTo(int32(slices.Index(asked, h.op)+1), 0), h.reply...).sealed()
		}
		f.Add(append(slices.Clone(hello), raw...), uint16(0))
	}
	const maxFrame = 1 << 16
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	f.Fuzz(func(t *testing.T, in []byte, chunk uint16) {
		metrics.Read(allocated)
		before := allocated[0].Value.Uint64()

		s := &socket{in: in, chunk: int(chunk)}
		c := wire.New(s, wire.Config{MaxFrame: maxFrame})
		_, _ = c.Write(connectRequest())
		for i, op := range asked {
			_, _ = c.Write(request(int32(i+1), op))
		}
		_, _ = c.Write(frame{}.i32(-2).i32(wire.OpPing).sealed())
		passed := 0
		for {
			var head [4]byte
			if _, err := io.ReadFull(c, head[:]); err != nil {
				require.NotErrorIs(t, err, io.ErrNoProgress)
				var frameError *wire.FrameError
				if !errors.As(err, &frameError) && !errors.Is(err, io.EOF) {
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				}
				break
			}
			length := int(int32(binary.BigEndian.Uint32(head[:])))
			require.GreaterOrEqual(t, length, 16)
			require.LessOrEqual(t, length, maxFrame)
			body := make([]byte, length)
			_, err := io.ReadFull(c, body)
			require.NoError(t, err)

			claimed := int(binary.BigEndian.Uint32(in[passed:]))
			if claimed == length {
				require.True(t, slices.Equal(in[passed+4:passed+16], body[:12]))
				if binary.BigEndian.Uint32(body[12:]) != 0xffffff9c {
					require.True(t, slices.Equal(in[passed+4:passed+4+length], body),
						"a frame was changed")
				}
			} else {
				require.Equal(t, 16, length)
			}
			passed += 4 + claimed
		}
		metrics.Read(allocated)
		require.Less(t, allocated[0].Value.Uint64()-before, uint64(8*len(in)+(1<<20)))
	})
}

// FuzzGoZookeeper answers real calls of a real go-zookeeper with anything. Whatever the Conn lets
// pass must not panic in there: that would end the process, which the fuzzer reports.
func FuzzGoZookeeper(f *testing.F) {
	kinds := slices.DeleteFunc(slices.Clone(asked), func(op int32) bool { return calls[op] == nil })
	for i, op := range kinds {
		f.Add(uint8(i), uint8(0), []byte(honest(op)))
	}
	for _, h := range hostiles {
		if i := slices.Index(kinds, h.op); i >= 0 {
			f.Add(uint8(i), uint8(0), []byte(h.reply))
		}
	}
	f.Add(uint8(0), uint8(1), []byte(event(1, "/x")[16:]))
	f.Add(uint8(0), uint8(2), []byte(connectReply(4000, 1)))

	type answer struct {
		how  uint8
		body []byte
	}
	var next atomic.Pointer[answer]
	n := &network{script: func(_ int, p peer) {
		if _, err := p.frame(); err != nil {
			return
		}
		if a := next.Load(); a != nil && a.how%4 == 2 && next.CompareAndSwap(a, nil) {
			_ = p.send(a.body) // in place of the connect reply
			return
		} else if p.send(connectReply(3_600_000, 1)) != nil {
			return
		}
		for {
			xid, op, err := p.request()
			if err != nil {
				return
			}
			out := append(replyTo(xid, 0), honest(op)...)
			if a := next.Swap(nil); a != nil {
				switch a.how % 4 {
				case 0:
					out = append(replyTo(xid, 0), a.body...)
				case 1:
					if p.send(append(replyTo(-1, 0), a.body...)) != nil {
						return
					}
				case 2:
					next.Store(a) // for the next connection
					return
				case 3:
					out = frame(a.body)
				}
			}
			if p.send(out) != nil {
				return
			}
			if len(out) >= 16 && int32(binary.BigEndian.Uint32(out)) != xid {
				return // a request left open would wait for its time
			}
		}
	}}
	c := n.connect(time.Hour)
	f.Cleanup(func() { n.stop(c) })
	f.Fuzz(func(_ *testing.T, kind, how uint8, body []byte) {
		next.Store(&answer{how, body})
		call := calls[kinds[int(kind)%len(kinds)]]
		_ = call(c)
		if how%4 == 2 {
			_ = call(c) // after the connect reply that was meant
		}
	})
}

// FuzzWrites writes anything in pieces of any size. What is written arrives unchanged, up to the
// first frame that cannot be one, and every request in it is known afterwards.
func FuzzWrites(f *testing.F) {
	f.Add(slices.Concat(connectRequest(), request(1, 3), request(2, 4),
		frame{}.i32(-2).i32(11).sealed()), uint16(0))
	f.Add(slices.Concat(connectRequest(), request(1, 3), request(1, 4)), uint16(1))
	f.Add(slices.Concat(connectRequest(), request(7, 14), frame{}.i32(3).sealed()), uint16(5))
	f.Add(frame{}.i32(3).sealed(), uint16(2))
	f.Add(slices.Concat(connectRequest(), request(0, 3)), uint16(0))
	f.Fuzz(func(t *testing.T, out []byte, size uint16) {
		xids, good := requests(out)
		in := connectReply(4000, 1).sealed()
		for _, xid := range xids {
			in = append(in, replyTo(xid, -101).sealed()...)
		}
		s := &socket{in: in}
		c := wire.New(s, wire.Config{})
		piece := int(size)
		if piece == 0 {
			piece = max(len(out), 1)
		}
		for p := range slices.Chunk(out, piece) {
			n, err := c.Write(p)
			require.NoError(t, err)
			require.Equal(t, len(p), n)
		}
		require.True(t, slices.Equal(out[:len(s.out)], s.out))
		got, err := io.ReadAll(c)
		if !good {
			require.NotEqual(t, len(out), len(s.out))
			if !errors.Is(err, wire.ErrNumbersUsedUp) {
				var frameError *wire.FrameError
				require.ErrorAs(t, err, &frameError)
			}
			return
		}
		require.Equal(t, len(out), len(s.out))
		require.NoError(t, err)
		require.True(t, slices.Equal(in, got))
	})
}

// requests returns the xids of the requests in what was written, each once, and whether all frames
// can be frames.
func requests(out []byte) (xids []int32, good bool) {
	for first := true; len(out) >= 4; first = false {
		length := int(int32(binary.BigEndian.Uint32(out)))
		if first && length < 28 || length < 8 {
			return nil, false
		}
		if !first && len(out) >= 12 {
			xid := int32(binary.BigEndian.Uint32(out[4:]))
			op := int32(binary.BigEndian.Uint32(out[8:]))
			if xid == 0 { // go-zookeeper's numbers have come full circle
				return nil, false
			}
			if xid > 0 && op != wire.OpPing && !slices.Contains(xids, xid) {
				xids = append(xids, xid)
			}
		}
		out = out[min(len(out), 4+length):]
	}
	return xids, true
}
