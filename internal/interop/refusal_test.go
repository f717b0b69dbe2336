package interop_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// unsafePairs are the pairs that docs/interop.md does not call safe: which of zklock's namings, and
// whose candidates it refuses.
var unsafePairs = []struct {
	naming    zklock.Naming
	ours      peers.Kind
	strangers []side
}{
	{zklock.NamingDefault, peers.Mutex, []side{curatorRead, curatorWrite, kazooMutex, kazooRead, zktoolsRead, zktoolsWrite}},
	{zklock.NamingDefault, peers.Write, []side{curatorMutex, curatorRead, curatorWrite, kazooMutex, kazooRead}},
	{zklock.NamingDefault, peers.Read, []side{curatorMutex, curatorRead, curatorWrite, kazooMutex, kazooRead}},
	{zklock.NamingCurator, peers.Mutex, []side{curatorRead, curatorWrite, kazooMutex, kazooRead, zktoolsRead, zktoolsWrite}},
	{zklock.NamingCurator, peers.Write, []side{curatorMutex, kazooMutex, kazooRead, zktoolsMutex, zktoolsRead, zktoolsWrite, zktoolsAsync, writeLock}},
	{zklock.NamingCurator, peers.Read, []side{curatorMutex, kazooMutex, kazooRead, zktoolsMutex, zktoolsRead, zktoolsWrite, zktoolsAsync, writeLock}},
	{zklock.NamingKazoo, peers.Mutex, []side{curatorMutex, curatorRead, curatorWrite, zktoolsMutex, zktoolsRead, zktoolsWrite, zktoolsAsync, writeLock}},
	{zklock.NamingKazoo, peers.Write, []side{curatorMutex, curatorRead, curatorWrite, zktoolsMutex, zktoolsRead, zktoolsWrite, zktoolsAsync, writeLock}},
	{zklock.NamingKazoo, peers.Read, []side{curatorMutex, curatorRead, curatorWrite, zktoolsMutex, zktoolsRead, zktoolsWrite, zktoolsAsync, writeLock}},
	{zklock.NamingZktools, peers.Mutex, []side{zkLock, curatorMutex, curatorRead, curatorWrite, kazooMutex, kazooRead, zktoolsRead, zktoolsWrite, writeLock}},
	{zklock.NamingZktools, peers.Write, []side{zkLock, curatorMutex, curatorRead, curatorWrite, kazooMutex, kazooRead, writeLock}},
	{zklock.NamingZktools, peers.Read, []side{zkLock, curatorMutex, curatorRead, curatorWrite, kazooMutex, kazooRead, writeLock}},
}

var (
	zkLock       = side{library: "zk.Lock", kind: peers.Mutex}
	curatorMutex = side{library: "Curator", kind: peers.Mutex}
	curatorRead  = side{library: "Curator", kind: peers.Read}
	curatorWrite = side{library: "Curator", kind: peers.Write}
	kazooMutex   = side{library: "kazoo", kind: peers.Mutex}
	kazooRead    = side{library: "kazoo", kind: peers.Read}
	zktoolsMutex = side{library: "zktools", kind: peers.Mutex}
	zktoolsRead  = side{library: "zktools", kind: peers.Read}
	zktoolsWrite = side{library: "zktools", kind: peers.Write}
	zktoolsAsync = side{library: "zktools", kind: peers.Async}
	writeLock    = side{library: "WriteLock", kind: peers.Mutex}
)

// requests is what a client asks of the servers.
type requests struct {
	mu  sync.Mutex // guards the field below
	ops []int32
}

func (r *requests) hook(dir zktest.Direction, frame []byte) zktest.Verdict {
	if dir == zktest.ToServer && len(frame) >= 12 {
		if op := int32(binary.BigEndian.Uint32(frame[8:])); op != wire.OpPing {
			r.mu.Lock()
			r.ops = append(r.ops, op)
			r.mu.Unlock()
		}
	}
	return zktest.Pass
}

func (r *requests) take() []int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	ops := r.ops
	r.ops = nil
	return ops
}

