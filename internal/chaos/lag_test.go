//go:build unix

package chaos

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/fakezk"
)

// lagging is an ensemble one of whose followers can be kept from what the leader tells it.
type lagging struct {
	open         func(t *testing.T, onFollower bool) *zk.Conn
	lag, catchUp func()
}

func fakeLagging(t *testing.T) lagging {
	cluster := fakezk.New(fakezk.Config{Servers: servers})
	t.Cleanup(cluster.Close)
	return lagging{
		open: func(t *testing.T, onFollower bool) *zk.Conn {
			server := cluster.Server(0) // which leads
			if onFollower {
				server = cluster.Server(1)
			}
			return openRaw(t, "127.0.0.1:1", func(string, string, time.Duration) (net.Conn, error) {
				return cluster.Client().Dial(t.Context(), "tcp", server.Address())
			})
		},
		lag:     cluster.Server(1).Lag,
		catchUp: cluster.Server(1).Resume,
	}
}

// realLagging has a follower hear nothing from its leader; what it says itself comes through.
func realLagging(t *testing.T) lagging {
	// or it would hang up
	settings := []string{fmt.Sprintf("syncLimit=%d", cutPatience/(100*time.Millisecond))}
	e, err := startEnsemble(t.Context(), ensembleConfig{settings: settings})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.stop()) })
	leader, err := e.leader(t.Context(), cutPatience)
	require.NoError(t, err)
	follower := (leader + 1) % servers
	held := func(is bool) func() {
		f := linkFaults{}
		f.held[back] = is
		return func() { e.peers[follower][leader].quorum.set(f) }
	}
	return lagging{
		open: func(t *testing.T, onFollower bool) *zk.Conn {
			server := leader
			if onFollower {
				server = follower
			}
			return openRaw(t, e.Servers()[server].Addr(), net.DialTimeout)
		},
		lag:     held(true),
		catchUp: held(false),
	}
}

// openRaw opens a session that lasts for as long as a server may lag.
func openRaw(t *testing.T, addr string, dial zk.Dialer) *zk.Conn {
	t.Helper()
	c, events, err := zk.Connect([]string{addr}, cutPatience, zk.WithDialer(dial),
		zk.WithLogger(quiet{}))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	for ev := range events {
		if ev.State == zk.StateHasSession {
			break
		}
	}
	return c
}

// TestTheFakeLagsLikeAServer compares a follower that lags with fakezk's: reads are of the past,
// and events, syncs and the answers to writes wait, while the writes themselves are executed.
func TestTheFakeLagsLikeAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	for name, start := range map[string]func(*testing.T) lagging{"fake": fakeLagging, "real": realLagging} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			far := e.open(t, false)
			reader, syncer, writer := e.open(t, true), e.open(t, true), e.open(t, true)
			_, err := far.Create("/a", []byte("old"), 0, zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
			_, err = reader.Sync("/a")
			require.NoError(t, err)
			_, _, changed, err := reader.GetW("/a")
			require.NoError(t, err)

			e.lag()
			_, err = far.Set("/a", []byte("new"), -1)
			require.NoError(t, err)
			synced, created := make(chan error, 1), make(chan error, 1)
			go func() { _, err := syncer.Sync("/a"); synced <- err }() // end with the sessions
			go func() {
				_, err := writer.Create("/b", nil, 0, zk.WorldACL(zk.PermAll))
				created <- err
			}()
			assert.Eventually(t, func() bool { there, _, _ := far.Exists("/b"); return there },
				cutPatience, time.Millisecond, "the write of a client of the follower is executed")
			data, _, err := reader.Get("/a")
			require.NoError(t, err)
			assert.Equal(t, "old", string(data))
			there, _, err := reader.Exists("/b")
			require.NoError(t, err)
			assert.False(t, there)
			assert.Empty(t, changed)
			assert.Empty(t, synced)
			assert.Empty(t, created)

			e.catchUp()
			assert.NoError(t, <-created)
			assert.NoError(t, <-synced)
			assert.Equal(t, zk.EventNodeDataChanged, (<-changed).Type)
			data, _, err = reader.Get("/a")
			require.NoError(t, err)
			assert.Equal(t, "new", string(data))
		})
	}
}
