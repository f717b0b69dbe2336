package interop_test

import (
	"fmt"
	"math"
	"net"
	"path"
	"regexp"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// look describes a znode: its kind and its data.
func look(t *testing.T, s *zklock.Session, path string) string {
	t.Helper()
	data, stat, err := s.Conn().Get(path)
	require.NoError(t, err)
	kind := "ephemeral"
	switch stat.EphemeralOwner {
	case 0:
		kind = "persistent"
	case math.MinInt64: // EphemeralType.CONTAINER_EPHEMERAL_OWNER
		kind = "container"
	}
	return fmt.Sprintf("%s %q", kind, data)
}

// TestZnodesAreLikeThePeers compares what a peer and what zklock lays down, where there is nothing yet.
func TestZnodesAreLikeThePeers(t *testing.T) {
	t.Parallel()
	e := server(t)
	for name, pair := range map[string]struct {
		naming  zklock.Naming
		library string
		kinds   []peers.Kind
	}{
		"zktools": {zklock.NamingZktools, "zktools", []peers.Kind{peers.Mutex, peers.Read, peers.Write}},
		"Curator": {zklock.NamingCurator, "Curator", []peers.Kind{peers.Mutex, peers.Read, peers.Write}},
		"kazoo":   {zklock.NamingKazoo, "kazoo", []peers.Kind{peers.Mutex, peers.Read, peers.Write}},
	} {
		for _, kind := range pair.kinds {
			t.Run(name+"-"+string(kind), func(t *testing.T) {
				ourRoot, theirRoot := root+"-ours-"+lockName(t), root+"-theirs-"+lockName(t)
				s := dial(t, e.Connect(), zklock.WithRoot(ourRoot))
				m := open(t, s, kind, "lock", zklock.WithNaming(pair.naming))
				theirs, err := peer(t, pair.library).Open(kind, theirRoot+"/lock")
				require.NoError(t, err)
				acquire(t, m)
				acquire(t, theirs)
				assert.Equal(t, look(t, s, theirRoot), look(t, s, ourRoot))
				assert.Equal(t, look(t, s, theirRoot+"/lock"), look(t, s, ourRoot+"/lock"))

				ourName, theirName := children(t, s, ourRoot+"/lock")[0], children(t, s, theirRoot+"/lock")[0]
				digits := regexp.MustCompile("[0-9a-f]")
				assert.Equal(t, digits.ReplaceAllString(theirName, "x"), digits.ReplaceAllString(ourName, "x"))
				ourData, _, err := s.Conn().Get(path.Join(ourRoot, "lock", ourName))
				require.NoError(t, err)
				theirData, _, err := s.Conn().Get(path.Join(theirRoot, "lock", theirName))
				require.NoError(t, err)
				switch pair.library {
				case "zktools":
					assert.Equal(t, theirData, ourData)
				case "Curator": // each says which of the machine's addresses it likes best
					assert.NotNil(t, net.ParseIP(string(ourData)), "%q", ourData)
					assert.NotNil(t, net.ParseIP(string(theirData)), "%q", theirData)
				case "kazoo":
					assert.NotEmpty(t, ourData)
				}
				release(t, m)
				release(t, theirs)
			})
		}
	}
}

// TestPeersListOurs has peers show their contenders, ours among them, and ours theirs.
func TestPeersListOurs(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	for name, pair := range map[string][2]side{
		"DefaultAndKazoo":   pairs["DefaultMutexAndKazoo"],
		"KazooAndKazoo":     pairs["KazooMutexAndKazoo"],
		"KazooRWAndKazoo":   pairs["KazooRWAndKazoo"],
		"DefaultAndCurator": pairs["DefaultMutexAndCurator"],
		"CuratorAndCurator": pairs["CuratorMutexAndCurator"],
		"CuratorRW":         pairs["CuratorRWAndCurator"],
	} {
		t.Run(name, func(t *testing.T) {
			us := pair[0]
			us.options = append([]zklock.LockOption{zklock.WithIdentifier("that is us")}, us.options...)
			first, last := us.handle(t, s, us.kind, lockName(t)), us.handle(t, s, us.kind, lockName(t))
			theirs := pair[1].handle(t, s, pair[1].kind, lockName(t))
			looker := pair[1].handle(t, s, pair[1].kind, lockName(t))
			at := root + "/" + lockName(t)
			acquire(t, first)
			second := begin(t, s, at, theirs, 2)
			third := begin(t, s, at, last, 3)

			znodes := children(t, s, at)
			mine, err := first.Contenders()
			require.NoError(t, err)
			assert.Equal(t, znodes, mine)
			shown, err := looker.Contenders()
			require.NoError(t, err)
			require.Len(t, shown, 3)
			if pair[1].library == "Curator" {
				for i, znode := range znodes {
					assert.Equal(t, at+"/"+znode, shown[i])
				}
			} else {
				assert.Equal(t, "that is us", shown[0])
				assert.NotEqual(t, "that is us", shown[1])
				assert.Equal(t, "that is us", shown[2])
			}
			release(t, first)
			receive(t, second, "the lock")
			release(t, theirs)
			receive(t, third, "the lock")
			release(t, last)
		})
	}
}

// TestADowngradedCuratorWriter has Curator's writer become a reader, whose znode appears with the writer's number (CURATOR-621): it
// is among those ahead although it was not there when they were listed. It is scripted after the source of Curator 5.5; that of
// Debian 12 is 5.4, which downgrades in another way and can grant the lock twice by itself.
func TestADowngradedCuratorWriter(t *testing.T) {
	t.Parallel()
	e := server(t)
	s, curator := dial(t, e.Connect()), dial(t, e.Connect())
	for _, first := range []peers.Kind{peers.Write, peers.Read} {
		t.Run(string(first), func(t *testing.T) {
			name, at := lockName(t), root+"/"+lockName(t)
			open := func(kind peers.Kind) peers.Handle {
				return pairs["CuratorRWAndCurator"][0].handle(t, s, kind, name)
			}
			maker := open(peers.Write)
			acquire(t, maker) // makes the parents
			release(t, maker)
			acl := zk.WorldACL(zk.PermAll)
			const writer, reader = "/_c_01234567-89ab-cdef-0123-456789abcdef-__WRIT__", "/_c_01234567-89ab-cdef-0123-456789abcdee-__READ__"
			theirs, err := curator.Conn().Create(at+writer, nil, zk.FlagEphemeralSequential, acl)
			require.NoError(t, err)
			m := open(first)
			granted := begin(t, s, at, m, 2)

			downgraded, err := curator.Conn().Create(at+reader+theirs[len(theirs)-10:], nil, zk.FlagEphemeral, acl)
			require.NoError(t, err)
			require.NoError(t, curator.Conn().Delete(theirs, -1))
			if first == peers.Read {
				receive(t, granted, "the lock, which readers share")
				next := open(peers.Write)
				nextGranted := begin(t, s, at, next, 3)
				release(t, m)
				m, granted = next, nextGranted
			}
			requireWatched(t, e.Servers()[0].Command, downgraded, granted)
			require.NoError(t, curator.Conn().Delete(downgraded, -1))
			receive(t, granted, "the lock")
			release(t, m)
		})
	}
}

// requireWatched waits until somebody watches a znode, and fails if the lock is granted instead.
func requireWatched(t *testing.T, command func(string) (string, error), path string, granted <-chan struct{}) {
	t.Helper()
	eventually(t, func() bool {
		watches, err := command("wchp")
		return !isOpen(granted) || err == nil && regexp.MustCompile("(?m)^"+regexp.QuoteMeta(path)+"$").MatchString(watches)
	}, "nobody waits for %s", path)
	require.True(t, isOpen(granted), "granted although a reader holds the lock")
}
