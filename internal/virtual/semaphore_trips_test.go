package virtual

import (
	"path"
	"sync"
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

// takings are the moments in which permits were taken.
type takings struct {
	mu sync.Mutex // guards at
	at []time.Time
}

func noteTakings(cfg *fakezk.Config) *takings {
	n := new(takings)
	cfg.Written = func(znode string, _ []byte, owner int64) {
		if owner != 0 && path.Base(path.Dir(znode)) == "leases" {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.at = append(n.at, time.Now())
		}
	}
	return n
}

// take returns those since the last call.
func (n *takings) take() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.at
	n.at = nil
	return at
}

// asks counts the requests of a client.
type asks struct {
	mu sync.Mutex // guards n
	n  map[string]int
}

func countAsks(client *fakezk.Client) *asks {
	a := &asks{n: make(map[string]int)}
	client.OnRequest(func(op int32) {
		if op != wire.OpPing {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.n[wire.OpName(op)]++
		}
	})
	return a
}

// take returns those since the last call.
func (a *asks) take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.n
	a.n = make(map[string]int)
	return n
}

// TestVirtualSemaphoreOneTripFromGrantToGrant has several wait while permits are free. Each is told
// that the one ahead has left, and knows that there is room for it.
func TestVirtualSemaphoreOneTripFromGrantToGrant(t *testing.T) {
	const trip = 10 * time.Millisecond
	cfg := fakezk.Config{Latency: ms(5)}
	taken := noteTakings(&cfg)
	virtually(t, cfg, func(t *testing.T, w *world) {
		first, _ := w.dial("", 40*time.Second)
		acquire(t, semaphore(t, first, "pool", 10), 1).Release()
		stranger := w.Stranger()
		stranger.Queue("/ZktoolsLocks/pool/locks/_c_00000000000000000000000000000000-lock-")
		var waiting []*asking
		var counts []*asks
		for _, n := range []int{1, 2, 1, 3, 2} {
			s, client := w.dial("", 40*time.Second)
			waiting = append(waiting, ask(t.Context(), semaphore(t, s, "pool", 10), n))
			counts = append(counts, countAsks(client))
		}
		time.Sleep(time.Second) // sleep ok: virtual; all have looked who is ahead
		for _, n := range counts {
			n.take()
		}
		taken.take()
		stranger.Leave()
		time.Sleep(time.Second) // sleep ok: virtual
		at := taken.take()
		require.Len(t, at, len(waiting))
		for i := range at[1:] {
			assert.Equal(t, trip, at[i+1].Sub(at[i]), "grant %d", i+1)
		}
		synctest.Wait()
		for i, n := range counts[2:] {
			assert.Equal(t, map[string]int{"getChildren": 3, "multi": 1, "getData": 2}, n.take(),
				"of client %d: a look at the queue and the permits, the transaction, and a watch", i+2)
		}
		for _, a := range waiting {
			a.granted(t).Release()
		}
	})
}

// TestVirtualSemaphoreOneTripFromReleaseToGrant has all permits be out. The first in the queue is
// told of a release, which has made room for it.
func TestVirtualSemaphoreOneTripFromReleaseToGrant(t *testing.T) {
	const trip = 10 * time.Millisecond
	cfg := fakezk.Config{Latency: ms(5)}
	taken := noteTakings(&cfg)
	virtually(t, cfg, func(t *testing.T, w *world) {
		holder, _ := w.dial("", 40*time.Second)
		sem := semaphore(t, holder, "pool", 4)
		held := []*zklock.Permit{acquire(t, sem, 2), acquire(t, sem, 2)}
		var waiting []*asking
		var counts []*asks
		for range 2 {
			s, client := w.dial("", 40*time.Second)
			waiting = append(waiting, ask(t.Context(), semaphore(t, s, "pool", 4), 2))
			counts = append(counts, countAsks(client))
		}
		for i, a := range waiting {
			time.Sleep(time.Second) // sleep ok: virtual; its own znode is watched
			counts[i].take()
			taken.take()
			begun := time.Now()
			held[i].Release()
			<-a.done
			a.granted(t)
			assert.Equal(t, []time.Time{begun.Add(trip/2 + trip)}, taken.take())
			assert.Equal(t, begun.Add(2*trip), time.Now())
			assert.Equal(t, map[string]int{"getChildren": 1, "multi": 1, "getData": 1}, counts[i].take())
		}
		for _, a := range waiting {
			a.permit.Release()
		}
	})
}

