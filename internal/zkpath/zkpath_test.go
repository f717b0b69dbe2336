package zkpath_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/zkpath"
)

func TestCheck(t *testing.T) {
	for path, fine := range map[string]bool{
		"/":           true,
		"/a":          true,
		"/a/b.c":      true,
		"":            false,
		"a":           false,
		"/a/":         false,
		"//a":         false,
		"/a/./b":      false,
		"/a/..":       false,
		"/a\x00":      false,
		"/\xff":       false,
		"/\U0001F512": false, // beyond U+FFFF
	} {
		if err := zkpath.Check(path); fine {
			assert.NoError(t, err, "%q", path)
		} else {
			assert.Error(t, err, "%q", path)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range [][3]string{
		{"/", "/", "/"}, {"/", "/a", "/a"}, {"/a", "/", "/a"}, {"/a", "/b", "/a/b"},
	} {
		assert.Equal(t, c[2], zkpath.Join(c[0], c[1]))
	}
}

func TestParseConnect(t *testing.T) {
	servers, chroot, err := zkpath.ParseConnect("a, b:1,[::1],[::1]:2/c/d")
	require.NoError(t, err)
	assert.Equal(t, []string{"a:2181", "b:1", "[::1]:2181", "[::1]:2"}, servers)
	assert.Equal(t, "/c/d", chroot)
	for _, bad := range []string{"", ",", "a:", "a:0", "a:65536", "::1", "a//b", "[]:1"} {
		_, _, err := zkpath.ParseConnect(bad)
		assert.Error(t, err, "%q", bad)
	}
}
