package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// electing is an ensemble whose leader ends while a write is proposed that another server has.
type electing struct {
	dial             func(address string) (net.Conn, error)
	leader, follower string
	hold, elect      func()
}

func fakeElecting(t *testing.T) electing {
	cluster := fakezk.New(fakezk.Config{Servers: 2})
	t.Cleanup(cluster.Close)
	client := cluster.Client()
	return electing{
		dial: func(address string) (net.Conn, error) {
			return client.Dial(t.Context(), "tcp", address)
		},
		leader:   cluster.Server(0).Address(),
		follower: cluster.Server(1).Address(),
		hold:     cluster.HoldCommits,
		elect: func() {
			require.Eventually(t, func() bool {
				return cluster.Proposed() == 1
			}, patience, time.Millisecond)
			cluster.Elect(1, true)
			cluster.ReleaseCommits()
		},
	}
}

// realElecting has five servers. While three are stopped, the leader and one follower have what is
// proposed.
func realElecting(t *testing.T) electing {
	locktest.NeedsServer(t)
	ensemble := zktest.Start(t, zktest.WithServers(5), zktest.WithTickTime(time.Second))
	leader, err := ensemble.WaitLeader(t.Context())
	require.NoError(t, err)
	var others []*zktest.Server
	for _, s := range ensemble.Servers() {
		if s != leader {
			others = append(others, s)
		}
	}
	return electing{
		dial:     func(address string) (net.Conn, error) { return net.Dial("tcp", address) },
		leader:   leader.Addr(),
		follower: others[0].Addr(),
		hold: func() {
			for _, s := range others[1:] {
				require.NoError(t, s.Pause())
			}
		},
		elect: func() {
			time.Sleep(300 * time.Millisecond) // sleep ok: for the follower to write the proposal down
			require.NoError(t, leader.Stop())
			for _, s := range others[1:] {
				require.NoError(t, s.Resume())
			}
		},
	}
}

// greet sends a connect request of a client that has seen a transaction, and returns the answer.
func (e electing) greet(address string, seen int64, from *client) (net.Conn, []byte, error) {
	conn, err := e.dial(address)
	if err != nil {
		return nil, nil, err
	}
	var hello jute.Writer
	hello.Int32(0)
	hello.Int64(seen)
	hello.Int32(30_000)
	hello.Int64(from.session)
	hello.Buffer(from.password)
	hello = append(hello, 0)
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(hello)))
	conn.SetDeadline(time.Now().Add(patience))
	length := make([]byte, 4)
	if _, err = conn.Write(append(frame, hello...)); err == nil {
		_, err = io.ReadFull(conn, length)
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint32(length))
	_, err = io.ReadFull(conn, reply)
	return conn, reply, err
}

// TestTheFakeElectsLikeAServer ends the leader with a write under way, and has a client come that
// has seen too much.
func TestTheFakeElectsLikeAServer(t *testing.T) {
	t.Parallel()
	slow(t)
	for name, start := range map[string]func(*testing.T) electing{"fake": fakeElecting, "real": realElecting} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			none := &client{password: make([]byte, 16)}
			_, _, err := e.greet(e.leader, math.MaxInt64-1, none)
			require.Error(t, err, "a client that has seen more is hung up on")

			c := quorum{dial: e.dial}.open(t, e.follower, nil)
			c.queue(1, "/a-")
			_, created := c.reply()
			assert.NotEmpty(t, created)
			e.hold()
			c.queue(2, "/b-")
			e.elect()
			require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
			_, err = c.Conn.Read(make([]byte, 1))
			require.Error(t, err, "connections end with the leader")

			require.Eventually(t, func() bool {
				conn, reply, err := e.greet(e.follower, 0, c)
				if err != nil {
					return false
				}
				assert.Equal(t, c.session, int64(binary.BigEndian.Uint64(reply[8:])),
					"the session goes on")
				t.Cleanup(func() { conn.Close() })
				c.Conn = conn
				return true
			}, patience, 50*time.Millisecond)
			c.ask(3, wire.OpGetChildren, "/", 0)
			frame := c.read()
			zxid := int64(binary.BigEndian.Uint64(frame[4:]))
			assert.Greater(t, zxid>>32, int64(0), "a new epoch: %#x", zxid)
			c.queue(4, "/c-")
			_, created = c.reply()
			assert.Regexp(t, "^/c-", created)
			var number int
			_, err = fmt.Sscanf(created, "/c-%d", &number)
			require.NoError(t, err)
			c.ask(5, wire.OpExists, fmt.Sprintf("/b-%010d", number-1), 0)
			c.reply() // fails if what was proposed is lost
		})
	}
}