// TestUnsafePairsAreRefused has every client hold the lock that zklock must not share with it: the
// acquisition fails with an error that says who is who, after the one request that tells a
// candidate from a mere name, and leaves nothing.
func TestUnsafePairsAreRefused(t *testing.T) {
	t.Parallel()
	e := server(t)
	proxy := e.Proxy(t)
	s, outside := dial(t, proxy.Addr()), dial(t, e.Connect())
	var asked requests
	proxy.OnFrame(asked.hook)
	for _, test := range unsafePairs {
		for _, stranger := range test.strangers {
			t.Run(fmt.Sprintf("%v-%s-%s-%s", test.naming, test.ours, stranger.library,
				stranger.kind), func(t *testing.T) {
				name := lockName(t)
				theirs := stranger.handle(t, nil, stranger.kind, name)
				acquire(t, theirs)
				m := open(t, s, test.ours, name, zklock.WithNaming(test.naming))
				before := children(t, outside, m.Path())
				require.Len(t, before, 1)
				asBefore := func() { // the removal may come after the call that was refused
					eventually(t, func() bool {
						return slices.Equal(before, children(t, outside, m.Path()))
					}, "a znode is left")
				}
				_, err := m.TryLockContext(t.Context())
				require.ErrorIs(t, err, zklock.ErrMixedDialects)
				asBefore()
				asked.take()
				_, err = m.LockContext(t.Context())
				require.ErrorIs(t, err, zklock.ErrMixedDialects)
				asBefore()
				ops := asked.take()
				assert.ErrorContains(t, err, before[0])
				assert.ErrorContains(t, err, stranger.library)
				assert.ErrorContains(t, err, "Use ")
				assert.Equal(t,
					[]int32{wire.OpCreate2, wire.OpGetChildren, wire.OpExists, wire.OpDelete}, ops)
				release(t, theirs)
				acquire(t, m) // they have gone
				release(t, m)
			})
		}
	}
}

// TestAStrangerBehindIsRefusedToo has the stranger come second: whoever of ours comes next is
// refused, although it would wait for a handle of its own kind.
func TestAStrangerBehindIsRefusedToo(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	holder, next := open(t, s, peers.Mutex, lockName(t)), open(t, s, peers.Mutex, lockName(t))
	acquire(t, holder)
	kazoo := kazooMutex.handle(t, s, peers.Mutex, lockName(t))

	// What cannot be helped: kazoo does not see us, and is granted a lock that is taken.
	got, err := kazoo.Lock(0)
	require.NoError(t, err)
	assert.True(t, got, "kazoo has learned to see others: the documentation says otherwise")
	assert.True(t, isOpen(holder.Lost()))

	_, err = next.LockContext(t.Context())
	assert.ErrorIs(t, err, zklock.ErrMixedDialects)
	release(t, kazoo)
	release(t, holder)
}

// TestZkLockFailsOverReaders has zk.Lock come to a read/write lock of ours: it cannot read the
// names, and is not granted anything.
func TestZkLockFailsOverReaders(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	reader := open(t, s, peers.Read, lockName(t))
	acquire(t, reader)
	client := start(t, "zk.Lock")
	defer client.Close()
	h, err := client.Open(peers.Mutex, reader.Path())
	require.NoError(t, err)
	_, err = h.Lock(0)
	assert.Error(t, err)
	assert.Len(t, children(t, s, reader.Path()), 2, "zk.Lock leaves its candidate")
	release(t, reader)
}

// TestADefaultRWMutexWaitsForZkLock has zk.Lock hold the lock when a read/write lock comes under the
// default naming: no two are inside, so it is not refused.
func TestADefaultRWMutexWaitsForZkLock(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	theirs := zkLock.handle(t, nil, peers.Mutex, lockName(t))
	acquire(t, theirs)
	for _, kind := range []peers.Kind{peers.Read, peers.Write} {
		_, err := open(t, s, kind, lockName(t)).TryLockContext(t.Context())
		assert.ErrorIs(t, err, zklock.ErrLocked)
	}
	release(t, theirs)
	reader := open(t, s, peers.Read, lockName(t))
	acquire(t, reader)
	release(t, reader)
}

