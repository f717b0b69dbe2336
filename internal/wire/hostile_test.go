package wire_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// What bare go-zookeeper does with a hostile frame.
const (
	crashes   = "crash"         // the process is gone: a panic, or out of memory
	allocates = "GiB allocated" // it believes a count
	believes  = "believed: "    // it hands out what no server sent
	hangs     = "still waiting" // the call does not return, or the connection is not given up
	harmless  = "orderly error" // refused all the same
)

// A hostile is one thing that a server must not be able to do to the process.
type hostile struct {
	name      string
	bare      string               // what it does to bare go-zookeeper
	handshake frame                // in place of the connect reply
	call      func(*zk.Conn) error // the request to answer
	raw       []byte               // the answer's bytes, with the length
	reply     frame                // or: the answer's body, after an honest header
	op        int32                // what the FrameError names
}

func get(c *zk.Conn) error { _, _, err := c.Get("/a"); return err }
func exists(c *zk.Conn) error {
	_, stat, err := c.Exists("/a")
	if err == nil && stat.Czxid != 42 {
		return believed(stat.Czxid)
	}
	return err
}
func children(c *zk.Conn) error { _, _, err := c.Children("/a"); return err }
func getACL(c *zk.Conn) error   { _, _, err := c.GetACL("/a"); return err }
func set(c *zk.Conn) error      { _, err := c.Set("/a", nil, 0); return err }
func setACL(c *zk.Conn) error   { _, err := c.SetACL("/a", zk.WorldACL(31), 0); return err }
func create(c *zk.Conn) error   { _, err := c.Create("/a", nil, 0, zk.WorldACL(31)); return err }
func createSequential(c *zk.Conn) error {
	_, err := c.Create("/a-", nil, zk.FlagEphemeralSequential, zk.WorldACL(31))
	return err
}
func createTTL(c *zk.Conn) error {
	_, err := c.CreateTTL("/a", nil, zk.FlagTTL, zk.WorldACL(31), time.Hour)
	return err
}
func createContainer(c *zk.Conn) error {
	_, err := c.CreateContainer("/a", nil, zk.FlagContainer, zk.WorldACL(31))
	return err
}
func syncPath(c *zk.Conn) error { _, err := c.Sync("/a"); return err }
func remove(c *zk.Conn) error   { return c.Delete("/a", 0) }
func reconfig(c *zk.Conn) error { _, err := c.Reconfig([]string{"a"}, -1); return err }
func addAuth(c *zk.Conn) error  { return c.AddAuth("digest", []byte("a:b")) }
func multi(c *zk.Conn) error {
	_, err := c.Multi(&zk.CreateRequest{Path: "/a", Acl: zk.WorldACL(31)},
		&zk.SetDataRequest{Path: "/a"},
		&zk.DeleteRequest{Path: "/a"}, &zk.CheckVersionRequest{Path: "/a"})
	return err
}

type believed int64

// spoofed are events that no server sends.
func spoofed(e zk.Event) bool {
	return e.Type == zk.EventSession && e.State == zk.StateExpired || len(e.Path) == 1000
}

func (believed) Error() string { return "a Stat that no server sent" }

const huge = 1 << 26 // elements: 1 GiB of strings