// TestVirtualSemaphoreAsksLittle counts the requests of an acquisition where many wait for a short
// time.
func TestVirtualSemaphoreAsksLittle(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(2)}, func(t *testing.T, w *world) {
		var work sync.WaitGroup
		var counts []*asks
		grants := 0
		for range 10 {
			s, client := w.dial("", 40*time.Second)
			sem := semaphore(t, s, "pool", 5)
			counts = append(counts, countAsks(client))
			work.Go(func() {
				for range 50 {
					acquire(t, sem, 1).Release()
				}
			})
			grants += 50
		}
		work.Wait()
		sum := make(map[string]int)
		for _, n := range counts {
			for op, k := range n.take() {
				sum[op] += k
			}
		}
		t.Log(sum, grants)
		assert.InDelta(t, 4*grants, sum["getChildren"], float64(grants)/5)
		assert.InDelta(t, 3*grants, sum["getData"], float64(grants)/5)
	})
}

// TestVirtualSemaphoreForesees has clients take one permit or several, over a network whose delays
// are never twice the same, with and without holds that last. None takes too many, and none has to
// give any back: each acquisition has one candidate, and one znode for its permits.
func TestVirtualSemaphoreForesees(t *testing.T) {
	for seed := range 12 {
		n := seed
		cfg := fakezk.Config{Servers: 1 + 2*(seed%2), Latency: func() time.Duration {
			n = (n*1103515245 + 12345) & 0x7fffffff
			return time.Duration(1000+n>>8%9000) * time.Microsecond
		}}
		most := permitsOut(&cfg)
		written, candidates, permits := cfg.Written, 0, 0
		cfg.Written = func(znode string, data []byte, owner int64) {
			written(znode, data, owner)
			switch {
			case owner == 0:
			case path.Base(path.Dir(znode)) == "locks":
				candidates++
			default:
				permits++
			}
		}
		virtually(t, cfg, func(t *testing.T, w *world) {
			var work sync.WaitGroup
			for i := range 8 {
				s, _ := w.dial("", 40*time.Second)
				sem := semaphore(t, s, "pool", 5)
				work.Go(func() {
					for k := range 12 {
						p := acquire(t, sem, 1+(i+k*seed)%4)
						time.Sleep(time.Duration(k%3*seed) * 5 * time.Millisecond) // sleep ok: virtual; the work
						p.Release()
					}
				})
			}
			work.Wait()
		})
		assert.LessOrEqual(t, *most, 5, "seed %d", seed)
		assert.Equal(t, 8*12, candidates, "seed %d", seed)
		assert.Equal(t, 8*12, permits, "seed %d", seed)
	}
}

// TestVirtualSemaphoreSightIsOfAllAhead has a candidate see two of several ahead. One of the two is
// of its own session, which tells it later that none is left ahead of that one.
func TestVirtualSemaphoreSightIsOfAllAhead(t *testing.T) {
	cfg := fakezk.Config{Latency: ms(5)}
	most := permitsOut(&cfg)
	virtually(t, cfg, func(t *testing.T, w *world) {
		var sems []*zklock.Semaphore
		for range 4 {
			s, _ := w.dial("", 40*time.Second)
			sems = append(sems, semaphore(t, s, "pool", 4))
		}
		acquire(t, sems[0], 1).Release()
		stranger := w.Stranger()
		stranger.Queue("/ZktoolsLocks/pool/locks/_c_00000000000000000000000000000000-lock-")
		var waiting []*asking
		for _, i := range []int{0, 1, 2, 3, 2} {
			waiting = append(waiting, ask(t.Context(), sems[i], 1))
		}
		stranger.Leave()
		time.Sleep(time.Second) // sleep ok: virtual
		for i, a := range waiting {
			require.Equal(t, i == 4, isOpen(a.done), "client %d", i)
		}
		for _, a := range waiting {
			<-a.done
			a.granted(t).Release()
		}
	})
	assert.Equal(t, 4, *most)
}

