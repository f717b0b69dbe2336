package zktest_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

func TestProxyPassesAndCounts(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(3))
	p := e.Proxy(t)
	require.Len(t, strings.Split(p.Addr(), ","), 3)
	for _, addr := range strings.Split(p.Addr(), ",") {
		conn, _ := connect(t, addr)
		in, out := p.BytesIn(), p.BytesOut()
		require.Positive(t, in)
		require.Positive(t, out)
		// A get of "/" with no data: 12+9 bytes there; header, length and stat come back, each
		// frame with 4 bytes in front.
		_, _, err := conn.Get("/")
		require.NoError(t, err)
		require.EqualValues(t, 4+8+4+1+1, p.BytesOut()-out)
		require.EqualValues(t, 4+16+4+68, p.BytesIn()-in)
		conn.Close()
	}
	// What is no frame passes too.
	conn, err := net.Dial("tcp", strings.Split(p.Addr(), ",")[0])
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "ruok")
	require.NoError(t, err)
	reply, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, "imok", string(reply))
}

func TestProxyBreakAndCut(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	p := e.Proxy(t)
	conn, events := connect(t, p.Addr())
	id := conn.SessionID()
	p.Break()
	await(t, events, zk.StateDisconnected)
	await(t, events, zk.StateHasSession)
	require.Equal(t, id, conn.SessionID())

	p.Cut()
	await(t, events, zk.StateDisconnected)
	raw, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err, "the port is not given up")
	require.NoError(t, raw.SetReadDeadline(time.Now().Add(30*time.Second)))
	_, err = raw.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, isTimeout(err), "closed at once: %v", err)
	raw.Close()
	p.Heal()
	await(t, events, zk.StateHasSession)
	require.Equal(t, id, conn.SessionID())
}

