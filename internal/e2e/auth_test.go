package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

func digest(credentials string) zklock.SessionOption {
	return zklock.WithAuth("digest", []byte(credentials))
}

// TestStrangersCannotTouchAPrivateLock has ZooKeeper accept the wrong password, as it does, and
// give no rights for it.
func TestStrangersCannotTouchAPrivateLock(t *testing.T) {
	m := mutex(t, dial(t, digest("ann:secret")), "private")
	revoked := lock(t, m)
	for name, s := range map[string]*zklock.Session{
		"nobody":         dial(t, zklock.WithRoot(root(t))),
		"wrong password": dial(t, digest("ann:wrong")),
		"another":        dial(t, digest("bob:secret")),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, theirs := t.Context(), mutex(t, s, "private")
			_, err := theirs.TryLockContext(ctx)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			_, err = theirs.LockRevoking(ctx, zklock.Force)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			_, err = theirs.Contenders(ctx)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			_, err = theirs.RevokeAll(ctx)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			_, err = theirs.Clear(ctx)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			_, err = s.Locks(ctx)
			assert.ErrorIs(t, err, zk.ErrNoAuth)
			assert.ErrorIs(t, s.Remove(ctx, "private"), zk.ErrNoAuth)
		})
	}
	assert.True(t, isOpen(revoked))
	assert.NoError(t, m.Err())
	m.Unlock()
}

// TestEveryIdentityOfTheCreatorHasTheRights gives a Session two passwords: "creator only" then
// means either.
func TestEveryIdentityOfTheCreatorHasTheRights(t *testing.T) {
	m := mutex(t, dial(t, digest("ann:secret"), digest("bob:secret")), "shared")
	lock(t, m)
	for _, credentials := range []string{"ann:secret", "bob:secret"} {
		p := queued(t, mutex(t, dial(t, digest(credentials)), "shared"))
		p.Cancel()
	}
	_, err := mutex(t, dial(t, digest("eve:secret")), "shared").TryLockContext(t.Context())
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	m.Unlock()
}

// TestDeletingNeedsRightsOnTheLockAlone has candidates that only their creator may touch, below a
// znode that is everybody's: ZooKeeper asks the parent who may delete a child.
func TestDeletingNeedsRightsOnTheLockAlone(t *testing.T) {
	anybody := dial(t)
	theirs := mutex(t, anybody, "public")
	lock(t, theirs) // creates the lock's znode
	theirs.Unlock()
	m := mutex(t, dial(t, digest("ann:secret")), "public")
	lock(t, m)
	_, err := theirs.RevokeAll(t.Context())
	assert.ErrorIs(t, err, zk.ErrNoAuth, "a mark is written into the candidate")
	n, err := theirs.Clear(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	receive(t, m.Lost(), "loss")
}

// TestWhoKnowsASessionIDCanEndIt has no rights to a lock but to see it, and evicts its holder all
// the same. To look at a znode whose name is known takes no right at all.
func TestWhoKnowsASessionIDCanEndIt(t *testing.T) {
	t.Parallel()
	m := mutex(t, dial(t, digest("ann:secret")), "private")
	lock(t, m)
	name := contenders(t, m)[0].Znode
	stranger := dial(t)
	_, _, err := stranger.Conn().Get(m.Path() + "/" + name)
	require.ErrorIs(t, err, zk.ErrNoAuth)
	_, stat, err := stranger.Conn().Exists(m.Path() + "/" + name)
	require.NoError(t, err)
	// by a password that it derives from the id
	require.NoError(t, server(t).Expire(stat.EphemeralOwner))
	receive(t, m.Lost(), "loss")
}

// refuser passes connections on to a server and, while it refuses, turns the answer to credentials
// into the one that a server sends which does not accept them, and then closes the connection as
// that does.
type refuser struct {
	net.Listener
	refuse atomic.Bool
	count  chan struct{} // one for each refusal

	work sync.WaitGroup
	mu   sync.Mutex // guards live
	live []net.Conn
}

func newRefuser(t *testing.T) *refuser {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &refuser{Listener: l, count: make(chan struct{}, 1<<20)}
	target := server(t).Connect()
	r.work.Go(func() { // ends with the listener
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			r.work.Go(func() { r.serve(client, target) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		r.cut()
		r.work.Wait()
	})
	return r
}

// cut breaks every connection.
func (r *refuser) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.live {
		c.Close()
	}
	r.live = nil
}

func (r *refuser) serve(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	r.live = append(r.live, client, server)
	r.mu.Unlock()
	var credentials sync.Map // the numbers of requests that carry some
	r.work.Go(func() {       // ends when either connection is closed, which happens below
		defer server.Close()
		// the first is the connect request, which has another head
		for first := true; ; first = false {
			frame, err := readFrame(client)
			if err != nil {
				return
			}
			if !first && opOf(zktest.ToServer, frame) == wire.OpSetAuth {
				credentials.Store(binary.BigEndian.Uint32(frame[4:]), true)
			}
			if _, err := server.Write(frame); err != nil {
				return
			}
		}
	})
	for first := true; ; first = false {
		frame, err := readFrame(server)
		if err != nil {
			return
		}
		_, auth := credentials.Load(binary.BigEndian.Uint32(frame[4:]))
		refused := auth && !first && r.refuse.Load()
		if refused {
			code := int32(-115) // AUTHFAILED
			// behind the length, the request's number and the zxid
			binary.BigEndian.PutUint32(frame[16:], uint32(code))
		}
		if _, err := client.Write(frame); err != nil {
			return
		}
		if refused {
			r.count <- struct{}{}
			return
		}
	}
}

// readFrame returns a frame with its length in front.
func readFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, 4+binary.BigEndian.Uint32(size[:]))
	copy(frame, size[:])
	_, err := io.ReadFull(r, frame[4:])
	return frame, err
}