var hostiles = []hostile{
	{name: "handshake length 1 GiB", bare: allocates, handshake: frame{}, raw: frame{}.i32(1 << 30), op: wire.OpConnect},
	{name: "handshake length negative", bare: allocates, handshake: frame{}, raw: frame{}.i32(-1), op: wire.OpConnect},
	{name: "handshake empty", bare: hangs, handshake: frame{}, raw: frame{}.i32(0), op: wire.OpConnect},
	{name: "handshake timeout 0", bare: crashes, handshake: connectReply(0, 1), op: wire.OpConnect},
	{name: "handshake timeout negative", bare: crashes, handshake: connectReply(-4000, 1), op: wire.OpConnect},
	{name: "handshake timeout 25 days", bare: believes, handshake: connectReply(1<<31-1, 1), op: wire.OpConnect},
	{name: "handshake password 1 GiB", bare: allocates, op: wire.OpConnect,
		handshake: frame{}.i32(0).i32(4000).i64(1).i32(1 << 30).bytes(make([]byte, 17)...)},
	{name: "handshake password of 300 bytes", bare: believes, op: wire.OpConnect,
		handshake: frame{}.i32(0).i32(4000).i64(1).str(strings.Repeat("p", 300))},
	{name: "handshake read-only", bare: believes, op: wire.OpConnect,
		handshake: append(connectReply(4000, 1)[:36], 1)},

	{name: "length 0", bare: harmless, call: exists, raw: frame{}.i32(0)},
	{name: "length 4 of an event", bare: crashes, call: exists, raw: frame{}.i32(4).i32(-1)},
	{name: "length 15", bare: crashes, call: exists, raw: append(frame{}.i32(15), replyTo(2, 0)[:15]...)},
	{name: "length 15 of an event", bare: crashes, call: exists, raw: append(frame{}.i32(15), replyTo(-1, 0)[:15]...)},
	{name: "length negative", bare: allocates, call: exists, raw: frame{}.i32(-1)},
	{name: "length 1 GiB", bare: allocates, call: exists, raw: frame{}.i32(1 << 30).bytes(make([]byte, 16)...)},
	{name: "reply to no request", bare: harmless, call: exists, raw: append(replyTo(1<<30, 0), honest(3)...).sealed()},

	{name: "event without a body", bare: harmless, call: exists, raw: replyTo(-1, 0).sealed(), op: wire.OpWatcherEvent},
	{name: "event path negative", bare: harmless, call: exists, raw: replyTo(-1, 0).i32(1).i32(3).i32(-1).sealed(), op: wire.OpWatcherEvent},
	{name: "event path too long", bare: believes, call: exists, raw: replyTo(-1, 0).i32(1).i32(3).i32(1000).sealed(), op: wire.OpWatcherEvent},
	{name: "event of the session", bare: believes, call: exists, raw: replyTo(-1, 0).i32(-1).i32(-112).str("").sealed(), op: wire.OpWatcherEvent},

	{name: "create short", bare: believes, call: create, reply: frame{}, op: wire.OpCreate},
	{name: "create path too long", bare: believes, call: create, reply: frame{}.i32(1000), op: wire.OpCreate},
	{name: "create path negative", bare: harmless, call: create, reply: frame{}.i32(-1), op: wire.OpCreate},
	{name: "createContainer path too long", bare: believes, call: createContainer, reply: frame{}.i32(1000), op: wire.OpCreateContainer},
	{name: "createTTL path too long", bare: believes, call: createTTL, reply: frame{}.i32(1000), op: wire.OpCreateTTL},
	{name: "create of another path", bare: believes, call: create, reply: frame{}.str("/b"), op: wire.OpCreate},
	{name: "create with a number that was not asked for", bare: believes, call: create, reply: frame{}.str("/a0000000001"), op: wire.OpCreate},
	{name: "createContainer of another path", bare: believes, call: createContainer, reply: frame{}.str("/b"), op: wire.OpCreateContainer},
	{name: "createTTL of another path", bare: believes, call: createTTL, reply: frame{}.str("/b"), op: wire.OpCreateTTL},
	{name: "sequential create elsewhere", bare: believes, call: createSequential, reply: frame{}.str("/b/a-0000000001"), op: wire.OpCreate},
	{name: "sequential create without a number", bare: believes, call: createSequential, reply: frame{}.str("/a-"), op: wire.OpCreate},
	{name: "sequential create below", bare: believes, call: createSequential, reply: frame{}.str("/a-/0000000001"), op: wire.OpCreate},
	{name: "sync of another path", bare: believes, call: syncPath, reply: frame{}.str("/b"), op: wire.OpSync},
	{name: "getChildren2 name with a slash", bare: believes, call: children, reply: frame{}.i32(1).str("x/y").stat(1), op: wire.OpGetChildren2},
	{name: "getChildren2 empty name", bare: believes, call: children, reply: frame{}.i32(1).str("").stat(1), op: wire.OpGetChildren2},
	{name: "multi with fewer results", bare: believes, call: multi, reply: frame{}.result(1, false, 0).str("/a").result(-1, true, -1), op: wire.OpMulti},
	{name: "multi with more results", bare: believes, call: multi, op: wire.OpMulti,
		reply: append(honest(14)[:len(honest(14))-9],
			frame{}.result(13, false, 0).result(-1, true, -1)...)},
	{name: "multi with results of other types", bare: believes, call: multi, op: wire.OpMulti,
		reply: frame{}.result(13, false, 0).result(13, false, 0).result(13, false, 0).result(13,
			false, 0).result(-1, true, -1)},
	{name: "multi that failed in part", bare: harmless, call: multi, op: wire.OpMulti,
		reply: frame{}.result(1, false, 0).str("/a").result(-1, false, -101).i32(-101).result(2,
			false, 0).result(13, false, 0).result(-1, true, -1)},
	{name: "multi created another path", bare: believes, call: multi, op: wire.OpMulti,
		reply: append(frame{}.result(1, false, 0).str("/b"), honest(14)[15:]...)},
	{name: "sync path too long", bare: believes, call: syncPath, reply: frame{}.i32(1000), op: wire.OpSync},
	{name: "exists without Stat", bare: harmless, call: exists, reply: frame{}, op: wire.OpExists},
	{name: "exists with short Stat", bare: believes, call: exists, reply: frame{}.stat(1)[:67], op: wire.OpExists},
	{name: "setData short", bare: harmless, call: set, reply: frame{}, op: wire.OpSetData},
	{name: "setACL short", bare: harmless, call: setACL, reply: frame{}, op: wire.OpSetACL},
	{name: "getData 1 GiB", bare: allocates, call: get, reply: frame{}.i32(1 << 30), op: wire.OpGetData},
	{name: "getData length -2", bare: believes, call: get, reply: frame{}.i32(-2).stat(1), op: wire.OpGetData},
	{name: "getData without Stat", bare: harmless, call: get, reply: frame{}.str("data"), op: wire.OpGetData},
	{name: "reconfig 1 GiB", bare: allocates, call: reconfig, reply: frame{}.i32(1 << 30), op: wire.OpReconfig},
	{name: "getACL many", bare: allocates, call: getACL, reply: frame{}.i32(huge), op: wire.OpGetACL},
	{name: "getACL null", bare: crashes, call: getACL, reply: frame{}.i32(-1).stat(1), op: wire.OpGetACL},
	{name: "getACL scheme too long", bare: harmless, call: getACL, reply: frame{}.i32(1).i32(31).i32(500).stat(1), op: wire.OpGetACL},
	{name: "getChildren2 many", bare: allocates, call: children, reply: frame{}.i32(huge), op: wire.OpGetChildren2},
	{name: "getChildren2 null", bare: crashes, call: children, reply: frame{}.i32(-1).stat(1), op: wire.OpGetChildren2},
	{name: "getChildren2 name negative", bare: harmless, call: children, reply: frame{}.i32(1).i32(-1).stat(1), op: wire.OpGetChildren2},
	{name: "getChildren2 without Stat", bare: harmless, call: children, reply: frame{}.i32(1).str("x"), op: wire.OpGetChildren2},
	{name: "multi without end", bare: harmless, call: multi, reply: frame{}.result(13, false, 0), op: wire.OpMulti},
	{name: "multi type unknown", bare: harmless, call: multi, reply: frame{}.result(99, false, 0).result(-1, true, -1), op: wire.OpMulti},
	{name: "multi create too long", bare: harmless, call: multi, reply: frame{}.result(1, false, 0).i32(1000), op: wire.OpMulti},
	{name: "multi Stat short", bare: harmless, call: multi, reply: frame{}.result(5, false, 0).stat(1)[:70], op: wire.OpMulti},
	{name: "multi error short", bare: harmless, call: multi, reply: frame{}.result(-1, false, -101).i32(1)[:12], op: wire.OpMulti},
}

