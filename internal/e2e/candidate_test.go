package e2e

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// forger lies in the answers to creations: every path that is told is replaced.
type forger struct {
	forge     func(path string) string
	honest    atomic.Bool
	creations atomic.Int32
}

func (f *forger) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &forgedConn{Conn: conn, forger: f, creations: make(map[uint32]bool)}, err
}

// forgedConn is the connection to a server that lies.
type forgedConn struct {
	net.Conn
	forger *forger
	ready  []byte // for Read, which one goroutine calls

	mu        sync.Mutex      // guards what follows
	written   []byte          // of a frame that is not complete
	shaken    bool            // the connect request has passed
	creations map[uint32]bool // by xid
}

func (c *forgedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.written = append(c.written, p...)
	for len(c.written) >= 4 && len(c.written) >= 4+int(binary.BigEndian.Uint32(c.written)) {
		frame := c.written[4 : 4+binary.BigEndian.Uint32(c.written)]
		c.written = c.written[4+len(frame):]
		if c.shaken && int32(binary.BigEndian.Uint32(frame[4:])) == wire.OpCreate2 {
			c.creations[binary.BigEndian.Uint32(frame)] = true
			c.forger.creations.Add(1)
		}
		c.shaken = true
	}
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *forgedConn) Read(p []byte) (int, error) {
	if len(c.ready) == 0 {
		length := make([]byte, 4)
		if _, err := io.ReadFull(c.Conn, length); err != nil {
			return 0, err
		}
		frame := make([]byte, binary.BigEndian.Uint32(length))
		if _, err := io.ReadFull(c.Conn, frame); err != nil {
			return 0, err
		}
		frame = c.forged(frame)
		c.ready = append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// forged returns a reply, with another path if it is the answer to a creation.
func (c *forgedConn) forged(frame []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	xid := binary.BigEndian.Uint32(frame)
	if c.forger.honest.Load() || !c.creations[xid] || len(frame) < 20 ||
		binary.BigEndian.Uint32(frame[12:]) != 0 {
		return frame
	}
	delete(c.creations, xid)
	end := 20 + binary.BigEndian.Uint32(frame[16:])
	told := c.forger.forge(string(frame[20:end]))
	lie := binary.BigEndian.AppendUint32(frame[:16:16], uint32(len(told)))
	return append(append(lie, told...), frame[end:]...)
}

// TestForgedCreationsHarmNobody has a server tell of other znodes than it has created.
func TestForgedCreationsHarmNobody(t *testing.T) {
	t.Parallel()
	direct := dial(t)
	elsewhere, ahead := mutex(t, direct, "elsewhere"), mutex(t, direct, "victim")
	lock(t, elsewhere)
	lock(t, ahead)
	others := []string{elsewhere.Path() + "/" + contenders(t, elsewhere)[0].Znode,
		ahead.Path() + "/" + contenders(t, ahead)[0].Znode}
	for name, forge := range map[string]func(string) string{
		"another lock's holder": func(string) string { return others[0] },
		"the lock's holder":     func(string) string { return others[1] },
		"the lock's znode":      path.Dir,
		"no number":             func(p string) string { return p[:len(p)-10] },
		"a child of it":         func(p string) string { return p + "/a-0000000001" },
		"another prefix":        func(p string) string { return path.Dir(p) + "/_c_" + strings.Repeat("0", 32) + "-lock-0000000000" },
		"nothing":               func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			f := &forger{forge: forge}
			s := dialTo(t, server(t).Connect(), zklock.WithDialer(f.dial),
				zklock.WithRoot(path.Dir(elsewhere.Path())))
			m := mutex(t, s, "victim")
			p := m.LockAsync(t.Context())
			const lies = 2 * time.Second
			time.Sleep(lies) // sleep ok: it stands for the time in which the server lies
			f.honest.Store(true)
			assert.LessOrEqual(t, f.creations.Load(), int32(20), "creations in %v", lies)
			receive(t, p.Queued(), "candidate")
			requireQueue(t, ahead, 2)
			assert.NoError(t, elsewhere.Err())
			assert.NoError(t, ahead.Err())
			for _, other := range others {
				_, stat, err := direct.Conn().Exists(other)
				require.NoError(t, err)
				require.Equal(t, direct.ID(), stat.EphemeralOwner,
					"the candidate of another client is gone: %s", other)
			}
			assert.True(t, isOpen(p.Done()), "granted beside the holder")
			p.Cancel()
			requireQueue(t, ahead, 1)
		})
	}
	elsewhere.Unlock()
	ahead.Unlock()
}

