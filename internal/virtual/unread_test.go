package virtual

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// aQueue is a lock that the first of three sessions holds, and the others wait for.
type aQueue struct {
	holder  *zklock.Mutex
	waiting []*zklock.Pending
	znodes  []string // in the order of the queue
}

func newQueue(t *testing.T, w *world, opts ...zklock.SessionOption) *aQueue {
	t.Helper()
	q := new(aQueue)
	for i := range 3 {
		s, _ := w.dial("", 10*time.Second, opts...)
		m := mutex(t, s, "m")
		if i == 0 {
			q.holder = m
			lock(t, m)
		} else {
			q.waiting = append(q.waiting, queued(t, m))
		}
		time.Sleep(300 * time.Millisecond) // sleep ok: virtual; all watches are set
		for _, znode := range w.Ephemerals() {
			if !slices.Contains(q.znodes, znode) {
				q.znodes = append(q.znodes, znode)
			}
		}
	}
	require.Len(t, q.znodes, 3)
	return q
}

// behind returns the only znode that is behind the queue.
func (q *aQueue) behind(t *testing.T, w *world) string {
	t.Helper()
	znodes := slices.DeleteFunc(w.Ephemerals(), func(znode string) bool {
		return slices.Contains(q.znodes, znode)
	})
	require.Len(t, znodes, 1)
	return znodes[0]
}

// TestVirtualWhatAWaiterAsks counts the requests of a candidate from its creation to its release,
// behind three others.
func TestVirtualWhatAWaiterAsks(t *testing.T) {
	private := zklock.WithACL(zk.DigestACL(zk.PermAll, "u", "p")...)
	auth := zklock.WithAuth("digest", []byte("u:p"))
	for name, c := range map[string]struct {
		opts  []zklock.SessionOption
		waits map[string]int
	}{
		"": {nil, map[string]int{"create2": 1, "getChildren": 1, "getData": 1, "setWatches": 1}},
		"private": {[]zklock.SessionOption{private, auth},
			map[string]int{"create2": 1, "getChildren": 1, "getData": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				q := newQueue(t, w, c.opts...)
				s, client := w.dial("", 10*time.Second, c.opts...)
				m := mutex(t, s, "m")
				asked := countAsks(client)
				p := queued(t, m)
				time.Sleep(100 * time.Millisecond) // sleep ok: virtual
				assert.Equal(t, c.waits, asked.take())
				w.Stranger().Set(q.behind(t, w), []byte("unlock"))
				time.Sleep(100 * time.Millisecond) // sleep ok: virtual
				assert.False(t, isOpen(p.Revoked()))
				assert.Equal(t, map[string]int{"getData": 1}, asked.take())
				q.holder.Unlock()
				for _, ahead := range q.waiting {
					<-ahead.Done()
					require.NoError(t, ahead.Err())
					time.Sleep(100 * time.Millisecond) // sleep ok: virtual
					require.True(t, isOpen(p.Done()))
					ahead.Cancel()
				}
				<-p.Done()
				require.NoError(t, p.Err())
				m.Unlock()
				assert.Equal(t, map[string]int{"getChildren": 1, "delete": 1}, asked.take())
			})
		})
	}
}

// befalling is what happens to a candidate as it begins to wait behind a queue, and what comes of it.
type befalling struct {
	happens func(w *world, q *aQueue, own string)
	check   func(t *testing.T, w *world, q *aQueue, own string, p *zklock.Pending)
}

// toldWithin is how soon a client is told by its server.
const toldWithin = 50 * time.Millisecond

// leaves has one of those who wait leave, and the other be granted the lock first.
func leaves(one, other int) befalling {
	return befalling{
		func(_ *world, q *aQueue, _ string) { q.waiting[one].Cancel() },
		func(t *testing.T, _ *world, q *aQueue, _ string, p *zklock.Pending) {
			q.holder.Unlock()
			<-q.waiting[other].Done()
			time.Sleep(toldWithin) // sleep ok: virtual
			require.True(t, isOpen(p.Done()), "it holds the lock beside another")
			q.waiting[other].Cancel()
			time.Sleep(toldWithin) // sleep ok: virtual
			assert.False(t, isOpen(p.Done()))
		},
	}
}

// TestVirtualWhatBefallsANewWaiter has something happen at each moment at which a candidate begins
// to wait behind three others: before, while and after its watches are set.
func TestVirtualWhatBefallsANewWaiter(t *testing.T) {
	for name, c := range map[string]befalling{
		"asked": {
			func(w *world, _ *aQueue, own string) { w.Stranger().Set(own, []byte("unlock")) },
			func(t *testing.T, _ *world, _ *aQueue, _ string, p *zklock.Pending) {
				assert.False(t, isOpen(p.Revoked()))
			},
		},
		"removed": {
			func(w *world, _ *aQueue, own string) { w.Stranger().Delete(own) },
			func(t *testing.T, w *world, _ *aQueue, own string, _ *zklock.Pending) {
				assert.Len(t, w.Ephemerals(), 4, "it queues again")
				assert.NotContains(t, w.Ephemerals(), own)
			},
		},
		"the nearest leaves":    leaves(1, 0),
		"the one before leaves": leaves(0, 1),
		"the one before is asked": {
			func(w *world, q *aQueue, _ string) { w.Stranger().Set(q.znodes[1], []byte("unlock")) },
			func(t *testing.T, _ *world, q *aQueue, _ string, p *zklock.Pending) {
				assert.True(t, isOpen(p.Done()))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for step := 4 * time.Millisecond; step < 25*time.Millisecond; step += time.Millisecond {
				for _, how := range []struct {
					refused int32 // what the servers say of a request to restore watches
					listed  bool  // the queue in the packet of the creation
				}{{0, true}, {0, false}, {-6, true}} {
					virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
						s, _ := w.dial("", 10*time.Second)
						m := mutex(t, s, "m")
						if !how.listed { // because the handle has last seen the lock free
							lock(t, m)
							m.Unlock()
						}
						q := newQueue(t, w)
						w.Answer(wire.OpSetWatches, how.refused)
						p := m.LockAsync(t.Context())
						time.Sleep(step) // sleep ok: virtual
						own := q.behind(t, w)
						c.happens(w, q, own)
						time.Sleep(toldWithin) // sleep ok: virtual
						synctest.Wait()
						c.check(t, w, q, own, p)
						for _, other := range append(q.waiting, p) {
							other.Cancel()
						}
						_ = q.holder.UnlockContext(t.Context()) // in some cases it is unlocked
					})
				}
			}
		})
	}
}