func TestProxyBlackhole(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	for _, test := range []struct {
		name       string
		directions []zktest.Direction
		arrives    bool
	}{
		{name: "both"},
		{name: "to server", directions: []zktest.Direction{zktest.ToServer}},
		{name: "to client", directions: []zktest.Direction{zktest.ToClient}, arrives: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := e.Proxy(t)
			conn, events := connect(t, p.Addr())
			observer, _ := connect(t, e.Connect())
			exists, _, created, err := observer.ExistsW("/hole")
			require.NoError(t, err)
			require.False(t, exists)

			p.Blackhole(test.directions...)
			in := p.BytesIn()
			answer := make(chan error, 1)
			go func() {
				_, err := conn.Create("/hole", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
				answer <- err
			}()
			if test.arrives {
				<-created
			}
			select {
			case <-created:
				require.True(t, test.arrives)
			case err := <-answer:
				t.Fatal("an answer through a blackhole: ", err)
			case <-time.After(100 * time.Millisecond):
				require.False(t, test.arrives)
			}
			require.Equal(t, in, p.BytesIn())

			// A new connection is accepted and hears nothing.
			raw, err := net.Dial("tcp", p.Addr())
			require.NoError(t, err)
			defer raw.Close()
			_, err = io.WriteString(raw, "ruok")
			require.NoError(t, err)
			require.NoError(t, raw.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
			_, err = raw.Read(make([]byte, 1))
			require.True(t, isTimeout(err), "%v", err)

			p.Heal()
			require.ErrorIs(t, <-answer, zk.ErrConnectionClosed)
			await(t, events, zk.StateDisconnected)
			await(t, events, zk.StateHasSession)
		})
	}
}

// Neither side may learn through a blackhole that the other has gone.
func TestProxyBlackholeHidesTheEnd(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	p := e.Proxy(t)
	raw, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	defer raw.Close()
	p.Blackhole()
	require.NoError(t, e.Servers()[0].Kill())
	require.NoError(t, raw.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = raw.Read(make([]byte, 1))
	require.True(t, isTimeout(err), "%v", err)
	p.Heal()
	require.NoError(t, raw.SetReadDeadline(time.Now().Add(30*time.Second)))
	_, err = raw.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, isTimeout(err), "closed by Heal: %v", err)
}

func TestProxyBlackholeToServerHidesTheClientsEnd(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	p := e.Proxy(t)
	connections := func() int {
		reply, err := e.Servers()[0].Command("cons")
		require.NoError(t, err)
		return strings.Count(reply, "/127.0.0.1:")
	}
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	var with int
	require.Eventually(t, func() bool {
		with = connections()
		return with == 2
	}, 30*time.Second, 10*time.Millisecond)
	p.Blackhole(zktest.ToServer)
	require.NoError(t, conn.Close())
	require.Never(t, func() bool {
		return connections() != with
	}, 100*time.Millisecond, 10*time.Millisecond)
	p.Heal()
	require.Eventually(t, func() bool {
		return connections() == with-1
	}, 30*time.Second, 10*time.Millisecond)
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

func TestProxyDelay(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	const delay = 100 * time.Millisecond
	e := zktest.Start(t, zktest.WithServers(1))
	p := e.Proxy(t)
	conn, _ := connect(t, p.Addr())
	p.Delay(delay)
	begin := time.Now()
	_, _, err := conn.Get("/")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(begin), 2*delay)

	// 500 at once take as long as one; in turn they would take 100 s.
	within(t, 20*time.Second, "500 requests at once", func() {
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() {
				if _, _, err := conn.Get("/"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})

	// What is under way goes on when the delay ends.
	p.Delay(time.Hour)
	answer := make(chan error, 1)
	out := p.BytesOut()
	go func() {
		_, _, err := conn.Get("/")
		answer <- err
	}()
	select {
	case <-answer:
		t.Fatal("too early")
	case <-time.After(50 * time.Millisecond):
	}
	require.Equal(t, out, p.BytesOut())
	p.Heal()
	require.NoError(t, <-answer)
}

// The frame that creates a znode, and its reply: each is dropped, or the connection cut at it, and
// what has happened on the server is known.
func TestProxyOnFrame(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	for _, test := range []struct {
		name    string
		dir     zktest.Direction
		verdict zktest.Verdict
		created bool
	}{
		{"request passed", zktest.ToServer, zktest.Pass, true},
		{"request dropped", zktest.ToServer, zktest.Drop, false},
		{"request cut", zktest.ToServer, zktest.Cut, false},
		{"reply dropped", zktest.ToClient, zktest.Drop, true},
		{"reply cut", zktest.ToClient, zktest.Cut, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := e.Proxy(t)
			conn, events := connect(t, p.Addr())
			var xid atomic.Uint32
			met := make(chan struct{}, 1)
			p.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
				body := frame[4:]
				if int(binary.BigEndian.Uint32(frame)) != len(body) {
					t.Error("a frame without its length")
				}
				if dir == zktest.ToServer && xid.Load() == 0 &&
					int32(binary.BigEndian.Uint32(body[4:])) == wire.OpCreate {
					xid.Store(binary.BigEndian.Uint32(body))
				}
				if dir != test.dir || xid.Load() == 0 ||
					binary.BigEndian.Uint32(body) != xid.Load() {
					return zktest.Pass
				}
				select {
				case met <- struct{}{}:
					return test.verdict
				default:
					return zktest.Pass
				}
			})
			answer := make(chan error, 1)
			go func() {
				_, err := conn.Create("/frame", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
				answer <- err
			}()
			<-met
			switch test.verdict {
			case zktest.Pass:
				require.NoError(t, <-answer)
			case zktest.Cut:
				require.ErrorIs(t, <-answer, zk.ErrConnectionClosed)
				await(t, events, zk.StateHasSession)
			case zktest.Drop:
				select {
				case err := <-answer:
					t.Fatal("an answer without a reply: ", err)
				case <-time.After(50 * time.Millisecond):
				}
			}
			observer, _ := connect(t, e.Connect())
			_, err := observer.Sync("/")
			require.NoError(t, err)
			exists, _, err := observer.Exists("/frame")
			require.NoError(t, err)
			require.Equal(t, test.created, exists)
			require.NoError(t, e.Expire(conn.SessionID())) // and its ephemeral
		})
	}
}