// TestMalformedChildrenHarmNobody fills a lock's znode with names of every client's that are no
// candidates, and with nonsense.
func TestMalformedChildrenHarmNobody(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	const id, uuid = "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"
	names := []string{
		"_c_" + id + "-lock-0000000000", "_c_" + id + "-read-0000000000",
		"_c_" + uuid + "-lock-0000000000", "_c_x-lock-0000000000",
		"_c_" + uuid + "-__READ__0000000000", "_c_" + uuid + "-__WRIT__0000000000",
		id + "-lock--0000000000", id + "-write--0000000000",
		id + "-lock-0000000000", id + "__rlock__0000000000", id + "__lock__0000000000",
		"!", "lock-", "_c_x", "x-lock-99999999999", "__lock__", "-__WRIT__", "write-00000000x0",
		id + "__lock__-000000001",
	}
	for _, n := range []zklock.Naming{zklock.NamingDefault, zklock.NamingZktools,
		zklock.NamingCurator, zklock.NamingKazoo} {
		for _, kind := range []peers.Kind{peers.Mutex, peers.Read, peers.Write} {
			t.Run(fmt.Sprintf("%v-%s", n, kind), func(t *testing.T) {
				m := open(t, s, kind, lockName(t), zklock.WithNaming(n))
				acquire(t, m) // makes the parents
				for _, name := range names {
					if n == zklock.NamingKazoo &&
						slices.Contains([]string{id + "__lock__0000000000",
							id + "__rlock__0000000000"}, name) {
						// kazoo has candidates that are persistent, see
						// TestKazoosPersistentCandidates
						continue
					}
					_, err := s.Conn().Create(m.Path()+"/"+name, nil, zk.FlagPersistent,
						zk.WorldACL(zk.PermAll))
					require.NoError(t, err)
				}
				release(t, m) // not before: the server removes an empty container when it likes
				for range 2 {
					acquire(t, m)
					list, err := m.Mutex.Contenders(t.Context())
					require.NoError(t, err)
					assert.Len(t, list, 1)
					release(t, m)
				}
			})
		}
	}
}

// TestKazoosPersistentCandidates waits for a candidate of kazoo's acquire(ephemeral=False), as
// kazoo does.
func TestKazoosPersistentCandidates(t *testing.T) {
	t.Parallel()
	e := server(t)
	s := dial(t, e.Connect())
	for i, opts := range [][]zklock.LockOption{naming(zklock.NamingKazoo), patterns} {
		m := open(t, s, peers.Mutex, lockName(t)+fmt.Sprint(i), opts...)
		acquire(t, m)
		path, err := s.Conn().Create(m.Path()+"/0123456789abcdef0123456789abcdef__lock__", nil,
			zk.FlagSequence, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		release(t, m) // not before: the server removes an empty container when it likes
		_, err = m.TryLockContext(t.Context())
		assert.ErrorIs(t, err, zklock.ErrLocked)
		list, err := m.Mutex.Contenders(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.True(t, list[0].Holder)
		granted := begin(t, s, m.Path(), m, 2)
		requireWatched(t, e, path, granted)
		require.NoError(t, s.Conn().Delete(path, -1))
		receive(t, granted, "the lock")
		release(t, m)
	}
}

func TestAnInvalidNamingIsAnError(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	_, err := s.Mutex("x", zklock.WithNaming(zklock.NamingKazoo+1))
	assert.ErrorContains(t, err, "NamingDefault")
	_, err = s.RWMutex("x", zklock.WithNaming(zklock.NamingKazoo+1))
	assert.Error(t, err)
	_, err = s.Mutex("x", zklock.WithNaming(zklock.NamingKazoo), zklock.WithKazooPatterns())
	assert.ErrorContains(t, err, "WithKazooPatterns")
	assert.Equal(t, "Naming(4)", (zklock.NamingKazoo + 1).String())
}

// TestACohortIsRefused has goroutines share a candidate: each of them learns that it was refused.
func TestACohortIsRefused(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	theirs := curatorMutex.handle(t, s, peers.Mutex, lockName(t))
	acquire(t, theirs)
	m := open(t, s, peers.Write, lockName(t), zklock.WithLocalHandoff(3))
	var all []*zklock.Pending
	for range 3 {
		all = append(all, m.LockAsync(t.Context()))
	}
	for _, p := range all {
		receive(t, p.Done(), "refusal")
		assert.ErrorIs(t, p.Err(), zklock.ErrMixedDialects)
	}
	eventually(t, func() bool { return len(children(t, s, m.Path())) == 1 }, "a znode is left")
	release(t, theirs)
	acquire(t, m)
	release(t, m)
}
