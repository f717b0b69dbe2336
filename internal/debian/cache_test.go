//go:build unix

package debian_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/debian"
)

var errCreated = errors.New("created")

// entry asks for an entry of a cache below home. It is errCreated if there is none.
func entry(t *testing.T, home string) (string, error) {
	t.Helper()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", home)
	cache, err := debian.Open(t.Logf)
	if err != nil {
		return "", err
	}
	return cache.Entry(t.Context(), "java", func(string) (string, error) { return "", errCreated })
}

// filled is a home with a cache that has the entry.
func filled(t *testing.T) (home, dir string) {
	t.Helper()
	home = t.TempDir()
	dir = filepath.Join(home, "zklock", "java")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, d := range []string{filepath.Dir(dir), dir} {
		require.NoError(t, os.Chmod(d, 0o755)) // whatever the umask
	}
	return home, dir
}

func TestCacheIsUsed(t *testing.T) {
	home, dir := filled(t)
	found, err := entry(t, home)
	require.NoError(t, err)
	assert.Equal(t, dir, found)
	_, err = entry(t, t.TempDir())
	assert.ErrorIs(t, err, errCreated)
}

// TestCacheOfOthersIsRefused has others own the cache or its entry, or be allowed to write there.
func TestCacheOfOthersIsRefused(t *testing.T) {
	for name, of := range map[string]func(dir string) string{"the entry": filepath.Clean, "the cache": filepath.Dir} {
		for _, mode := range []os.FileMode{0o775, 0o757, 0o777} {
			t.Run(name+" with "+mode.String(), func(t *testing.T) {
				home, dir := filled(t)
				require.NoError(t, os.Chmod(of(dir), mode))
				_, err := entry(t, home)
				assert.ErrorContains(t, err, of(dir)+" may be written to by others")
			})
		}
		t.Run(name+" of another user", func(t *testing.T) {
			home, dir := filled(t)
			if err := os.Chown(of(dir), 65534, -1); err != nil {
				t.Skip("takes root: ", err)
			}
			_, err := entry(t, home)
			assert.ErrorContains(t, err, of(dir)+" belongs to another user")
		})
	}
	t.Run("empty and of another user", func(t *testing.T) {
		home := t.TempDir()
		dir := filepath.Join(home, "zklock")
		require.NoError(t, os.Mkdir(dir, 0o755))
		if err := os.Chown(dir, 65534, -1); err != nil {
			t.Skip("takes root: ", err)
		}
		_, err := entry(t, home)
		assert.ErrorContains(t, err, dir+" belongs to another user")
	})
}

func TestCacheIsAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := entry(t, "relative")
	assert.ErrorContains(t, err, "relative")
	require.NotErrorIs(t, err, errCreated)
	left, err := os.ReadDir(".")
	require.NoError(t, err)
	assert.Empty(t, left)
}
