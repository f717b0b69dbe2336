package zktest_test

import (
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestExpire(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	for _, n := range []int{1, 3} {
		e := zktest.Start(t, zktest.WithServers(n))
		for _, s := range e.Servers() {
			victim, events := connect(t, s.Addr())
			_, err := victim.Create("/mine", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
			observer, _ := connect(t, s.Addr())
			exists, _, gone, err := observer.ExistsW("/mine")
			require.NoError(t, err)
			require.True(t, exists)

			id := victim.SessionID()
			// The session timeout is 10 s.
			within(t, 8*time.Second, "expire", func() { require.NoError(t, e.Expire(id)) })
			select {
			case <-gone:
			case <-time.After(30 * time.Second):
				t.Fatal("the ephemeral znode is still there")
			}
			// go-zookeeper waits a second before it connects again. Were its connection not broken,
			// it would take it 6.7 s to notice.
			within(t, 6*time.Second, "the client's turn", func() {
				await(t, events, zk.StateExpired)
			})
			require.ErrorIs(t, e.Expire(id), zktest.ErrNoSession)
			_, _, err = observer.Get("/")
			require.NoError(t, err, "another session is left alone")
			observer.Close()
			victim.Close()
		}
		require.ErrorIs(t, e.Expire(0x1234), zktest.ErrNoSession)
	}
}

func TestExpireWithServersDownOrPaused(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(3))
	lead := leader(t, e)
	var others []*zktest.Server
	for _, s := range e.Servers() {
		if s != lead {
			others = append(others, s)
		}
	}
	victim, events := connect(t, lead.Addr())
	require.NoError(t, others[0].Pause())
	// To ask the paused server would take 5 s.
	within(t, 4500*time.Millisecond, "expire", func() {
		require.NoError(t, e.Expire(victim.SessionID()))
	})
	await(t, events, zk.StateExpired)
	for _, s := range e.Servers() {
		require.NoError(t, s.Kill())
	}
	require.Error(t, e.Expire(victim.SessionID()))
}
