package virtual

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// FuzzConnectString dials whatever it is given. The dialer accepts no connection, so that Dial must
// always fail: before the network is used, or because of its context, which ends with the first
// use.
func FuzzConnectString(f *testing.F) {
	for _, seed := range []string{
		"", "a", "a:1", "a:2181,b:2182/chroot", "[::1]:2181", "[::1]", "::1", "[::1%eth0]:1/x",
		"a,,b", " a , b ", "a:0", "a:65536",
		"a:+1", "a:01", "a:2181/", "a/", "/a", "a//", "a/..", "a/\x00", "a/\xff", "a\x00", "[a",
		"a]", "a]b", "[[a]]", "[]", "[]:1", "a:2181/ü/…",
		"a:1:2", ":2181", "\u00a0", "a b", "a\u2028b:1", "zookeeper://a:2181/x",
		strings.Repeat("a,", 100) + "a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, connect string) {
		used, dialed := context.WithCancel(t.Context())
		defer dialed()
		ctx, cancel := context.WithTimeout(used, patience)
		defer cancel()
		var mu sync.Mutex // guards addresses
		var addresses []string
		s, err := zklock.Dial(ctx, connect,
			zklock.WithDialer(func(_ context.Context, network, address string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				addresses = append(addresses, address)
				dialed()
				return nil, errors.New("nobody there")
			}))
		require.Nil(t, s)
		require.Error(t, err)
		require.Equal(t, len(addresses) > 0, used.Err() != nil)
		if len(addresses) == 0 {
			require.NotErrorIs(t, err, context.DeadlineExceeded, "accepted, and never dialed")
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		for _, address := range addresses {
			host, port, err := net.SplitHostPort(address)
			require.NoError(t, err)
			require.NotEmpty(t, host)
			require.False(t, strings.ContainsAny(host, "[]"), "%q", host)
			require.Contains(t, connect, host)
			require.False(t, strings.ContainsAny(host, " \t\r\n\x00/,"), "%q", host)
			n, err := strconv.Atoi(port)
			require.NoError(t, err)
			require.True(t, 0 < n && n < 1<<16, "port %d", n)
		}
		if i := strings.IndexByte(connect, '/'); i >= 0 {
			require.True(t, validPath(connect[i:]), "chroot")
		}
	})
}

// validPath is ZooKeeper's PathUtils.validatePath, of 3.8, which goes through UTF-16 as Java's
// strings do.
func validPath(path string) bool {
	if !utf8.ValidString(path) { // no Java string is sent as such bytes
		return false
	}
	c := utf16.Encode([]rune(path))
	if len(c) == 0 || c[0] != '/' {
		return false
	}
	if len(c) == 1 {
		return true
	}
	if c[len(c)-1] == '/' {
		return false
	}
	last := uint16('/')
	for i := 1; i < len(c); i++ {
		end := i+1 == len(c) || c[i+1] == '/'
		switch {
		case c[i] == 0:
			return false
		case c[i] == '/' && last == '/':
			return false
		case c[i] == '.' && last == '.' && c[i-2] == '/' && end:
			return false
		case c[i] == '.' && last == '/' && end:
			return false
		case c[i] <= 0x1f, 0x7f <= c[i] && c[i] <= 0x9f, 0xd800 <= c[i] && c[i] <= 0xf8ff,
			0xfff0 <= c[i]:
			return false
		}
		last = c[i]
	}
	return true
}

// fuzzSession is a Session on a fake server that serves a whole fuzz test, in real time.
func fuzzSession(f *testing.F, root string) *zklock.Session {
	f.Helper()
	cluster := fakezk.New(fakezk.Config{})
	f.Cleanup(cluster.Close)
	s, err := zklock.Dial(f.Context(), cluster.Connect(), zklock.WithDialer(cluster.Client().Dial),
		zklock.WithRoot(root))
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Close()) })
	return s
}