// TestAPlantedNameIsNotTaken has the answer to a creation get lost, and others give znodes names
// that begin like the candidate's. A server lists names in any order: so it is done several times.
func TestAPlantedNameIsNotTaken(t *testing.T) {
	other := dial(t)
	for range 8 {
		planted := acquireAmongPlanted(t, mutex(t, other, "planted"), other)
		children, _, err := other.Conn().Children(path.Dir(planted[0]))
		require.NoError(t, err)
		require.Len(t, children, len(planted))
		for _, name := range planted { // they must be there
			require.NoError(t, other.Conn().Delete(name, -1))
		}
	}
}

// acquireAmongPlanted acquires and releases a lock for another session, and returns the paths of
// what was planted meanwhile.
func acquireAmongPlanted(t *testing.T, lockOfOther *zklock.Mutex, other *zklock.Session) []string {
	proxy := server(t).Proxy(t)
	s := dialTo(t, proxy.Addr())
	lock(t, lockOfOther) // there is the lock's znode now
	lockOfOther.Unlock()
	var mu sync.Mutex // guards what follows
	var prefix string
	var planted []string
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		mu.Lock()
		defer mu.Unlock()
		isCreation := dir == zktest.ToServer && len(frame) > 16 &&
			int32(binary.BigEndian.Uint32(frame[8:])) == wire.OpCreate2
		switch {
		case isCreation && prefix == "":
			prefix = string(frame[16 : 16+binary.BigEndian.Uint32(frame[12:])])
		case dir == zktest.ToClient && prefix != "" && planted == nil:
			for i := range 6 {
				name := fmt.Sprintf("%s%010d", prefix, 900+i)
				_, err := other.Conn().Create(name, nil, int32(i%2)*zk.FlagEphemeral,
					zk.WorldACL(zk.PermAll))
				assert.NoError(t, err)
				planted = append(planted, name)
			}
			return zktest.Cut
		}
		return zktest.Pass
	})
	m := mutex(t, s, "planted")
	lock(t, m)
	guard, err := m.Guard()
	require.NoError(t, err)
	_, stat, err := other.Conn().Exists(guard.Path)
	require.NoError(t, err)
	require.Equal(t, s.ID(), stat.EphemeralOwner)
	m.Unlock()
	mu.Lock()
	defer mu.Unlock()
	return planted
}

// TestAZnodeThatTookTheNameIsLeftAlone has another client put a candidate of its own in the place
// of one of ours.
func TestAZnodeThatTookTheNameIsLeftAlone(t *testing.T) {
	s, other := dial(t), dial(t)
	m := mutex(t, s, "taken")
	lock(t, m)
	requireHoldWatched(t, m)
	name := m.Path() + "/" + contenders(t, m)[0].Znode
	lost := m.Lost()
	_, err := other.Conn().Multi(&zk.DeleteRequest{Path: name, Version: -1},
		&zk.CreateRequest{Path: name, Acl: zk.WorldACL(zk.PermAll), Flags: zk.FlagEphemeral})
	require.NoError(t, err)
	receive(t, lost, "loss")
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	_, stat, err := other.Conn().Exists(name)
	require.NoError(t, err)
	assert.Equal(t, other.ID(), stat.EphemeralOwner, "the candidate of another client is gone")
	require.NoError(t, other.Conn().Delete(name, -1))
	lock(t, m)
	m.Unlock()
}