// refused waits for n refusals and returns how long they took.
func (r *refuser) refused(t *testing.T, n int) time.Duration {
	t.Helper()
	begun := time.Now()
	for limit := time.After(patience); n > 0; n-- {
		select {
		case <-r.count:
		case <-limit:
			require.FailNow(t, "never refused", "%d more", n)
		}
	}
	return time.Since(begun)
}

// TestBareReconnectsAtOnceWhenRefused shows why the dialer waits: go-zookeeper v1.0.4, conn.go line
// 455. It has two servers, as go-zookeeper waits a second before it comes back to the only one.
func TestBareReconnectsAtOnceWhenRefused(t *testing.T) {
	r := newRefuser(t)
	conn := bare(t, r.Addr().String()+","+r.Addr().String())
	require.NoError(t, conn.AddAuth("digest", []byte("ann:secret")))
	r.refuse.Store(true)
	r.cut()
	r.refused(t, 1)
	const times = 200
	took := r.refused(t, times)
	t.Logf("%d refusals in %v: %.0f a second", times, took, times/took.Seconds())
	assert.Less(t, took, times*25*time.Millisecond)
}

// TestRefusedCredentialsAreOfferedEverMoreSlowly refuses after a reconnection what was accepted
// before.
func TestRefusedCredentialsAreOfferedEverMoreSlowly(t *testing.T) {
	t.Parallel()
	r := newRefuser(t)
	s := dialTo(t, r.Addr().String(), digest("ann:secret"), zklock.WithSessionTimeout(shortTimeout))
	m := mutex(t, s, "refused")
	lock(t, m)
	r.refuse.Store(true)
	r.cut()
	first := r.refused(t, 1)
	assert.Less(t, first, 5*time.Second)
	// The waits are at least 100, 200, 400 and 800 ms.
	took := r.refused(t, 4)
	t.Logf("four more in %v", took)
	assert.GreaterOrEqual(t, took, 1500*time.Millisecond)
	receive(t, m.Lost(), "loss, as nothing can be proved")
	m.Unlock()

	r.refuse.Store(false)
	lock(t, m)
	m.Unlock()
	assert.Equal(t, zklock.StateConnected, s.State())
}

