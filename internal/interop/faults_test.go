package interop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// meeting is how each library's mutex and zklock's can share a lock; one setting of each is enough
// for what follows.
var meeting = map[string][2]side{
	"kazoo":   pairs["KazooMutexAndKazoo"],
	"Curator": pairs["CuratorMutexAndCurator"],
	"zk.Lock": pairs["DefaultMutexAndZkLock"],
	"zktools": pairs["ZktoolsMutexAndZktools"],
}

// TestACrashedPeerReleases kills processes that hold the lock: it is ours when their sessions time
// out.
func TestACrashedPeerReleases(t *testing.T) {
	t.Parallel()
	e := server(t)
	s := dial(t, e.Connect())
	for _, library := range []string{"kazoo", "Curator"} { // the others are in this process
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			client := startAt(t, library, e.Connect(), shortTimeout)
			defer client.Close()
			theirs, err := client.Open(peers.Mutex, root+"/"+lockName(t))
			require.NoError(t, err)
			acquire(t, theirs)
			m := meeting[library][0].handle(t, s, peers.Mutex, lockName(t))
			granted := begin(t, s, root+"/"+lockName(t), m, 2)
			client.Kill()
			assert.True(t, isOpen(granted), "the session cannot have timed out already")
			receive(t, granted, "the lock")
			release(t, m)
		})
	}
}

// TestACutOffZklockReleases cuts off a holder of ours: it knows that the lock is lost before a peer
// is granted it.
func TestACutOffZklockReleases(t *testing.T) {
	t.Parallel()
	e := server(t)
	watcher := dial(t, e.Connect())
	for library := range meeting {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			proxy := e.Proxy(t)
			s := dial(t, proxy.Addr(), zklock.WithSessionTimeout(10*time.Second))
			// first: it may start a process, which takes time
			theirs := meeting[library][1].handle(t, s, peers.Mutex, lockName(t))
			m := meeting[library][0].handle(t, s, peers.Mutex, lockName(t)).(ours)
			acquire(t, m)
			lost := m.Lost()
			granted := make(chan struct{})
			go func() { // ends with the grant, which is waited for
				defer close(granted)
				got, err := theirs.Lock(0)
				assert.NoError(t, err)
				assert.True(t, got)
				assert.False(t, isOpen(lost), "granted to another, and the holder does not know")
			}()
			eventually(t, func() bool {
				return len(children(t, watcher, m.Path())) == 2
			}, "two candidates")
			proxy.Blackhole()
			receive(t, lost, "loss")
			receive(t, granted, "the lock")
			release(t, theirs)
			proxy.Heal()
		})
	}
}

// TestExpiryReleases expires the holder's session, a peer's and then ours; the other side is
// granted the lock.
func TestExpiryReleases(t *testing.T) {
	t.Parallel()
	e := server(t)
	watcher := dial(t, e.Connect())
	for library := range meeting {
		t.Run(library, func(t *testing.T) {
			s := dial(t, e.Connect())
			client := start(t, library)
			defer client.Close()
			path := root + "/" + lockName(t)
			theirs, err := client.Open(peers.Mutex, path)
			require.NoError(t, err)
			acquire(t, theirs)
			m := meeting[library][0].handle(t, s, peers.Mutex, lockName(t)).(ours)
			granted := begin(t, watcher, path, m, 2)
			id, err := client.SessionID()
			require.NoError(t, err)
			require.NoError(t, e.Expire(id))
			receive(t, granted, "the lock")

			lost, next := m.Lost(), meeting[library][1].handle(t, s, peers.Mutex, lockName(t))
			granted = begin(t, watcher, path, next, 2)
			require.NoError(t, e.Expire(s.ID()))
			receive(t, granted, "the lock")
			receive(t, lost, "loss")
			release(t, next)
		})
	}
}
