package zktest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestRootsDiffer(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, zktest.Root(t), zktest.Root(t))
	t.Run("ü / strange\x00name, "+string(make([]byte, 300)), func(t *testing.T) {
		assert.Regexp(t, `^/zktest-[A-Za-z0-9_-]+$`, zktest.Root(t))
	})
}

// TestRootIsRemovedFromTheUsersServer has a session of the test still hold a lock when it ends.
func TestRootIsRemovedFromTheUsersServer(t *testing.T) {
	locktest.NeedsServer(t)
	needsServer(t)
	for _, chroot := range []string{"", "/chroot"} {
		server := zktest.Start(t, zktest.WithServers(1))
		conn, _ := connect(t, server.Connect())
		t.Run("chroot "+chroot, func(t *testing.T) {
			t.Setenv("ZKLOCK_CONNECT", server.Connect()+chroot)
			zktest.Root(t) // is not used
			root := zktest.Root(t)
			s, err := zklock.Dial(t.Context(), server.Connect()+chroot, zklock.WithRoot(root))
			require.NoError(t, err)
			t.Cleanup(func() { s.Close() })
			m, err := s.Mutex("a/b")
			require.NoError(t, err)
			_, err = m.LockContext(t.Context())
			require.NoError(t, err)
			exists, _, err := conn.Exists(chroot + root + "/a/b")
			require.NoError(t, err)
			require.True(t, exists)
		})
		top := chroot
		if top == "" {
			top = "/"
		}
		left, _, err := conn.Children(top)
		require.NoError(t, err)
		for _, name := range left {
			assert.NotContains(t, name, "zktest-")
		}
	}
}
