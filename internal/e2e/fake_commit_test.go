package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// quorum is an ensemble whose commits can be held back, as a test of the protocol sees it.
type quorum struct {
	dial             func(address string) (net.Conn, error)
	leader, follower string
	hold, release    func()
	proposed         func(n int) // waits until so many writes are proposed and not committed
}

// fakeQuorum is an ensemble of fakezk.
func fakeQuorum(t *testing.T) quorum {
	cluster := fakezk.New(fakezk.Config{Servers: 2})
	t.Cleanup(cluster.Close)
	client := cluster.Client()
	return quorum{
		dial: func(address string) (net.Conn, error) {
			return client.Dial(t.Context(), "tcp", address)
		},
		leader:   cluster.Server(0).Address(),
		follower: cluster.Server(1).Address(),
		hold:     cluster.HoldCommits,
		release:  cluster.ReleaseCommits,
		proposed: func(n int) {
			require.Eventually(t, func() bool {
				return cluster.Proposed() == n
			}, patience, time.Millisecond)
		},
	}
}

// realQuorum is an ensemble of five real servers, of which three can be stopped. The leader keeps
// its office for some seconds.
func realQuorum(t *testing.T) quorum {
	locktest.NeedsServer(t)
	ensemble := zktest.Start(t, zktest.WithServers(5), zktest.WithTickTime(time.Second))
	leader, err := ensemble.WaitLeader(t.Context())
	require.NoError(t, err)
	others := slices.DeleteFunc(slices.Clone(ensemble.Servers()), func(s *zktest.Server) bool {
		return s == leader
	})
	proposals := func() int {
		text, err := leader.Command("mntr")
		require.NoError(t, err)
		count := regexp.MustCompile(`(?m)^zk_proposal_count\t(\d+)$`).FindStringSubmatch(text)
		require.NotNil(t, count, text)
		n, err := strconv.Atoi(count[1])
		require.NoError(t, err)
		return n
	}
	before := 0
	each := func(f func(*zktest.Server) error) {
		for _, s := range others[1:] {
			require.NoError(t, f(s))
		}
	}
	return quorum{
		dial:     func(address string) (net.Conn, error) { return net.Dial("tcp", address) },
		leader:   leader.Addr(),
		follower: others[0].Addr(),
		hold:     func() { before = proposals(); each((*zktest.Server).Pause) },
		release:  func() { each((*zktest.Server).Resume) },
		proposed: func(n int) {
			require.Eventually(t, func() bool {
				return proposals() >= before+n
			}, patience, 5*time.Millisecond)
		},
	}
}

// client speaks ZooKeeper's protocol, and numbers its requests as the test says.
type client struct {
	net.Conn
	t        *testing.T
	session  int64
	password []byte
}

// open opens a session at a server, or takes over that of another client.
func (q quorum) open(t *testing.T, address string, from *client) *client {
	t.Helper()
	conn, err := q.dial(address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	c := &client{Conn: conn, t: t, password: make([]byte, 16)}
	if from != nil {
		c.session, c.password = from.session, from.password
	}
	var hello jute.Writer
	hello.Int32(0)
	hello.Int64(0)
	hello.Int32(30_000)
	hello.Int64(c.session)
	hello.Buffer(c.password)
	c.write(append(hello, 0))
	reply := c.read()
	c.session, c.password = int64(binary.BigEndian.Uint64(reply[8:])), reply[20:36]
	require.NotZero(t, c.session)
	return c
}

func (c *client) write(frame []byte) {
	c.t.Helper()
	_, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	require.NoError(c.t, err)
}

func (c *client) read() []byte {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(patience)))
	var length [4]byte
	_, err := io.ReadFull(c, length[:])
	require.NoError(c.t, err)
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err = io.ReadFull(c, frame)
	require.NoError(c.t, err)
	return frame
}

// ask sends a request whose body begins with a path.
func (c *client) ask(xid, op int32, path string, rest ...byte) {
	c.t.Helper()
	var r jute.Writer
	r.Int32(xid)
	r.Int32(op)
	r.Buffer([]byte(path))
	c.write(append(r, rest...))
}

// queue asks for an ephemeral sequential znode.
func (c *client) queue(xid int32, path string) {
	var rest jute.Writer
	rest.Buffer([]byte("me"))
	rest.Int32(1)
	rest.Int32(zk.PermAll)
	rest.Buffer([]byte("world"))
	rest.Buffer([]byte("anyone"))
	rest.Int32(zk.FlagEphemeralSequential)
	c.ask(xid, wire.OpCreate2, path, rest...)
}