// FuzzLockName makes handles for whatever name it is given.
func FuzzLockName(f *testing.F) {
	for _, seed := range []string{
		"", "a", "/", "a/b", "/a", "a/", "a//b", ".", "..", "...", "a/.", "a/..", "./a", "../a",
		"a/./b", ".a", "a.", "a/..b", "a\x00", "\x1f", "\x7f", "\u009f",
		"\u00a0", "\xff", "\xed\xa0\x80", "\ud7ff", "\ue000", "\uefff", "\uf000", "\uf8ff",
		"\uf900", "\ufff0", "\uffff", "🔒", "\U00010000",
		"\u2028", "a b", strings.Repeat("x", 1024), strings.Repeat("x", 1025),
		strings.Repeat("ü", 600),
	} {
		f.Add(seed)
	}
	const root = "/some/root"
	s := fuzzSession(f, root)
	f.Fuzz(func(t *testing.T, name string) {
		m, err := s.Mutex(name)
		rw, rwErr := s.RWMutex(name)
		require.Equal(t, err == nil, rwErr == nil)
		if err != nil {
			require.ErrorIs(t, err, zklock.ErrInvalidName)
			require.False(t, name != "" && len(name) <= 1024 && validPath("/"+name),
				"refused without a reason: %v", err)
			return
		}
		require.True(t, validPath(m.Path()), "servers refuse %q", m.Path())
		require.Equal(t, name, m.Name())
		require.Equal(t, root+"/"+name, m.Path())
		require.Equal(t, m.Path(), rw.Path())
		require.Equal(t, m.Path(), rw.Reader().Path())
		again, err := s.Mutex(strings.TrimPrefix(m.Path(), root+"/"))
		require.NoError(t, err)
		require.Equal(t, m.Path(), again.Path())
	})
}

// FuzzNodeData writes whatever it is given into the znode of a holder, which is revoked by the
// marks and by nothing else.
func FuzzNodeData(f *testing.F) {
	for _, seed := range []string{
		"", "unlock", "__REVOKE__", "Unlock", "unlock ", " unlock", "unlock\x00", "unloc",
		"unlockunlock", "0", "__REVOKE__\n", "\xff\xfe", "host/1",
		strings.Repeat("unlock", 1000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			t.Skip("servers refuse it")
		}
		synctest.Test(t, func(t *testing.T) {
			cluster := fakezk.New(fakezk.Config{})
			defer cluster.Close()
			s, err := zklock.Dial(t.Context(), cluster.Connect(),
				zklock.WithDialer(cluster.Client().Dial))
			require.NoError(t, err)
			defer s.Close()
			m, err := s.Mutex("m")
			require.NoError(t, err)
			revoked, err := m.LockContext(t.Context())
			require.NoError(t, err)
			time.Sleep(50 * time.Millisecond) // sleep ok: virtual; a hold that is soon over is not watched
			guard, err := m.Guard()
			require.NoError(t, err)
			_, err = s.Conn().Set(guard.Path, data, -1)
			require.NoError(t, err)
			synctest.Wait() // until all is quiet
			mark := string(data) == "unlock" || string(data) == "__REVOKE__"
			require.Equal(t, mark, !isOpen(revoked))
			require.Equal(t, mark, errors.Is(m.Err(), zklock.ErrRevoked))
			require.True(t, isOpen(m.Lost()))
			contenders, err := m.Contenders(t.Context())
			require.NoError(t, err)
			require.Len(t, contenders, 1)
			require.Equal(t, mark, contenders[0].Revoked)
			_, err = s.Conn().Set(guard.Path, []byte("unlock"), -1) // whatever stood there before
			require.NoError(t, err)
			synctest.Wait()
			require.False(t, isOpen(revoked))
			require.NoError(t, m.UnlockContext(t.Context()))
			_, _, err = s.Conn().Get(guard.Path)
			require.ErrorIs(t, err, zk.ErrNoNode)
			time.Sleep(time.Second) // sleep ok: virtual time
		})
	})
}
