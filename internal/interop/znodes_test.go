package interop_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// creations are the znodes that clients ask for behind a proxy: path, kind and data of those that
// the server did not have.
type creations struct {
	mu  sync.Mutex // guards the field below
	all map[string]string
}

func (c *creations) hook(dir zktest.Direction, frame []byte) zktest.Verdict {
	if dir != zktest.ToServer || len(frame) < 20 {
		return zktest.Pass
	}
	op := int32(binary.BigEndian.Uint32(frame[8:]))
	if op != wire.OpCreate && op != wire.OpCreate2 && op != wire.OpCreateContainer {
		return zktest.Pass
	}
	path, rest := buffer(frame[12:])
	data, _ := buffer(rest)
	kind := [...]string{"persistent", "ephemeral", "sequential",
		"ephemeral sequential"}[binary.BigEndian.Uint32(frame[len(frame)-4:])&3]
	if op == wire.OpCreateContainer {
		kind = "container"
	}
	text := fmt.Sprintf("%s, %q", kind, data)
	if data == nil {
		text = kind + ", no data"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[string(path)] = text
	return zktest.Pass
}

// buffer reads a length and as many bytes, none for a length of -1.
func buffer(b []byte) (data, rest []byte) {
	n := int32(binary.BigEndian.Uint32(b))
	if n < 0 {
		return nil, b[4:]
	}
	return append([]byte{}, b[4:4+n]...), b[4+n:]
}

// below returns the creations below a path, with every hex digit an x: random ids are the same
// then.
func (c *creations) below(root string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := make(map[string]string)
	for path, what := range c.all {
		if rest, ok := strings.CutPrefix(path, root); ok {
			name := regexp.MustCompile("^/lock/.*[0-9a-f]").ReplaceAllStringFunc(rest,
				func(s string) string {
					return "/lock/" +
						regexp.MustCompile("[0-9a-f]").ReplaceAllString(s[len("/lock/"):], "x")
				})
			found[name] = what
		}
	}
	return found
}

// comparisons counts the runs of TestZnodesAreLikeThePeers, so that it can be repeated.
var comparisons atomic.Int32

// TestZnodesAreLikeThePeers compares what a peer and what zklock asks the server to create, where
// there is nothing yet.
func TestZnodesAreLikeThePeers(t *testing.T) {
	t.Parallel()
	e, run := server(t), comparisons.Add(1)
	for library, naming := range map[string]zklock.Naming{
		"zktools": zklock.NamingZktools,
		"Curator": zklock.NamingCurator,
		"kazoo":   zklock.NamingKazoo,
	} {
		proxy := e.Proxy(t)
		created := creations{all: make(map[string]string)}
		proxy.OnFrame(created.hook)
		client := startAt(t, library, proxy.Addr(), sessionTimeout)
		for _, kind := range []peers.Kind{peers.Mutex, peers.Read, peers.Write} {
			t.Run(library+"-"+string(kind), func(t *testing.T) {
				name := fmt.Sprintf("%s-%d", lockName(t), run)
				ourRoot, theirRoot := root+"-ours-"+name, root+"-theirs-"+name
				s := dial(t, proxy.Addr(), zklock.WithRoot(ourRoot))
				m := open(t, s, kind, "lock", zklock.WithNaming(naming))
				theirs, err := client.Open(kind, theirRoot+"/lock")
				require.NoError(t, err)
				acquire(t, m)
				acquire(t, theirs)
				our, their := created.below(ourRoot), created.below(theirRoot)
				require.Len(t, their, 3, "root, lock and candidate")
				if library != "zktools" {
					// What a candidate holds is not the same: kazoo's identifier, and for Curator
					// the address of the machine that each likes best. The test of the data is
					// below.
					for _, nodes := range []map[string]string{our, their} {
						for name, what := range nodes {
							nodes[name] = regexp.MustCompile(`(sequential), ".+"`).ReplaceAllString(what, "$1, something")
						}
					}
				}
				assert.Equal(t, their, our)
				if library == "Curator" {
					data, _, err := s.Conn().Get(ourRoot + "/lock/" +
						children(t, s, ourRoot+"/lock")[0])
					require.NoError(t, err)
					assert.NotNil(t, net.ParseIP(string(data)), "%q", data)
				}
				release(t, m)
				release(t, theirs)
			})
		}
		assert.NoError(t, client.Close())
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
			us.options = append([]zklock.LockOption{zklock.WithIdentifier("that is us")},
				us.options...)
			first, last := us.handle(t, s, us.kind, lockName(t)),
				us.handle(t, s, us.kind, lockName(t))
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

// TestADowngradedCuratorWriter has Curator's writer become a reader, whose znode appears with the
// writer's number (CURATOR-621): it is among those ahead although it was not there when they were
// listed. It is scripted after the source of Curator 5.5; that of Debian 12 is 5.4, which
// downgrades in another way and can grant the lock twice by itself.
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
			acl := zk.WorldACL(zk.PermAll)
			const writer, reader = "/_c_01234567-89ab-cdef-0123-456789abcdef-__WRIT__",
				"/_c_01234567-89ab-cdef-0123-456789abcdee-__READ__"
			theirs, err := curator.Conn().Create(at+writer, nil, zk.FlagEphemeralSequential, acl)
			require.NoError(t, err)
			release(t, maker) // not before: the server removes an empty container when it likes
			m := open(first)
			granted := begin(t, s, at, m, 2)
			requireWatched(t, e, theirs, granted)

			downgraded, err := curator.Conn().Create(at+reader+theirs[len(theirs)-10:], nil,
				zk.FlagEphemeral, acl)
			require.NoError(t, err)
			require.NoError(t, curator.Conn().Delete(theirs, -1))
			if first == peers.Read {
				receive(t, granted, "the lock, which readers share")
				next := open(peers.Write)
				nextGranted := begin(t, s, at, next, 3)
				release(t, m)
				m, granted = next, nextGranted
			}
			requireWatched(t, e, downgraded, granted)
			require.NoError(t, curator.Conn().Delete(downgraded, -1))
			receive(t, granted, "the lock")
			release(t, m)
		})
	}
}

// requireWatched waits until somebody watches a znode, and fails if the lock is granted instead.
func requireWatched(t *testing.T, e *zktest.Ensemble, path string, granted <-chan struct{}) {
	t.Helper()
	eventually(t, func() bool {
		return !isOpen(granted) || len(watchers(e, path)) > 0
	}, "nobody waits for %s", path)
	select {
	case <-granted:
		require.FailNow(t, "granted although the lock is held")
	case <-time.After(50 * time.Millisecond): // enough to look again, and be granted it wrongly
	}
}

// watchers returns the sessions that watch a znode at the ensemble's first server.
func watchers(e *zktest.Ensemble, path string) (sessions []int64) {
	watches, err := e.Servers()[0].Command("wchp")
	if err != nil {
		return nil
	}
	found := false
	for line := range strings.Lines(watches) {
		line = strings.TrimSuffix(line, "\n")
		id, isSession := strings.CutPrefix(line, "\t0x")
		switch session, err := strconv.ParseUint(id, 16, 64); {
		case !isSession:
			found = line == path
		case found && err == nil:
			sessions = append(sessions, int64(session))
		}
	}
	return sessions
}
