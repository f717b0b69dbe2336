//go:build unix

package main_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAPartOfANameIsNoLock shows the segments above a lock.
func TestAPartOfANameIsNoLock(t *testing.T) {
	p := newPlace(t)
	p.lock("a/b/c")
	for name, below := range map[string]string{"a": "a/b", "a/b": "a/b/c"} {
		for _, format := range [][]string{nil, {"--json"}} {
			status, stdout, stderr := p.zooky(append([]string{"show", name}, format...)...)
			assert.Equal(t, 1, status, name)
			assert.Empty(t, stdout)
			assert.Equal(t,
				"zooky: "+name+": no such lock: it is the beginning of other names, as "+below+
					"; zooky list '"+name+
					"/**' shows them\n", stderr)
		}
	}
	p.lock("a/b") // a lock of its own from now on
	status, stdout, _ := p.zooky("show", "a/b")
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "ann")
}

// TestARootThatIsNotThere has a mistyped root, and a mistyped chroot.
func TestARootThatIsNotThere(t *testing.T) {
	p := newPlace(t)
	p.lock("fred")
	for _, where := range []struct {
		args []string
		said string
	}{
		{[]string{"--root", "/nope"}, "zooky: /nope: no such root: "},
		{[]string{"--servers", ensemble.Connect() + "/typo"}, "zooky: /typo" + p.root + ": no such root: "},
	} {
		for _, command := range [][]string{
			{"list"}, {"list", "--json"}, {"show", "fred"}, {"revoke", "fred"}, {"clear", "fred", "--yes"}, {"remove", "fred"},
			{"sessions"},
		} {
			status, stdout, stderr := p.zooky(append(command, where.args...)...)
			assert.Equal(t, 1, status, command)
			assert.Empty(t, stdout, command)
			assert.Equal(t, where.said+"it is mistyped, or no lock was ever taken there\n",
				stderr, command)
		}
	}
	exists, _, err := p.session.Conn().Exists("/nope")
	require.NoError(t, err)
	assert.False(t, exists, "a look makes nothing")
}

func TestListOfASubtree(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"jobs/a", "jobs/deep/b", "other"} {
		p.lock(name)
	}
	status, stdout, stderr := p.zooky("list", "jobs/**")
	assert.Equal(t, 0, status, stderr)
	assert.Contains(t, stdout, "jobs/a ")
	assert.Contains(t, stdout, "jobs/deep/b ")
	assert.NotContains(t, stdout, "other")
}
