package wire_test

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// calls are all that go-zookeeper can ask.
var calls = map[int32]func(*zk.Conn) error{
	wire.OpCreate: create, wire.OpDelete: remove, wire.OpExists: exists, wire.OpGetData: get,
	wire.OpSetData: set,
	wire.OpGetACL:  getACL, wire.OpSetACL: setACL, wire.OpSync: syncPath,
	wire.OpGetChildren2: children,
	wire.OpMulti:        multi, wire.OpReconfig: reconfig, wire.OpCreateContainer: createContainer,
	wire.OpCreateTTL: createTTL, wire.OpSetAuth: addAuth,
}

func TestHonestRepliesPass(t *testing.T) {
	var answered []int32 // written on go-zookeeper's receiving goroutine, read after its answer
	n := &network{
		cfg: wire.Config{Answered: func(op int32, sent time.Time) {
			if op != wire.OpPing {
				answered = append(answered, op)
			}
		}},
		script: func(_ int, p peer) {
			if p.accept(4000, 1) == nil {
				p.serve()
			}
		},
	}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	for op, call := range calls {
		require.NoError(t, call(c), "op %d", op)
		require.Equal(t, op, answered[len(answered)-1])
	}
	require.Len(t, answered, len(calls))
	require.Len(t, n.conns, 1)
}

func TestWatcherEventsPass(t *testing.T) {
	n := &network{script: func(_ int, p peer) {
		if p.accept(4000, 1) != nil {
			return
		}
		if xid, op, err := p.request(); err == nil &&
			p.send(append(replyTo(xid, 0), honest(op)...)) == nil {
			_ = p.send(event(2, "/a"))
			p.serve()
		}
	}}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	_, _, watch, err := c.ExistsW("/a")
	require.NoError(t, err)
	require.Equal(t, zk.EventNodeDeleted, (<-watch).Type)
}

// ZooKeeper sends null data where a znode was created without.
func TestNullDataPasses(t *testing.T) {
	n := &network{script: func(_ int, p peer) {
		if p.accept(4000, 1) != nil {
			return
		}
		if xid, _, err := p.request(); err == nil {
			_ = p.send(replyTo(xid, 0).i32(-1).stat(42))
			p.drain()
		}
	}}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	data, _, err := c.Get("/a")
	require.NoError(t, err)
	require.Nil(t, data)
}

// A reply that is larger than what is kept, with others before and behind it, and Reads of every
// size.
func TestFramesOfAllSizesPass(t *testing.T) {
	var in, want []byte
	for i, size := range []int{0, 1, 4000, 5000, 70_000, 3, 1 << 20, 2, 64 << 10, 9} {
		f := replyTo(int32(i+1), 0).str(strings.Repeat("d", size)).stat(1).sealed()
		in = append(in, f...)
	}
	in = append(connectReply(4000, 1).sealed(), in...)
	want = slices.Clone(in)
	for _, chunk := range []int{1 << 30, 4096, 1013} {
		for _, read := range []int{1, 7, 4096, 1 << 21} {
			s := &socket{in: in, chunk: chunk}
			c := wire.New(s, wire.Config{})
			_, _ = c.Write(connectRequest())
			for i := range int32(10) {
				_, _ = c.Write(request(i+1, wire.OpGetData))
			}
			var got []byte
			p := make([]byte, read)
			for {
				n, err := c.Read(p)
				got = append(got, p[:n]...)
				if err != nil {
					require.ErrorIs(t, err, io.EOF)
					break
				}
			}
			require.Equal(t, len(want), len(got))
			require.True(t, slices.Equal(want, got))
		}
	}
}

func TestTruncatedFrameIsNoEnd(t *testing.T) {
	in := connectReply(4000, 1).sealed()
	for n := 1; n < len(in); n++ {
		c := wire.New(&socket{in: in[:n]}, wire.Config{})
		_, err := c.Read(make([]byte, 100))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

func request(xid, op int32) []byte { return append(frame{}.i32(xid).i32(op), asks(op)...).sealed() }

// A socket is a server that has said everything, and that keeps what was written.
type socket struct {
	net.Conn
	in    []byte
	chunk int // the most that a Read returns, if not 0
	out   []byte
}

func (s *socket) Read(p []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	if s.chunk > 0 {
		p = p[:min(len(p), s.chunk)]
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *socket) Write(p []byte) (int, error) {
	s.out = append(s.out, p...)
	return len(p), nil
}
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
func (s *socket) Close() error                     { return nil }

// An echo answers each request at once with an honest exists reply.
type echo struct {
	socket
	reply []byte
}

func (e *echo) Write(p []byte) (int, error) {
	copy(e.reply[4:8], p[4:8])
	e.in = e.reply
	return len(p), nil
}

// BenchmarkExchange is one request and its reply, as go-zookeeper writes and reads them, over a
// socket that costs nothing.
func BenchmarkExchange(b *testing.B) {
	for _, name := range []string{"bare", "wire"} {
		b.Run(name, func(b *testing.B) {
			e := &echo{reply: connectReply(4000, 1).sealed()}
			var c net.Conn = e
			if name == "wire" {
				c = wire.New(e, wire.Config{Answered: func(int32, time.Time) {}})
			}
			exchange := func(out, in []byte) {
				_ = c.SetWriteDeadline(time.Now().Add(time.Second))
				_, _ = c.Write(out)
				_ = c.SetWriteDeadline(time.Time{})
				_ = c.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := io.ReadFull(c, in[:4]); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, in[:binary.BigEndian.Uint32(in)]); err != nil {
					b.Fatal(err)
				}
				_ = c.SetReadDeadline(time.Time{})
			}
			in := make([]byte, 1<<10)
			hello := connectRequest()
			copy(hello[4:8], e.reply[4:8])
			exchange(hello, in)
			e.reply = append(replyTo(0, 0), honest(3)...).sealed()
			out := request(1, wire.OpExists)
			xid := uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				xid = (xid + 1) & 0x7fffffff
				binary.BigEndian.PutUint32(out[4:], xid)
				exchange(out, in)
			}
		})
	}
}

// go-zookeeper decodes its copy of a reply next: ours must be gone by then.
func TestLargeBufferIsLetGo(t *testing.T) {
	const size = 8 << 20
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	s := &socket{in: append(connectReply(4000, 1).sealed(),
		replyTo(1, 0).str(strings.Repeat("d", size-200)).stat(1).sealed()...)}
	c := wire.New(s, wire.Config{})
	_, _ = c.Write(connectRequest())
	_, _ = c.Write(request(1, wire.OpGetData))
	before := live()
	_, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
	s.in = nil
	require.Less(t, live(), before-size/2, "neither the server's copy nor ours")
	runtime.KeepAlive(c)
}