// reply returns the next answer's number and, if it succeeded, the string that it begins with.
func (c *client) reply() (xid int32, text string) {
	c.t.Helper()
	frame := c.read()
	xid = int32(binary.BigEndian.Uint32(frame))
	require.Zero(c.t, binary.BigEndian.Uint32(frame[12:16]), "error of %d", xid)
	if body := frame[16:]; len(body) >= 4 {
		if n := binary.BigEndian.Uint32(body); int(n) <= len(body)-4 {
			text = string(body[4 : 4+n])
		}
	}
	return xid, text
}

// requireSilence checks that nothing is answered for a while.
func (c *client) requireSilence() {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := c.Conn.Read(make([]byte, 1))
	require.Error(c.t, err, "something was answered")
}

// children lists a znode.
func (c *client) children(xid int32, path string) (n int) {
	c.t.Helper()
	c.ask(xid, wire.OpGetChildren, path, 0)
	frame := c.read()
	require.Equal(c.t, xid, int32(binary.BigEndian.Uint32(frame)))
	require.Zero(c.t, binary.BigEndian.Uint32(frame[12:16]))
	return int(binary.BigEndian.Uint32(frame[16:]))
}

// TestTheFakeCommitsLikeAServer has a session move while a write of it is proposed and not
// committed.
func TestTheFakeCommitsLikeAServer(t *testing.T) {
	t.Parallel()
	slow(t)
	for name, start := range map[string]func(*testing.T) quorum{"fake": fakeQuorum, "real": realQuorum} {
		t.Run(name, func(t *testing.T) {
			q := start(t)
			for i, moves := range commitSemantics {
				t.Run(moves.name, func(t *testing.T) {
					base := fmt.Sprintf("/commits-%d", i)
					from, to := q.leader, q.follower
					if moves.toLeader {
						from, to = to, from
					}
					before := q.open(t, from, nil)
					var rest jute.Writer
					rest.Buffer(nil)
					rest.Int32(1)
					rest.Int32(zk.PermAll)
					rest.Buffer([]byte("world"))
					rest.Buffer([]byte("anyone"))
					rest.Int32(0)
					before.ask(1, wire.OpCreate, base, rest...)
					_, created := before.reply()
					require.Equal(t, base, created)
					other := q.open(t, to, nil)
					q.hold()
					defer q.release()
					before.queue(7, base+"/a-")
					q.proposed(1)
					before.Close()
					moves.then(t, q, q.open(t, to, before), other, base)
				})
			}
		})
	}
}

// commitSemantics are what both must agree on, with the creation of a-, number 7, under way at the
// session's last server. other is another session at the session's new server.
var commitSemantics = []struct {
	name     string
	toLeader bool
	then     func(t *testing.T, q quorum, c, other *client, base string)
}{
	{"a number that repeats is answered for the other request", false,
		func(t *testing.T, q quorum, c, _ *client, base string) {
			c.queue(7, base+"/b-")
			q.proposed(2)
			c.ask(8, wire.OpExists, base, 0)
			c.requireSilence()
			q.release()
			xid, path := c.reply()
			assert.Equal(t, int32(7), xid)
			assert.Equal(t, base+"/a-0000000000", path)
			xid, _ = c.reply()
			assert.Equal(t, int32(8), xid, "what comes behind a write waits for it")
			require.Eventually(t, func() bool {
				return c.children(9, base) == 2
			}, patience, time.Millisecond)
		}},
	{"a number of its own is answered for itself", false,
		func(t *testing.T, q quorum, c, _ *client, base string) {
			c.queue(8, base+"/b-")
			q.proposed(2)
			q.release()
			xid, path := c.reply()
			assert.Equal(t, int32(8), xid)
			assert.Equal(t, base+"/b-0000000001", path)
		}},
	{"a follower's sync waits for what is proposed", false,
		func(t *testing.T, q quorum, c, _ *client, base string) {
			c.ask(8, wire.OpSync, base)
			c.requireSilence()
			q.release()
			xid, _ := c.reply()
			assert.Equal(t, int32(8), xid)
			assert.Equal(t, 1, c.children(9, base))
		}},
	{"the leader's sync waits for its session alone", true,
		func(t *testing.T, q quorum, c, other *client, base string) {
			c.ask(8, wire.OpSync, base)
			c.requireSilence()
			other.ask(1, wire.OpSync, base)
			xid, _ := other.reply()
			assert.Equal(t, int32(1), xid)
			assert.Zero(t, other.children(2, base), "it is not committed")
			var set jute.Writer
			set.Buffer(nil)
			set.Int32(-1)
			other.ask(3, wire.OpSetData, base, set...)
			q.proposed(2)
			other.requireSilence()
			q.release()
			xid, _ = c.reply()
			assert.Equal(t, int32(8), xid)
			assert.Equal(t, 1, c.children(9, base))
			xid, _ = other.reply()
			assert.Equal(t, int32(3), xid)
			assert.Equal(t, 1, other.children(4, base), "a write waits for all before it")
		}},
}
