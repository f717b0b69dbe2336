package e2e

import (
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestACLs(t *testing.T) {
	t.Parallel()
	owner := dial(t, zklock.WithAuth("digest", []byte("ann:secret")))
	stranger := dial(t)
	m := mutex(t, owner, "private")
	lock(t, m)
	_, _, err := stranger.Conn().Children(m.Path())
	assert.ErrorIs(t, err, zk.ErrNoAuth, "with credentials the default is creator-only")
	_, err = mutex(t, stranger, "private").LockContext(t.Context())
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	assert.Panics(t, mutex(t, stranger, "private").Lock)
	friend := dial(t, zklock.WithAuth("digest", []byte("ann:secret")))
	p := queued(t, mutex(t, friend, "private"))
	m.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	p.Cancel()

	require.NoError(t, server(t).Expire(owner.ID())) // the next session needs the credentials too
	require.Eventually(t, func() bool { return m.TryLock() }, patience, 10*time.Millisecond)
	m.Unlock()

	open := dialTo(t, server(t).Connect(), zklock.WithRoot(root(t)+"-open"))
	lock(t, mutex(t, open, "public"))
	acl, _, err := open.Conn().GetACL(mutex(t, open, "public").Path())
	require.NoError(t, err)
	assert.Equal(t, zk.WorldACL(zk.PermAll), acl, "without credentials the default is the world")

	readable := append(zk.WorldACL(zk.PermRead), zk.DigestACL(zk.PermAll, "ann", "secret")...)
	for _, m := range []*zklock.Mutex{
		mutex(t,
			dialTo(t, server(t).Connect(), zklock.WithRoot(root(t)+"-acl"),
				zklock.WithACL(readable...),
				zklock.WithAuth("digest", []byte("ann:secret"))), "a"),
		mutex(t, owner, "b", zklock.WithLockACL(readable...)),
	} {
		lock(t, m)
		for _, path := range []string{m.Path(), m.Path() + "/" + contenders(t, m)[0].Znode} {
			acl, _, err := owner.Conn().GetACL(path)
			require.NoError(t, err)
			assert.ElementsMatch(t, readable, acl, path)
		}
		m.Unlock()
	}
}

func TestExistingParentKeepsItsACL(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "parent")
	acl := append(zk.WorldACL(zk.PermAll), zk.DigestACL(zk.PermRead, "ann", "secret")...)
	_, err := s.Conn().Create(root(t), nil, zk.FlagPersistent, acl)
	require.NoError(t, err)
	lock(t, m)
	m.Unlock()
	got, _, err := s.Conn().GetACL(root(t))
	require.NoError(t, err)
	assert.ElementsMatch(t, acl, got)
}
