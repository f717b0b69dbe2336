package interop_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// revocable are the sides whose libraries know revocation, with ours beside them.
var revocable = map[string][2]side{
	"DefaultAndCurator":   pairs["DefaultMutexAndCurator"],
	"CuratorAndCurator":   pairs["CuratorMutexAndCurator"],
	"CuratorRWAndCurator": pairs["CuratorRWAndCurator"],
	"DefaultAndZktools":   pairs["DefaultMutexAndZktools"],
	"ZktoolsAndZktools":   pairs["ZktoolsMutexAndZktools"],
	"ZktoolsRWAndZktools": pairs["ZktoolsRWAndZktools"],
}

// TestWeAskAPeer has a peer listen, and release when zklock asks it to.
func TestWeAskAPeer(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	for name, pair := range revocable {
		t.Run(name, func(t *testing.T) {
			theirs := pair[1].handle(t, s, pair[1].kind, lockName(t)).(peers.Revoker)
			asked, err := theirs.Revocable()
			require.NoError(t, err)
			acquire(t, theirs)
			go func() { // ends with the request; the lock is waited for
				<-asked
				assert.NoError(t, theirs.Unlock())
			}()
			m := pair[0].handle(t, s, pair[0].kind, lockName(t)).(ours)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err = m.LockRevoking(ctx, zklock.Ask)
			require.NoError(t, err)
			release(t, m)
		})
	}
}

// TestAPeerAsksUs has peers write their mark into our candidate, a holder's and that of one who
// waits.
func TestAPeerAsksUs(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	for name, pair := range revocable {
		t.Run(name, func(t *testing.T) {
			holder := pair[0].handle(t, s, pair[0].kind, lockName(t)).(ours)
			waiter := pair[0].handle(t, s, pair[0].kind, lockName(t)).(ours)
			acquire(t, holder)
			revoked := holder.Revoked()
			p := waiter.LockAsync(t.Context())
			receive(t, p.Queued(), "candidate")
			asker := pair[1].handle(t, s, pair[1].kind, lockName(t)).(peers.Revoker)
			for _, znode := range children(t, s, holder.Path()) {
				require.NoError(t, asker.Revoke(holder.Path()+"/"+znode))
			}
			receive(t, revoked, "revocation")
			receive(t, p.Revoked(), "revocation of the one who waits")
			assert.True(t, isOpen(holder.Lost()))
			list, err := holder.Mutex.Contenders(t.Context())
			require.NoError(t, err)
			require.Len(t, list, 2)
			assert.True(t, list[0].Revoked && list[1].Revoked)
			p.Cancel()
			receive(t, p.Released(), "removal")
			release(t, holder)
		})
	}
}

// TestForceTakesTheLockFromAPeer removes the candidate of a peer that does not listen.
func TestForceTakesTheLockFromAPeer(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	for library, pair := range meeting {
		t.Run(library, func(t *testing.T) {
			client := start(t, library) // whose lock is lost; it need not know
			defer client.Close()
			theirs, err := client.Open(peers.Mutex, root+"/"+lockName(t))
			require.NoError(t, err)
			acquire(t, theirs)
			m := pair[0].handle(t, s, peers.Mutex, lockName(t)).(ours)
			_, err = m.LockRevoking(t.Context(), zklock.Force)
			require.NoError(t, err)
			assert.Len(t, children(t, s, m.Path()), 1)
			release(t, m)
		})
	}
}