// answer is the hostile server's first connection. A first, honest reply leaves its bytes in
// go-zookeeper's buffer.
func (h hostile) answer(p peer) {
	if h.handshake != nil {
		if _, err := p.frame(); err != nil {
			return
		}
		out := h.raw
		if out == nil {
			out = h.handshake.sealed()
		}
		_, _ = p.Write(out)
		p.drain()
		return
	}
	// two thirds of it without an answer end the connection, and a machine can stand still
	if p.accept(10_000, 1) != nil {
		return
	}
	xid, op, err := p.request()
	if err != nil || p.send(append(replyTo(xid, 0), honest(op)...)) != nil {
		return
	}
	if xid, _, err = p.request(); err != nil {
		return
	}
	out := h.raw
	if out == nil {
		out = append(replyTo(xid, 0), h.reply...).sealed()
	}
	_, _ = p.Write(out)
	p.drain()
}

// TestHostileServerCannotHurt has one hostile server and then honest ones. The hostile frame must
// end in a FrameError, an orderly error of the call, no memory to speak of, and a connection to the
// next server.
func TestHostileServerCannotHurt(t *testing.T) {
	for _, h := range hostiles {
		t.Run(h.name, func(t *testing.T) {
			n := &network{script: func(i int, p peer) {
				if i == 0 {
					h.answer(p)
				} else if p.accept(4000, 1) == nil {
					p.serve()
				}
			}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c := n.connect(4 * time.Second)
			defer n.stop(c)

			if h.call != nil {
				require.NoError(t, honestly(c))
				err := h.call(c)
				require.ErrorIs(t, err, zk.ErrConnectionClosed)
			}
			require.NoError(t, honestly(c), "the next server")
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))

			var frameError *wire.FrameError
			require.ErrorAs(t, n.cause(0), &frameError)
			require.Equal(t, h.op, frameError.Op)
			require.NotEmpty(t, frameError.Reason)
		})
	}
}

// honestly makes a call that an honest server answers.
func honestly(c *zk.Conn) error {
	data, stat, err := c.Get("/a")
	switch {
	case err != nil:
		return err
	case string(data) != "data" || stat.Czxid != 42:
		return errors.New("not what the server sent")
	}
	return nil
}