// TestARemovalThatIsRefused has a lock's znode in which everybody may create, and nobody delete.
func TestARemovalThatIsRefused(t *testing.T) {
	var log locktest.Log
	s, other := dial(t, zklock.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))), dial(t)
	m, next := mutex(t, s, "refused"), mutex(t, other, "refused")
	lock(t, next) // which makes what is above
	locktest.Recreate(t, s.Conn(), next)
	_, err := s.Conn().SetACL(m.Path(), zk.WorldACL(zk.PermAll&^zk.PermDelete), -1)
	require.NoError(t, err)
	receive(t, next.Lost(), "loss")
	require.ErrorIs(t, next.UnlockContext(t.Context()), zklock.ErrLost)

	innocent := mutex(t, s, "innocent")
	lock(t, innocent)
	lost, id := innocent.Lost(), s.ID()
	lock(t, m)
	p := queued(t, next)
	begun := time.Now()
	require.ErrorIs(t, m.UnlockContext(t.Context()), zk.ErrNoAuth)
	assert.Contains(t, log.String(), "candidate not removed")
	require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrNotLocked)
	receive(t, p.Done(), "grant, as the session is given up")
	require.NoError(t, p.Err())
	assert.Less(t, time.Since(begun), sessionTimeout/2,
		"the server should have been told of the end")
	receive(t, lost, "loss of what else the session held")
	assert.ErrorIs(t, innocent.UnlockContext(t.Context()), zklock.ErrLost)

	for range 3 { // in the next session
		_, err = m.LockContext(t.Context())
		require.ErrorIs(t, err, zk.ErrNoAuth)
		assert.ErrorContains(t, err, "zk.PermDelete")
		assert.False(t, m.TryLock())
	}
	lock(t, innocent)
	assert.NotEqual(t, id, s.ID())
	id = s.ID()
	requireQueue(t, next, 1)
	_, err = s.Conn().SetACL(m.Path(), zk.WorldACL(zk.PermAll), -1)
	require.NoError(t, err)
	require.NoError(t, next.UnlockContext(t.Context()))
	lock(t, m)
	require.NoError(t, m.UnlockContext(t.Context()))
	assert.Equal(t, id, s.ID())
	innocent.Unlock()
}

// TestAnACLThatIsNotForUs is refused before anything is asked of a server.
func TestAnACLThatIsNotForUs(t *testing.T) {
	for name, c := range map[string]struct {
		acl   []zk.ACL
		wants string
	}{
		"nobody reads": {zk.WorldACL(zk.PermAll &^ zk.PermRead), "zk.PermRead"},
		"another one reads": {append(zk.WorldACL(zk.PermAll&^zk.PermRead),
			zk.DigestACL(zk.PermRead, "bob", "secret")...), "zk.PermRead"},
		"all only read":   {zk.WorldACL(zk.PermRead), "zk.PermCreate"},
		"nobody deletes":  {zk.WorldACL(zk.PermAll &^ zk.PermDelete), "zk.PermDelete"},
		"another's alone": {zk.DigestACL(zk.PermAll, "bob", "secret"), "zk.PermCreate"},
	} {
		t.Run(name, func(t *testing.T) {
			ann := digest("ann:secret")
			_, err := zklock.Dial(t.Context(), "127.0.0.1:1", ann, zklock.WithACL(c.acl...))
			assert.ErrorContains(t, err, c.wants)
			_, err = zklock.Dial(t.Context(), "127.0.0.1:1", zklock.WithACL(c.acl...), ann)
			assert.ErrorContains(t, err, c.wants)
			_, err = dial(t, ann).Mutex("m", zklock.WithLockACL(c.acl...))
			assert.ErrorContains(t, err, c.wants)
			_, err = dial(t, ann).RWMutex("m", zklock.WithLockACL(c.acl...))
			assert.ErrorContains(t, err, c.wants)
		})
	}
	s := dial(t, digest("ann:secret"))
	for _, acl := range [][]zk.ACL{
		zk.DigestACL(zk.PermAll, "ann", "secret"), zk.AuthACL(zk.PermAll),
		append(zk.DigestACL(zk.PermRead, "ann", "secret"),
			zk.WorldACL(zk.PermCreate|zk.PermDelete)...),
	} {
		m := mutex(t, s, fmt.Sprint(acl[0].Scheme, len(acl)), zklock.WithLockACL(acl...))
		lock(t, m)
		m.Unlock()
	}
}

