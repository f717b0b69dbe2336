package e2e

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"slices"
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
)

// tree is a server that makes up its znodes: children says what is below a path.
type tree struct {
	listener net.Listener
	children func(path string) []string
	owner    atomic.Int64 // of what Exists and GetData tell of
	wait     sync.WaitGroup
}

func newTree(tb testing.TB, owner int64, children func(path string) []string) *tree {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	s := &tree{listener: listener, children: children}
	s.owner.Store(owner)
	s.wait.Go(func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.wait.Go(func() { s.serve(conn) }) // ends when the client closes the connection
		}
	})
	tb.Cleanup(func() {
		listener.Close()
		s.wait.Wait()
	})
	return s
}

func (s *tree) serve(conn net.Conn) {
	defer conn.Close()
	frame := func() []byte {
		var length [4]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return nil
		}
		b := make([]byte, binary.BigEndian.Uint32(length[:]))
		if _, err := io.ReadFull(conn, b); err != nil {
			return nil
		}
		return b
	}
	send := func(b []byte) {
		conn.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		conn.Write(b)
	}
	if frame() == nil {
		return
	}
	hello := binary.BigEndian.AppendUint32(make([]byte, 4), 30000)
	hello = binary.BigEndian.AppendUint64(hello, 0x1234)
	send(append(binary.BigEndian.AppendUint32(hello, 16), make([]byte, 16)...))
	for request := frame(); request != nil; request = frame() {
		reply := append([]byte{}, request[:4]...)
		reply = append(reply, make([]byte, 8+4)...) // zxid, no error
		switch op := int32(binary.BigEndian.Uint32(request[4:])); op {
		case wire.OpGetChildren, wire.OpGetChildren2:
			names := s.children(pathOf(request))
			reply = binary.BigEndian.AppendUint32(reply, uint32(len(names)))
			for _, name := range names {
				reply = append(binary.BigEndian.AppendUint32(reply, uint32(len(name))), name...)
			}
			if op == wire.OpGetChildren2 {
				reply = append(reply, stat(0)...)
			}
		case wire.OpMultiRead:
			const unimplemented = -6
			binary.BigEndian.PutUint32(reply[12:], 1<<32+unimplemented)
		case wire.OpExists:
			reply = append(reply, stat(s.owner.Load())...)
		case wire.OpGetData:
			data := make([]byte, 1<<20)
			reply = append(binary.BigEndian.AppendUint32(reply, uint32(len(data))), data...)
			reply = append(reply, stat(s.owner.Load())...)
		}
		send(reply)
	}
}

func pathOf(request []byte) string {
	n := binary.BigEndian.Uint32(request[8:])
	return string(request[12 : 12+n])
}

func stat(owner int64) []byte {
	var b []byte
	for _, v := range []int64{1, 1, 0, 0} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	b = append(b, make([]byte, 12)...)
	b = binary.BigEndian.AppendUint64(b, uint64(owner))
	b = append(b, make([]byte, 8)...)
	return binary.BigEndian.AppendUint64(b, 1)
}

// many returns so many names of a length.
func many(n, length int, tail string) []string {
	names := make([]string, n)
	for i := range names {
		number := []byte("00000000")
		for j, rest := len(number)-1, i; j >= 0; j, rest = j-1, rest/10 {
			number[j] = byte('0' + rest%10)
		}
		names[i] = string(number) + strings.Repeat("x", max(0, length-len(number)-len(tail))) + tail
	}
	return names
}

// TestLocksKeepsWithinItsBounds has a server make up trees of all kinds that are too large, each of
// answers under 8 MiB.
func TestLocksKeepsWithinItsBounds(t *testing.T) {
	slow(t)
	long, short, numbered := many(7000, 1000, ""), many(150_000, 8, ""),
		many(100_000, 20, "-lock-0000000001")
	child := many(1, 1_400_000, "")
	manyBelow := many(200_000, 8, "")
	for name, children := range map[string]func(string) []string{
		"long names without end":  func(string) []string { return long },
		"short names without end": func(string) []string { return short },
		"numbers without end":     func(string) []string { return numbered },
		"depth without end":       func(string) []string { return []string{"a"} },
		"one long name with many below": func(path string) []string {
			if path == "/ZktoolsLocks" {
				return child
			}
			return manyBelow
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := memory()
			server := newTree(t, 0, children)
			s := dialTo(t, server.listener.Addr().String(), zklock.WithRoot("/ZktoolsLocks"))
			// it would take long to ask for a million
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			locks, err := s.Locks(ctx)
			require.Error(t, err)
			if ctx.Err() == nil {
				require.ErrorIs(t, err, zklock.ErrIncomplete)
				for _, l := range locks {
					assert.LessOrEqual(t, len(l.Name), 1024)
				}
			}
			require.Less(t, memory()-before, 1<<30)
		})
	}
}