// TestVirtualSemaphoreBehindAnotherVersion has a client of version 0.2.0 ahead, whose candidate
// does not say how many permits it wants. It takes more than one.
func TestVirtualSemaphoreBehindAnotherVersion(t *testing.T) {
	for _, id := range []string{anothersID, "_c_00000000000000000000000000000000"} {
		cfg := fakezk.Config{Latency: ms(3)}
		most := permitsOut(&cfg)
		virtually(t, cfg, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			elsewhere, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "pool", 3)
			acquire(t, sem, 1).Release()
			a := another{t, elsewhere.Conn()}
			znode := a.create("/ZktoolsLocks/pool/locks/"+id+"-lock-", "old/1", zk.FlagSequence)
			next := ask(t.Context(), sem, 2)
			permit := "/ZktoolsLocks/pool/leases/" + anothersID + "-lease-3"
			_, err := a.conn.Multi(&zk.DeleteRequest{Path: znode, Version: -1},
				&zk.CreateRequest{Path: permit, Acl: zk.WorldACL(zk.PermAll),
					Flags: zk.FlagEphemeral})
			require.NoError(t, err)
			time.Sleep(time.Second) // sleep ok: virtual
			require.True(t, isOpen(next.done))
			a.delete(permit)
			<-next.done
			next.granted(t).Release()
		})
		assert.Equal(t, 3, *most, "behind %s", id)
	}
}

// TestVirtualSemaphoreReleasedAsItBeginsToWait has the permits given back soon after the first in
// the queue has seen that they are out.
func TestVirtualSemaphoreReleasedAsItBeginsToWait(t *testing.T) {
	const trip = 10 * time.Millisecond
	for after := trip + time.Millisecond; after < 4*trip; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
			holder, _ := w.dial("", 10*time.Second)
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "pool", 1)
			acquire(t, sem, 1).Release()
			p := acquire(t, semaphore(t, holder, "pool", 1), 1)
			next := make(chan *zklock.Permit)
			go func() { next <- acquire(t, sem, 1) }() // ends with the grant
			time.Sleep(after)                          // sleep ok: virtual
			begun := time.Now()
			p.Release()
			permit := <-next
			assert.Equal(t, begun.Add(2*trip), time.Now(), "given back after %v", after)
			permit.Release()
		})
	}
}

// TestVirtualSemaphoreBesideACurator has a client of Curator's create a permit without being first
// in the queue, as it does if it has lost its session. The first keeps its place.
func TestVirtualSemaphoreBesideACurator(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		curators := zklock.WithNaming(zklock.NamingCurator)
		holder, _ := w.dial("", 10*time.Second)
		s, _ := w.dial("", 10*time.Second)
		p := acquire(t, semaphore(t, holder, "pool", 1, curators), 1)
		next := ask(t.Context(), semaphore(t, s, "pool", 1, curators), 1)
		queued, _, err := s.Conn().Children("/ZktoolsLocks/pool/locks")
		require.NoError(t, err)
		require.Len(t, queued, 1)
		a := another{t, holder.Conn()}
		permit := a.create("/ZktoolsLocks/pool/leases/"+
			"_c_01234567-89ab-cdef-0123-456789abcdef-lease-", "", zk.FlagSequence)
		time.Sleep(time.Second) // sleep ok: virtual
		now, _, err := s.Conn().Children("/ZktoolsLocks/pool/locks")
		require.NoError(t, err)
		assert.Equal(t, queued, now)
		a.delete(permit)
		p.Release()
		<-next.done
		next.granted(t).Release()
	})
}

// TestVirtualALostConnectionIsNoRelease cuts off the first in the queue. What it is told then is not
// that permits were given back.
func TestVirtualALostConnectionIsNoRelease(t *testing.T) {
	cfg := fakezk.Config{Latency: ms(3)}
	most := permitsOut(&cfg)
	virtually(t, cfg, func(t *testing.T, w *world) {
		holder, _ := w.dial("", 10*time.Second)
		s, client := w.dial("", 10*time.Second)
		p := acquire(t, semaphore(t, holder, "pool", 1), 1)
		next := ask(t.Context(), semaphore(t, s, "pool", 1), 1)
		for range 3 {
			client.Cut()
			time.Sleep(time.Second) // sleep ok: virtual; it has connected again
			require.True(t, isOpen(next.done))
		}
		p.Release()
		<-next.done
		next.granted(t).Release()
	})
	assert.Equal(t, 1, *most)
}