// TestARefusalSaysWhichRight asks for locks where others may not create anything: a candidate, and
// a lock that nobody has used.
func TestARefusalSaysWhichRight(t *testing.T) {
	owner := dial(t, digest("ann:secret"))
	private := mutex(t, owner, "private")
	lock(t, private)
	s := dial(t)
	path := private.Path()
	refused := fmt.Sprintf("lock %s: zk: not authenticated: "+
		"the session's credentials have no right to create below %s", path, path)
	_, err := mutex(t, s, "private").LockContext(t.Context())
	assert.EqualError(t, err, refused)
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	_, err = s.LockAll(t.Context(), mutex(t, s, "private"))
	assert.EqualError(t, err, refused)
	_, err = mutex(t, s, "private/new").LockContext(t.Context())
	assert.EqualError(t, err, fmt.Sprintf("lock %s/new: creating %s/new: zk: not authenticated: "+
		"the session's credentials have no right to create below %s", path, path, path))
	assert.ErrorIs(t, err, zk.ErrNoAuth)
}

// TestALockBelowAPrivateZnode asks for a new lock below a znode that all may use, which is below one
// in which others may not create. They do not need that right, because the znode is there.
func TestALockBelowAPrivateZnode(t *testing.T) {
	owner := dial(t, digest("ann:secret"))
	private := mutex(t, owner, "private")
	lock(t, private)
	defer private.Unlock()
	open := private.Path() + "/open"
	_, err := owner.Conn().Create(open, nil, 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	m := mutex(t, dial(t), "private/open/new")
	lock(t, m)
	m.Unlock()
}

// TestBehindACandidateThatMayNotBeRead has a queue of several identities in a lock's znode that is
// everybody's.
func TestBehindACandidateThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	readable := mutex(t, dial(t), "m")
	lock(t, readable) // so that the lock's znode is
	private := func(name string) *zklock.Mutex {
		return mutex(t, dial(t, digest(name+":secret"), zklock.WithSessionTimeout(30*time.Second)),
			"m")
	}
	queue := []*zklock.Mutex{private("ann"), private("bob"), private("cid")}
	rw, err := dial(t, digest("dan:secret"), zklock.WithSessionTimeout(30*time.Second)).RWMutex("m")
	require.NoError(t, err)
	queue = append(queue, rw.Reader())
	var pending []*zklock.Pending
	for _, m := range queue {
		pending = append(pending, queued(t, m))
	}
	previous := readable
	for i, p := range pending {
		require.True(t, isOpen(p.Done()))
		time.Sleep(300 * time.Millisecond) // sleep ok: the hold's length, in which those behind settle down to wait
		begun := time.Now()
		require.NoError(t, previous.UnlockContext(t.Context()))
		receive(t, p.Done(), "grant")
		require.NoError(t, p.Err())
		t.Logf("hand-off %d took %v", i, time.Since(begun))
		assert.Less(t, time.Since(begun), time.Second)
		previous = queue[i]
	}
	require.NoError(t, previous.UnlockContext(t.Context()))
}

// TestDialTellsOfEnforcedAuthentication dials a server that wants credentials before any request.
func TestDialTellsOfEnforcedAuthentication(t *testing.T) {
	slow(t)
	t.Setenv("JAVA_TOOL_OPTIONS",
		"-Dzookeeper.enforce.auth.enabled=true -Dzookeeper.enforce.auth.schemes=digest")
	e := zktest.Start(t)
	begun := time.Now()
	_, err := zklock.Dial(t.Context(), e.Connect())
	require.ErrorContains(t, err, "requires authentication")
	assert.Less(t, time.Since(begun), patience)
	m := mutex(t, dialTo(t, e.Connect(), digest("ann:secret")), "m")
	lock(t, m)
	m.Unlock()
}

// TestALocksRightsAreItsOwn has the first handle on anything below the root make a private lock:
// others can make theirs beside it.
func TestALocksRightsAreItsOwn(t *testing.T) {
	ann := dial(t, zklock.WithAuth("digest", []byte("ann:secret")),
		zklock.WithACL(zk.WorldACL(zk.PermAll)...))
	other := dial(t)
	private := mutex(t, ann, "group/private", zklock.WithLockACL(zk.AuthACL(zk.PermAll)...))
	lock(t, private)
	_, _, err := other.Conn().Children(private.Path())
	require.ErrorIs(t, err, zk.ErrNoAuth)
	for _, name := range []string{"public", "group/public"} {
		m := mutex(t, other, name)
		lock(t, m)
		m.Unlock()
	}
	private.Unlock()
}