// FuzzLocks lists trees of any names, three levels deep.
func FuzzLocks(f *testing.F) {
	for _, names := range []string{
		"", "a", "a\nb\na", "_c_00000000000000000000000000000000-lock-0000000001\nb",
		"lock-0000000001\nx-lock-0000000000",
		"\xff\xfe\n..\n.\n\x00", strings.Repeat("x", 600), strings.Repeat("x", 1100),
		"x-read-2147483647\nx-write--000000001\nzookeeper",
	} {
		f.Add([]byte(names), int64(7))
		f.Add([]byte(names), int64(0))
	}
	const root, deep = "/r", 3
	var names atomic.Pointer[[]string]
	server := newTree(f, 0, func(path string) []string {
		if strings.Count(path, "/") > deep {
			return nil
		}
		return *names.Load()
	})
	s, err := zklock.Dial(f.Context(), server.listener.Addr().String(), zklock.WithRoot(root))
	require.NoError(f, err)
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, data []byte, owner int64) {
		children := []string{}
		for _, name := range strings.Split(string(data), "\n") {
			if name != "" && !strings.Contains(name, "/") && len(children) < 6 {
				children = append(children, name) // others break the connection
			}
		}
		names.Store(&children)
		server.owner.Store(owner)
		locks, err := s.Locks(t.Context())
		if err != nil {
			require.ErrorIs(t, err, zklock.ErrIncomplete)
		}
		for _, l := range locks {
			require.LessOrEqual(t, len(l.Name), 1024)
			require.NotEmpty(t, l.Name)
			require.LessOrEqual(t, l.Holders+l.Waiters, len(children))
			require.True(t, owner != 0 || l.Holders == 0,
				"a lock of candidates that belong to no session")
			require.Equal(t, l.Holders == 0, l.Kind == 0)
			for _, part := range strings.Split(l.Name, "/") {
				require.Contains(t, children, part)
			}
		}
		require.True(t,
			slices.IsSortedFunc(locks, func(a, b zklock.LockInfo) int {
				return strings.Compare(a.Name, b.Name)
			}))
	})
}

// TestContendersKeepsWithinItsBounds has a server show a queue of candidates with a megabyte of
// data each.
func TestContendersKeepsWithinItsBounds(t *testing.T) {
	names := many(50, 20, "-lock-0000000001")
	server := newTree(t, 7, func(string) []string { return names })
	s := dialTo(t, server.listener.Addr().String(), zklock.WithRoot("/ZktoolsLocks"))
	q, err := mutex(t, s, "large").Contenders(t.Context())
	require.NoError(t, err)
	require.Len(t, q, len(names))
	for _, c := range q {
		require.Len(t, c.Data, 4096)
	}
}

// memory is how many bytes the process has had of the system at most.
func memory() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.Sys)
}

// TestPrivateZnodesAreShownAsSuch has a lock, and a candidate, that others may not read among those
// that they may.
func TestPrivateZnodesAreShownAsSuch(t *testing.T) {
	s := dial(t)
	open := mutex(t, s, "open")
	makeChild(t, s, open, "stays", persistent)
	lock(t, open)
	private := zk.DigestACL(zk.PermAll, "ann", "secret")
	_, err := s.Conn().Create(root(t)+"/private", nil, persistent, private)
	require.NoError(t, err)
	znode, err := s.Conn().Create(open.Path()+"/_c_00000000000000000000000000000000-lock-",
		[]byte("who"), ephemeralSequential, private)
	require.NoError(t, err)

	locks, err := s.Locks(t.Context())
	require.NoError(t, err)
	shown := make(map[string]zklock.LockInfo)
	for _, l := range locks {
		shown[l.Name] = l
	}
	assert.Equal(t, 1, shown["open"].Holders)
	assert.Equal(t, 1, shown["open"].Waiters)
	assert.NoError(t, shown["open"].Err)
	assert.ErrorIs(t, shown["private"].Err, zk.ErrNoAuth)

	q := contenders(t, open)
	require.Len(t, q, 2)
	assert.NoError(t, q[0].Err)
	assert.ErrorIs(t, q[1].Err, zk.ErrNoAuth)
	assert.Equal(t, znode, open.Path()+"/"+q[1].Znode)
	if q[1].Zxid != 0 { // ZooKeeper tells nothing of such a znode from 3.9.2 on
		assert.Equal(t, 3, q[1].DataSize)
		assert.NotZero(t, q[1].SessionID)
	}

	revoked := open.Revoked()
	n, err := mutex(t, dial(t), "open").RevokeAll(t.Context())
	assert.Equal(t, 1, n)
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	receive(t, revoked, "revocation")
	open.Unlock()
}
