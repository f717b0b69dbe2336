package interop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// TestElectionsAreShared has our Election and another library's on one path, each ahead of the other
// in turn. Ours is asked to step down.
func TestElectionsAreShared(t *testing.T) {
	t.Parallel()
	for library, naming := range map[string]zklock.Naming{
		"kazoo": zklock.NamingKazoo, "Curator": zklock.NamingCurator,
	} {
		t.Run(library, func(t *testing.T) {
			name := lockName(t)
			queue := root + "/" + name
			s := dial(t, server(t).Connect())
			e, err := s.Election(name, zklock.WithNaming(naming))
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			elected, ended := make(chan struct{}), make(chan error, 1)
			// ends with ctx; waited for below
			go func() {
				ended <- e.Run(ctx, func(ctx context.Context) error {
					elected <- struct{}{}
					<-ctx.Done()
					return nil
				})
			}()
			receive(t, elected, "our election")
			theirs, err := peer(t, library).Open(peers.Election, queue)
			require.NoError(t, err)
			for range 3 {
				granted := begin(t, s, queue, theirs, 2)
				assert.True(t, isOpen(granted), "two lead")
				n, err := e.Mutex().RevokeHolder(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				receive(t, granted, "their election")
				leader, err := e.Leader(t.Context())
				require.NoError(t, err)
				id, err := peer(t, library).SessionID()
				require.NoError(t, err)
				assert.Equal(t, id, leader.SessionID)
				eventually(t, func() bool { return len(children(t, s, queue)) == 2 },
					"we campaign again")
				select {
				case <-elected:
					t.Error("two lead")
				default:
				}
				release(t, theirs)
				receive(t, elected, "our election")
			}
			cancel()
			assert.ErrorIs(t, <-ended, context.Canceled)
		})
	}
}

// TestLeaderLatchIsRefused has Curator's LeaderLatch lead when we come: its candidates have names of
// their own, and do not see ours.
func TestLeaderLatchIsRefused(t *testing.T) {
	t.Parallel()
	name := lockName(t)
	s := dial(t, server(t).Connect())
	latch, err := peer(t, "Curator").Open(peers.Latch, root+"/"+name)
	require.NoError(t, err)
	acquire(t, latch)
	for _, naming := range []zklock.Naming{zklock.NamingDefault, zklock.NamingCurator} {
		e, err := s.Election(name, zklock.WithNaming(naming))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err = e.Run(ctx, func(context.Context) error {
			t.Error("two lead")
			return nil
		})
		cancel()
		assert.ErrorIs(t, err, zklock.ErrMixedDialects)
	}
	release(t, latch)
}

// TestDowngradeBeforeAPeer has readers and writers of another library wait for a writer of ours that
// becomes a reader: the reader is granted the lock, and the writer waits for both.
func TestDowngradeBeforeAPeer(t *testing.T) {
	t.Parallel()
	for library, naming := range map[string]zklock.Naming{
		"kazoo": zklock.NamingKazoo, "Curator": zklock.NamingCurator,
	} {
		t.Run(library, func(t *testing.T) {
			name := lockName(t)
			queue := root + "/" + name
			s := dial(t, server(t).Connect())
			rw, err := s.RWMutex(name, zklock.WithNaming(naming))
			require.NoError(t, err)
			rw.Lock()
			if client, ok := peer(t, library).(*peers.KazooClient); ok && client.OldReaders() {
				downgradeBeforeWriter(t, s, rw, queue, library)
				return
			}
			reading, err := peer(t, library).Open(peers.Read, queue)
			require.NoError(t, err)
			writing, err := peer(t, library).Open(peers.Write, queue)
			require.NoError(t, err)
			reads, writes := begin(t, s, queue, reading, 2), begin(t, s, queue, writing, 3)
			reader, err := rw.Downgrade(t.Context())
			require.NoError(t, err)
			receive(t, reads, "the reader's grant")
			release(t, reading)
			requireWaits(t, writes)
			reader.Unlock()
			receive(t, writes, "the writer's grant")
			release(t, writing)
		})
	}
}

// downgradeBeforeWriter is for kazoo up to 2.8, whose readers wait for writers behind them too.
func downgradeBeforeWriter(t *testing.T, s *zklock.Session, rw *zklock.RWMutex, queue,
	library string) {
	t.Helper()
	writing, err := peer(t, library).Open(peers.Write, queue)
	require.NoError(t, err)
	writes := begin(t, s, queue, writing, 2)
	reader, err := rw.Downgrade(t.Context())
	require.NoError(t, err)
	reading, err := peer(t, library).Open(peers.Read, queue)
	require.NoError(t, err)
	requireWaits(t, writes)
	reader.Unlock()
	receive(t, writes, "the writer's grant")
	release(t, writing)
	acquire(t, reading)
	release(t, reading)
}

// requireWaits gives a client that would be granted the lock by mistake the time to say so.
func requireWaits(t *testing.T, granted <-chan struct{}) {
	t.Helper()
	select {
	case <-granted:
		t.Error("a writer is granted the lock beside a reader")
	case <-time.After(300 * time.Millisecond):
	}
}
