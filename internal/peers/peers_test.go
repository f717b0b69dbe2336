package peers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/peers"
	"github.com/zookylock/zklock/zktest"
)

const sessionTimeout = 20 * time.Second

// start starts one client of each peer that test names.
func start(t *testing.T, e *zktest.Ensemble, name string) peers.Client {
	t.Helper()
	client, err := peers.Start(t.Context(), name, e.Connect(), sessionTimeout, t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

// TestPeersExcludeThemselves runs each peer alone: three locks of one client.
func TestPeersExcludeThemselves(t *testing.T) {
	locktest.NeedsServer(t)
	if testing.Short() {
		t.Skip("may fetch kazoo and Curator")
	}
	e := zktest.Start(t)
	for _, name := range []string{"kazoo", "Curator", "WriteLock", "zk.Lock", "zktools"} {
		t.Run(name, func(t *testing.T) {
			client := start(t, e, name)
			site, err := peers.NewSite(t.TempDir())
			require.NoError(t, err)
			const n = 20
			var g errgroup.Group
			for range 3 {
				h, err := client.Open(peers.Mutex, "/peers-"+name+"/lock")
				require.NoError(t, err)
				g.Go(func() error { return h.Churn(n, site.Dir()) })
			}
			require.NoError(t, g.Wait())
			count, err := site.Counter()
			require.NoError(t, err)
			assert.Equal(t, 3*n, count)
			id, err := client.SessionID()
			require.NoError(t, err)
			assert.NotZero(t, id)
		})
	}
}

// TestASiteTellsOverlaps checks the checker.
func TestASiteTellsOverlaps(t *testing.T) {
	site, err := peers.NewSite(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, site.Visit(peers.Mutex, "one-a"))
	require.NoError(t, site.Visit(peers.Read, "other-b"))
	count, err := site.Counter()
	require.NoError(t, err)
	assert.Equal(t, 1, count)
	require.NoError(t, site.Visit(peers.Read, "another-b"))
	visits, err := site.Visits()
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "other", "another"}, visits)

	require.NoError(t, os.WriteFile(site.Dir()+"/r-other", nil, 0o600))
	assert.NoError(t, site.Visit(peers.Read, "c"))
	assert.ErrorContains(t, site.Visit(peers.Write, "d"), "overlap")
	require.NoError(t, os.WriteFile(site.Dir()+"/w-other", nil, 0o600))
	assert.ErrorContains(t, site.Visit(peers.Read, "e"), "overlap")
}

// TestAKilledPeer ends its calls and leaves its candidate to the session timeout.
func TestAKilledPeer(t *testing.T) {
	locktest.NeedsServer(t)
	if testing.Short() {
		t.Skip("may fetch kazoo")
	}
	e := zktest.Start(t)
	client := start(t, e, "kazoo")
	h, err := client.Open(peers.Mutex, "/killed/lock")
	require.NoError(t, err)
	got, err := h.Lock(0)
	require.NoError(t, err)
	require.True(t, got)
	client.Kill()
	assert.Error(t, h.Unlock())
	conn, _, err := zk.Connect([]string{e.Connect()}, sessionTimeout, zk.WithLogInfo(false))
	require.NoError(t, err)
	defer conn.Close()
	children, _, err := conn.Children("/killed/lock")
	require.NoError(t, err)
	assert.Len(t, children, 1)
}

// TestFetchPeers fetches everything that runs the peers, Python and Java too, into an empty cache:
// 55 MB, so only when asked for.
func TestFetchPeers(t *testing.T) {
	locktest.NeedsServer(t)
	if os.Getenv("ZKLOCK_TEST_FETCH") == "" {
		t.Skip("set ZKLOCK_TEST_FETCH=1 to fetch 55 MB")
	}
	e := zktest.Start(t)
	bin := t.TempDir() // a PATH with neither; apt needs more programs than can be listed
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		programs, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, program := range programs {
			if name := program.Name(); !strings.HasPrefix(name, "java") &&
				!strings.HasPrefix(name, "python") {
				// the first on the PATH wins
				os.Symlink(filepath.Join(dir, name), filepath.Join(bin, name))
			}
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("JAVA_HOME", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, name := range []string{"kazoo", "Curator"} {
		h, err := start(t, e, name).Open(peers.Mutex, "/fetched/lock")
		require.NoError(t, err)
		got, err := h.Lock(0)
		require.NoError(t, err)
		assert.True(t, got)
		require.NoError(t, h.Unlock())
	}
	// Without apt-get, and nothing there.
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := peers.Kazoo(t.Context(), t.Logf)
	assert.ErrorContains(t, err, "Install Python 3 and kazoo")
	_, err = peers.Curator(t.Context(), t.Logf)
	assert.ErrorContains(t, err, "Install a JDK")
}
