package e2e

import (
	"context"
	"fmt"
	"net"
	"path"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/wire"
)

// TestRestoredWatches checks what the library relies on after a reconnection, on a real server and
// on the fake one: which znodes a server reports that is asked to restore watches, before it
// answers, and that it watches the others.
func TestRestoredWatches(t *testing.T) {
	cluster := fakezk.New(fakezk.Config{})
	defer cluster.Close()
	var network net.Dialer
	for name, on := range map[string]struct {
		address string
		dial    func(context.Context, string, string) (net.Conn, error)
	}{
		"fake": {cluster.Connect(), cluster.Client().Dial},
		"real": {server(t).Connect(), network.DialContext},
	} {
		t.Run(name, func(t *testing.T) {
			writer, _, err := zk.Connect([]string{"127.0.0.1:1"}, sessionTimeout,
				zk.WithLogInfo(false), zk.WithLogger(silence{}),
				zk.WithDialer(func(string, string, time.Duration) (net.Conn, error) {
					return on.dial(t.Context(), "tcp", on.address)
				}))
			require.NoError(t, err)
			defer writer.Close()
			base := root(t)
			_, err = create(writer, base, 0)
			require.NoError(t, err)
			names := []string{"same", "written before", "written after", "deleted", "made again"}
			for _, name := range names {
				_, err = create(writer, base+"/"+name, 0)
				require.NoError(t, err)
			}
			_, err = writer.Set(base+"/written before", []byte("x"), -1)
			require.NoError(t, err)
			_, before, err := writer.Get(base + "/written before")
			require.NoError(t, err)
			_, err = writer.Set(base+"/written after", []byte("x"), -1)
			require.NoError(t, err)
			require.NoError(t, writer.Delete(base+"/deleted", -1))
			require.NoError(t, writer.Delete(base+"/made again", -1))
			_, err = create(writer, base+"/made again", 0)
			require.NoError(t, err)
			_, last, err := writer.Get(base + "/made again")
			require.NoError(t, err)

			conn, err := on.dial(t.Context(), "tcp", on.address)
			require.NoError(t, err)
			defer conn.Close()
			c := rawClient{conn}
			c.send(t, connectRequest(last.Czxid))
			_, err = jute.ReadFrame(conn, 1<<10)
			require.NoError(t, err)
			// the transaction that wrote "written before" is not after itself
			w := jute.Writer{}
			w.Int32(-1000)
			w.Int32(wire.OpSetWatches)
			w.Int64(before.Mzxid)
			w.Int32(int32(len(names)))
			for _, name := range names {
				w.Text(base + "/" + name)
			}
			w.Int32(0)
			w.Int32(0)
			c.send(t, w)
			events, answered := c.next(t)
			assert.True(t, answered)
			assert.ElementsMatch(t, []string{"changed written after", "deleted deleted",
				"changed made again"}, events)

			for _, name := range []string{"same", "written before", "written after"} {
				_, err = writer.Set(base+"/"+name, []byte("y"), -1)
				require.NoError(t, err)
			}
			c.send(t, syncRequest(base))
			events, _ = c.next(t)
			assert.Equal(t, []string{"changed same", "changed written before"}, events)
		})
	}
}

// rawClient is a client that speaks the protocol by hand.
type rawClient struct{ net.Conn }

func (c rawClient) send(t *testing.T, w jute.Writer) {
	t.Helper()
	_, err := c.Write(w.Framed())
	require.NoError(t, err)
}

// next returns the events until the next answer, and whether that says that all is well.
func (c rawClient) next(t *testing.T) (events []string, ok bool) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	for {
		frame, err := jute.ReadFrame(c, 1<<20)
		require.NoError(t, err)
		r := &jute.Reader{Rest: frame}
		xid := r.Int32()
		r.Int64()
		code := r.Int32()
		if xid != wire.XidWatcherEvent {
			return events, code == 0
		}
		kind := r.Int32()
		r.Int32()
		what := map[int32]string{2: "deleted", 3: "changed"}[kind]
		events = append(events, fmt.Sprint(what, " ", path.Base(string(r.Text()))))
	}
}

// connectRequest asks a server for a session that has executed this transaction.
func connectRequest(zxid int64) jute.Writer {
	w := jute.Writer{}
	w.Int32(0)
	w.Int64(zxid)
	w.Int32(int32(sessionTimeout / time.Millisecond))
	w.Int64(0)
	w.Buffer(make([]byte, 16))
	return w
}

func syncRequest(p string) jute.Writer {
	w := jute.Writer{}
	w.Int32(-1001)
	w.Int32(wire.OpSync)
	w.Text(p)
	return w
}
