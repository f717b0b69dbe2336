package zktest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// hideJava has a PATH with every program of the present one but java. apt needs more of them than
// can be listed: gpgv, sort, cmp and so on.
func hideJava(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Fatalf("this test needs Debian or Ubuntu: %v; go test -short leaves it out", err)
	}
	bin := t.TempDir()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		programs, err := os.ReadDir(dir)
		if err != nil {
			continue // a folder on the PATH that does not exist
		}
		for _, program := range programs {
			if name := program.Name(); name != "java" {
				// The first on the PATH wins, so an error is as it should be.
				os.Symlink(filepath.Join(dir, name), filepath.Join(bin, name))
			}
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("JAVA_HOME", "")
}

func javaHome(t *testing.T, e *zktest.Ensemble) string {
	t.Helper()
	envi, err := e.Servers()[0].Command("envi")
	require.NoError(t, err)
	for line := range strings.Lines(envi) {
		if home, ok := strings.CutPrefix(strings.TrimSpace(line), "java.home="); ok {
			return home
		}
	}
	t.Fatalf("no java.home in %q", envi)
	return ""
}

// The first run fetches 45 MB, later ones find them in the cache.
func TestUnpackedJava(t *testing.T) {
	locktest.NeedsServer(t)
	if testing.Short() {
		t.Skip("may fetch a Java runtime")
	}
	hideJava(t)
	e := zktest.Start(t, zktest.WithServers(1))
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	home := javaHome(t, e)
	require.True(t, strings.HasPrefix(home, cache), home)
	conn, _ := connect(t, e.Connect())
	_, _, err = conn.Get("/")
	require.NoError(t, err)
}

// From an empty cache and without package lists, as in a fresh container, by two at once. It
// fetches 60 MB every time, so only when asked for.
func TestFetchEverything(t *testing.T) {
	locktest.NeedsServer(t)
	if os.Getenv("ZKLOCK_TEST_FETCH") == "" {
		t.Skip("set ZKLOCK_TEST_FETCH=1 to fetch 60 MB")
	}
	hideJava(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	noLists := filepath.Join(t.TempDir(), "apt.conf")
	require.NoError(t,
		os.WriteFile(noLists, fmt.Appendf(nil, "Dir::State::lists %q;\n", t.TempDir()), 0o644))
	t.Setenv("APT_CONFIG", noLists)

	var mu sync.Mutex // guards fetches
	fetches := 0
	logf := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		line := fmt.Sprintf(format, args...)
		t.Log(line)
		if strings.Contains(line, "fetching") {
			fetches++
		}
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			e, err := zktest.Run(t.Context(), zktest.WithServers(1), zktest.WithLogf(logf))
			if err != nil {
				t.Error(err)
				return
			}
			t.Log(javaHome(t, e))
			if err := e.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	require.Equal(t, 2, fetches, "ZooKeeper once and Java once")
	left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "zklock", "*"))
	require.NoError(t, err)
	require.Len(t, left, 3, "zookeeper, java and lock: %v", left)
}

func TestWithoutAptGet(t *testing.T) {
	locktest.NeedsServer(t)
	t.Setenv("PATH", t.TempDir())
	t.Setenv("JAVA_HOME", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	_, err := zktest.Run(t.Context(), zktest.WithServers(1))
	for _, part := range []string{
		"no apt-get", "Install", "Java", "ZKLOCK_ZOOKEEPER", "JAVA_HOME", "docker run",
		"ZKLOCK_CONNECT", "zktest.Fake",
	} {
		require.ErrorContains(t, err, part)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 1, "one message: %v", err)
}

func TestWithoutAPlaceForTheCache(t *testing.T) {
	locktest.NeedsServer(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	t.Setenv("PATH", t.TempDir())
	t.Setenv("JAVA_HOME", "")
	t.Setenv("HOME", "")
	for _, cache := range []string{"", file} {
		t.Setenv("XDG_CACHE_HOME", cache)
		_, err := zktest.Run(t.Context(), zktest.WithServers(1))
		for _, part := range []string{"no cache", "XDG_CACHE_HOME", "docker run",
			"ZKLOCK_CONNECT"} {
			require.ErrorContains(t, err, part)
		}
	}
}

// recorder is a test that notes how it ends.
type recorder struct {
	testing.TB
	skipped, failed []any
}

func (r *recorder) Skip(args ...any)  { r.skipped = args; runtime.Goexit() }
func (r *recorder) Fatal(args ...any) { r.failed = args; runtime.Goexit() }

func TestStartOrSkip(t *testing.T) {
	needsServer(t)
	attempt := func() *recorder {
		r := &recorder{TB: t}
		var ended sync.WaitGroup
		ended.Go(func() { zktest.StartOrSkip(r, zktest.WithServers(1)) })
		ended.Wait()
		return r
	}
	r := attempt()
	require.Empty(t, r.failed)
	require.Empty(t, r.skipped, "there is a server to be had")

	t.Setenv("ZKLOCK_ZOOKEEPER", t.TempDir())
	r = attempt()
	require.NotEmpty(t, r.failed, "a mistake of the user's")
	t.Setenv("ZKLOCK_ZOOKEEPER", "")

	t.Setenv("PATH", t.TempDir())
	t.Setenv("JAVA_HOME", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	r = attempt()
	require.Empty(t, r.failed)
	require.NotEmpty(t, r.skipped)
	require.ErrorContains(t, r.skipped[0].(error), "docker run")
}

func TestVariablesThatPointNowhere(t *testing.T) {
	locktest.NeedsServer(t)
	for _, name := range []string{"ZKLOCK_ZOOKEEPER", "ZOOKEEPER_HOME", "JAVA_HOME"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv(name, dir)
			_, err := zktest.Run(t.Context(), zktest.WithServers(1))
			require.ErrorContains(t, err, name+"="+dir)
		})
	}
}

// A folder of jars and a release's layout, made of the cached jars.
func TestZooKeeperOfTheUsers(t *testing.T) {
	locktest.NeedsServer(t)
	zktest.Start(t, zktest.WithServers(1)) // fills the cache
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	jars, err := filepath.Glob(filepath.Join(cache, "zklock", "zookeeper", "*.jar"))
	require.NoError(t, err)
	if len(jars) == 0 {
		t.Skip("ZooKeeper is installed, so the cache has none")
	}
	for _, layout := range []string{".", "lib"} {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, layout), 0o755))
		for _, jar := range jars {
			switch base := filepath.Base(jar); base {
			case "zookeeper.jar", "zookeeper-jute.jar", "slf4j-api.jar", "slf4j-simple.jar",
				"metrics-core.jar", "snappy-java.jar":
				name := strings.TrimSuffix(base, ".jar") + "-9.9.9.jar"
				require.NoError(t, os.Symlink(jar, filepath.Join(dir, layout, name)))
			}
		}
		t.Setenv("ZKLOCK_ZOOKEEPER", dir)
		e := zktest.Start(t, zktest.WithServers(1))
		envi, err := e.Servers()[0].Command("envi")
		require.NoError(t, err)
		require.Contains(t, envi, "java.class.path="+filepath.Join(dir, layout)+"/")
	}
}
