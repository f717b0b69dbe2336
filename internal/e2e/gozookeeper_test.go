package e2e

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// What go-zookeeper does when left alone, on a real server. docs/hazards.md says where each is
// shown to be gone. The ones that take a hostile server are in internal/wire.

// bare connects without the library.
func bare(t *testing.T, connect string) *zk.Conn {
	t.Helper()
	conn, events, err := zk.Connect(strings.Split(connect, ","), sessionTimeout,
		zk.WithLogger(silence{}), zk.WithLogInfo(false))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	for ev := range events {
		if ev.State == zk.StateHasSession {
			return conn
		}
	}
	require.FailNow(t, "no session")
	return nil
}

type silence struct{}

func (silence) Printf(string, ...any) {}

func TestBareRunsRequestsInTheNextSession(t *testing.T) {
	ensemble := server(t)
	proxy := ensemble.Proxy(t)
	conn := bare(t, proxy.Addr())
	id := conn.SessionID()
	requireRoot(t, conn)
	proxy.Cut()
	require.Eventually(t, func() bool {
		return conn.State() != zk.StateHasSession
	}, patience, time.Millisecond)
	require.NoError(t, ensemble.Expire(id))
	proxy.Heal()
	// What it returns is a znode of a session that the caller has not heard of.
	var path string
	require.Eventually(t, func() (ok bool) {
		var err error
		path, err = conn.Create(root(t)+"/a", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
		return err == nil
	}, patience, time.Millisecond)
	_, stat, err := conn.Get(path)
	require.NoError(t, err)
	assert.NotEqual(t, id, stat.EphemeralOwner)
}

// TestNothingRunsInTheNextSession is the same through the library: the connection of an expired
// session serves no other.
func TestNothingRunsInTheNextSession(t *testing.T) {
	t.Parallel()
	ensemble := server(t)
	proxy := ensemble.Proxy(t)
	s := dialTo(t, proxy.Addr())
	conn, id := s.Conn(), s.ID()
	requireRoot(t, conn)
	proxy.Cut()
	require.Eventually(t, func() bool {
		return conn.State() != zk.StateHasSession
	}, patience, time.Millisecond)
	require.NoError(t, ensemble.Expire(id))
	results := make(chan error, 1)
	go func() { // ends with the request, which is waited for below
		_, err := conn.Create(root(t)+"/a", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
		results <- err
	}()
	proxy.Heal()
	select {
	case err := <-results:
		assert.Error(t, err)
	case <-time.After(patience):
		t.Fatal("the request hangs")
	}
	require.Eventually(t, func() bool {
		return s.ID() != 0 && s.ID() != id
	}, patience, time.Millisecond)
	exists, _, err := s.Conn().Exists(root(t) + "/a")
	require.NoError(t, err)
	assert.False(t, exists)
}

func requireRoot(t *testing.T, conn *zk.Conn) {
	t.Helper()
	_, err := conn.Create(root(t), nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
}

func TestBareDropsEvents(t *testing.T) {
	const watches = 20
	conn, events, err := zk.Connect([]string{server(t).Connect()}, sessionTimeout,
		zk.WithLogger(silence{}))
	require.NoError(t, err)
	requireRoot(t, conn)
	for i := range watches {
		path := root(t) + "/" + string(rune('a'+i))
		_, err := conn.Create(path, nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		_, _, _, err = conn.ExistsW(path)
		require.NoError(t, err)
		require.NoError(t, conn.Delete(path, -1)) // the event comes before the reply
	}
	conn.Close()
	seen := 0
	for ev := range events {
		if ev.Type == zk.EventNodeDeleted {
			seen++
		}
	}
	assert.Less(t, seen, watches, "the channel holds six events")
}

// cutsReplyToCreate returns a hook that breaks the connection instead of the answer to the first
// creation.
func cutsReplyToCreate() func(zktest.Direction, []byte) zktest.Verdict {
	var xid atomic.Int32
	return func(dir zktest.Direction, frame []byte) zktest.Verdict {
		switch {
		case opOf(dir, frame) == wire.OpCreate:
			xid.CompareAndSwap(0, xidOf(frame))
		case isReply(dir, frame) && xid.CompareAndSwap(xidOf(frame), -1):
			return zktest.Cut
		}
		return zktest.Pass
	}
}

// TestBareProtectedCreateLeavesAnOrphan loses the answer of the creation and then the connection
// once more.
func TestBareProtectedCreateLeavesAnOrphan(t *testing.T) {
	proxy := server(t).Proxy(t)
	conn := bare(t, proxy.Addr())
	requireRoot(t, conn)
	cut := cutsReplyToCreate()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if opOf(dir, frame) == wire.OpGetChildren2 {
			return zktest.Cut
		}
		return cut(dir, frame)
	})
	_, err := conn.CreateProtectedEphemeralSequential(root(t)+"/lock-", nil,
		zk.WorldACL(zk.PermAll))
	assert.Error(t, err)
	children, _, err := dial(t).Conn().Children(root(t))
	require.NoError(t, err)
	assert.Len(t, children, 1, "it said that it had failed")
}

// TestBareProtectedCreatePanics has a short foreign name among the children when the answer is
// lost. It needs some luck: the listing that follows can fail with the old connection, or show the
// candidate before the foreign name.
func TestBareProtectedCreatePanics(t *testing.T) {
	proxy := server(t).Proxy(t)
	conn := bare(t, proxy.Addr())
	requireRoot(t, conn)
	_, err := conn.Create(root(t)+"/_c_x", nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	panics := func() (yes bool) {
		proxy.OnFrame(cutsReplyToCreate())
		defer func() { yes = recover() != nil }()
		conn.CreateProtectedEphemeralSequential(root(t)+"/lock-", nil, zk.WorldACL(zk.PermAll))
		return false
	}
	for range 50 {
		if panics() {
			return
		}
	}
	t.Error("no panic in 50 attempts")
}

func TestBareHangsWhileDisconnected(t *testing.T) {
	proxy := server(t).Proxy(t)
	conn := bare(t, proxy.Addr())
	proxy.Blackhole()
	returned := make(chan struct{})
	go func() { // ends when the connection is closed below; waited for
		defer close(returned)
		conn.Exists("/")
	}()
	pause(t, 500*time.Millisecond)
	assert.True(t, isOpen(returned), "there is no way to bound a call")
	proxy.Heal()
	conn.Close()
	receive(t, returned, "return")
}

func TestBareCloseLeavesItsLocks(t *testing.T) {
	proxy := server(t).Proxy(t)
	conn := bare(t, proxy.Addr())
	requireRoot(t, conn)
	_, err := conn.Create(root(t)+"/held", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	proxy.Cut()
	require.Eventually(t, func() bool {
		return conn.State() != zk.StateHasSession
	}, patience, time.Millisecond)
	conn.Close() // and says nothing
	exists, _, err := dial(t).Conn().Exists(root(t) + "/held")
	require.NoError(t, err)
	assert.True(t, exists)
}
