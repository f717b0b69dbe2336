package virtual

import (
	"path"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// another is a client of version 0.2.0, of which there are only the znodes, as text. If a test of it
// fails, programs of that version and of this one cannot share a lock: say so in CHANGELOG.md.
type another struct {
	t    *testing.T
	conn *zk.Conn
}

const anothersID = "_c_0123456789abcdef0123456789abcdef"

// create makes an ephemeral znode that belongs to the other client.
func (a another) create(prefix, data string, flags int32) string {
	znode, err := a.conn.Create(prefix, []byte(data), zk.FlagEphemeral|flags, zk.WorldACL(zk.PermAll))
	require.NoError(a.t, err)
	return znode
}

func (a another) data(znode string) string {
	data, _, err := a.conn.Get(znode)
	require.NoError(a.t, err)
	return string(data)
}

func (a another) set(znode, data string) {
	_, err := a.conn.Set(znode, []byte(data), -1)
	require.NoError(a.t, err)
}

func (a another) delete(znode string) { require.NoError(a.t, a.conn.Delete(znode, -1)) }

// only returns the one child of a znode that there is.
func (a another) only(dir string) string {
	children, _, err := a.conn.Children(dir)
	require.NoError(a.t, err)
	require.Len(a.t, children, 1)
	return path.Join(dir, children[0])
}

// TestVirtualAnotherVersionHolds has a client of version 0.2.0 hold the lock, and learn who asks.
func TestVirtualAnotherVersionHolds(t *testing.T) {
	for kind, blocks := range map[string][]bool{
		"lock": {true, true}, "write": {true, true}, "read": {true, false},
	} {
		t.Run(kind, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				elsewhere, _ := w.dial("", 10*time.Second)
				a := another{t, elsewhere.Conn()}
				rw, err := s.RWMutex("m", zklock.WithIdentifier("new/2"))
				require.NoError(t, err)
				lock(t, rw.Mutex) // so that the lock's znode is there
				rw.Unlock()
				znode := a.create("/ZktoolsLocks/m/"+anothersID+"-"+kind+"-", "old/1", zk.FlagSequence)

				assert.Equal(t, !blocks[0], rw.TryLock())
				if assert.Equal(t, !blocks[1], rw.TryRLock()); !blocks[1] {
					rw.RUnlock()
				}
				p := rw.LockAsync(t.Context())
				<-p.Queued()
				queue, err := rw.Contenders(t.Context())
				require.NoError(t, err)
				require.Len(t, queue, 2)
				assert.Equal(t, "old/1", string(queue[0].Data))
				assert.Zero(t, queue[0].HeldSince)
				a.set(znode, "old/1\ngranted after 1m2.5s")
				queue, err = rw.Contenders(t.Context())
				require.NoError(t, err)
				assert.Equal(t, "old/1", string(queue[0].Data))
				assert.Equal(t, 62500*time.Millisecond, queue[0].HeldSince.Sub(queue[0].Created))
				n, err := rw.RevokeHolder(t.Context(), zklock.WithReason("a \"reason\""))
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				assert.Equal(t, "unlock\nold/1\ngranted after 1m2.5s\nasked by \"new/2\": \"a \\\"reason\\\"\"",
					a.data(znode))
				a.delete(znode)
				<-p.Done()
				require.NoError(t, p.Err())
				rw.Unlock()
			})
		})
	}
}

// TestVirtualAnotherVersionWaits has a client of version 0.2.0 look at a hold, and ask for it.
func TestVirtualAnotherVersionWaits(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		a := another{t, elsewhere.Conn()}
		rw, err := s.RWMutex("m", zklock.WithIdentifier("new/2"))
		require.NoError(t, err)
		for kind, m := range map[string]*zklock.Mutex{
			"lock":  mutex(t, s, "m", zklock.WithIdentifier("new/2")),
			"write": rw.Mutex, "read": rw.Reader(),
		} {
			lock(t, m)
			znode := a.only("/ZktoolsLocks/m")
			assert.Regexp(t, "^_c_[0-9a-f]{32}-"+kind+`-\d{10}$`, path.Base(znode))
			assert.Equal(t, "new/2", a.data(znode))
			time.Sleep(time.Minute) // sleep ok: virtual time
			assert.Regexp(t, `^new/2\ngranted after [0-9]+m?s$`, a.data(znode))
			a.set(znode, "unlock\nnew/2\nasked by \"old/1\": \"why\"")
			<-m.Revoked()
			var revoked *zklock.RevokedError
			if assert.ErrorAs(t, m.Err(), &revoked) {
				assert.Equal(t, "old/1", revoked.By)
				assert.Equal(t, "why", revoked.Reason)
			}
			m.Unlock()
		}
	})
}

// TestVirtualAnotherVersionsPermits has a client of version 0.2.0 hold permits of a semaphore.
func TestVirtualAnotherVersionsPermits(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		a := another{t, elsewhere.Conn()}
		pool := semaphore(t, s, "pool", 4)
		p, err := pool.Acquire(t.Context(), 1)
		require.NoError(t, err)
		assert.Equal(t, "-4", a.data("/ZktoolsLocks/pool"))
		assert.Regexp(t, `^_c_[0-9a-f]{32}-lease-1$`, path.Base(a.only("/ZktoolsLocks/pool/leases")))
		znode := a.create("/ZktoolsLocks/pool/leases/"+anothersID+"-lease-3", "old/1", 0)
		_, err = pool.TryAcquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrLocked)
		a.delete(znode)
		second, err := pool.Acquire(t.Context(), 3)
		require.NoError(t, err)
		second.Release()
		p.Release()
		require.NoError(t, pool.Resize(t.Context(), 7))
		assert.Equal(t, "-7", a.data("/ZktoolsLocks/pool"))
		there, _, err := a.conn.Exists("/ZktoolsLocks/pool/resized")
		assert.True(t, there && err == nil)
	})
}
