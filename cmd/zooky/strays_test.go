package main_test

import (
	"strings"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const stray = "_c_00000000000000000000000000000000-lock-0000000000"

// TestStrays has a znode that is named like a contender and belongs to no session: all commands say
// the same, and it can be removed.
func TestStrays(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	p.create("stuck", "")
	p.create("stuck/"+stray, "")
	p.create("stuck/user-lock-0000000042", "")
	nested := p.lock("stuck/user-lock-0000000042")

	_, stdout, stderr := p.zooky("list", "stuck")
	assert.NotContains(t, stdout, "Locked", stderr)
	_, stdout, stderr = p.zooky("list", "stuck/"+stray)
	assert.Regexp(t, `(?m)^stuck/`+stray+` +No session +- +0 +0 +- +-$`, stdout, stderr)
	status, stdout, _ := p.zooky("show", "stuck")
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "stuck is free.\n")
	assert.Contains(t, stdout, "no contender, belongs to no session: "+stray+"\n")
	status, stdout, _ = p.zooky("run", "stuck", "--try", "--", "echo", "granted")
	assert.Equal(t, 0, status)
	assert.Equal(t, "granted\n", stdout)
	status, stdout, _ = p.zooky("revoke", "stuck")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0 asked.\n", stdout)
	status, _, stderr = p.zooky("remove", "stuck")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "belong to no session; zooky clear --force removes them")

	status, stdout, stderr = p.zooky("clear", "stuck", "--force")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "0 removed from the queue of stuck.\n1 removed that belonged to no session.\n",
		stdout)
	assert.NoError(t, nested.Err(), "a lock that is in use is no stray")
	nested.Unlock()
	status, stdout, stderr = p.zooky("remove", "stuck/user-lock-0000000042")
	assert.Equal(t, 0, status, stdout+stderr)
	status, stdout, stderr = p.zooky("remove", "stuck")
	assert.Equal(t, 0, status, stdout+stderr)
}

// TestPrivateLocksAreListed has a lock, and a contender, that zooky may not read.
func TestPrivateLocksAreListed(t *testing.T) {
	p := newPlace(t)
	m := p.lock("open")
	private := zk.DigestACL(zk.PermAll, "ann", "secret")
	_, err := p.session.Conn().Create(p.root+"/private", nil, zk.FlagPersistent, private)
	require.NoError(t, err)
	_, err = p.session.Conn().Create(m.Path()+"/"+strings.TrimSuffix(stray, "0000000000"),
		[]byte("who"),
		zk.FlagEphemeral|zk.FlagSequence, private)
	require.NoError(t, err)
	status, stdout, stderr := p.zooky("list")
	assert.Equal(t, 0, status, stderr)
	assert.Regexp(t, `(?m)^open +Locked +lock +1 +1 +queued \d+s ago +ann$`, stdout)
	assert.Regexp(t, `(?m)^private +No permission +\? +\? +\? +\? +\?$`, stdout)
	_, stdout, _ = p.zooky("list", "private", "--json")
	var locks []struct {
		Name, Status, Error string
		Holders, Waiters    int
	}
	decode(t, stdout, &locks)
	require.Len(t, locks, 1)
	assert.Equal(t, "No permission", locks[0].Status)
	assert.NotEmpty(t, locks[0].Error)
	status, stdout, stderr = p.zooky("show", "open")
	assert.Equal(t, 0, status, stderr)
	assert.Regexp(t, `(?m)^2 +\? \(zk: not authenticated\) +lock `, stdout)
	m.Unlock()
}
