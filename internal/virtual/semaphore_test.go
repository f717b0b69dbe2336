package virtual

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

func semaphore(tb testing.TB, s *zklock.Session, name string, n int,
	opts ...zklock.LockOption) *zklock.Semaphore {
	tb.Helper()
	sem, err := s.Semaphore(name, n, opts...)
	require.NoError(tb, err)
	return sem
}

func acquire(tb testing.TB, sem *zklock.Semaphore, n int) *zklock.Permit {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := sem.Acquire(ctx, n)
	require.NoError(tb, err)
	return p
}

// asking is an Acquire under way.
type asking struct {
	done   chan struct{} // closed when it has returned
	permit *zklock.Permit
	err    error
}

// ask acquires permits on a goroutine, and returns when that waits for others, or is done. It is
// for virtual time.
func ask(ctx context.Context, sem *zklock.Semaphore, n int) *asking {
	a := &asking{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.permit, a.err = sem.Acquire(ctx, n)
	}()
	time.Sleep(100 * time.Millisecond) // sleep ok: virtual; to be in the queue, with a watch
	return a
}

// granted returns the permits that were granted by now.
func (a *asking) granted(t *testing.T) *zklock.Permit {
	t.Helper()
	require.False(t, isOpen(a.done), "it still waits")
	require.NoError(t, a.err)
	return a.permit
}

// TestVirtualSemaphore grants permits until there are no more.
func TestVirtualSemaphore(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		here, there := semaphore(t, s, "a/pool", 3), semaphore(t, other, "a/pool", 3)
		one, two := acquire(t, here, 1), acquire(t, there, 2)
		assert.Equal(t, []int{1, 2}, []int{one.Count(), two.Count()})
		assert.NotEqual(t, one.Token(), two.Token())
		assert.Len(t, w.Ephemerals(), 2, "a hold is one znode")
		for _, sem := range []*zklock.Semaphore{here, there} {
			_, err := sem.TryAcquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrLocked)
			assert.ErrorContains(t, err,
				"acquire /ZktoolsLocks/a/pool: lock is taken: 3 of 3 permits are in use")
		}
		third := ask(t.Context(), here, 1)
		require.True(t, isOpen(third.done))
		_, err := there.TryAcquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrLocked)
		one.Release()
		time.Sleep(50 * time.Millisecond) // sleep ok: virtual time
		third.granted(t).Release()
		four, err := there.TryAcquire(t.Context(), 1)
		require.NoError(t, err)
		four.Release()
		two.Release()
		all := acquire(t, here, 3)
		assert.NoError(t, all.Err())
		assert.WithinDuration(t, time.Now().Add(5*time.Second), all.Deadline(), time.Second)
		held, err := all.Held(t.Context())
		assert.NoError(t, err)
		assert.True(t, held)
		guard, err := all.Guard()
		require.NoError(t, err)
		_, err = s.Conn().Multi(guard)
		assert.NoError(t, err)
		ctx, cancel := all.Context(t.Context())
		defer cancel()
		require.NoError(t, all.ReleaseContext(t.Context()))
		assert.ErrorIs(t, context.Cause(ctx), zklock.ErrNotLocked)
		_, err = s.Conn().Multi(guard)
		assert.ErrorIs(t, err, zk.ErrNoNode)
		assert.ErrorIs(t, all.ReleaseContext(t.Context()), zklock.ErrNotLocked)
		assert.Panics(t, all.Release)
		_, err = all.Guard()
		assert.ErrorIs(t, err, zklock.ErrNotLocked)
		held, err = all.Held(t.Context())
		assert.NoError(t, err)
		assert.False(t, held)
	})
}

// TestVirtualSemaphoreTrips counts the trips to the server, and that nobody else asks anything.
func TestVirtualSemaphoreTrips(t *testing.T) {
	const trip = 10 * time.Millisecond
	virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 10)
		acquire(t, sem, 1).Release()
		for _, try := range []bool{false, true} {
			begun := time.Now()
			p, err := sem.Acquire(t.Context(), 4)
			if try {
				p, err = sem.TryAcquire(t.Context(), 4)
			}
			require.NoError(t, err)
			if !try {
				assert.Equal(t, 2*trip, time.Since(begun),
					"the queue and the permits, the transaction")
				begun = time.Now()
				p.Release()
				assert.Equal(t, trip, time.Since(begun))
				continue
			}
			p.Release()
		}
	})
}

// TestVirtualSemaphoreWakesOne has many wait. One release wakes the one that is granted the
// permits, and that wakes the next, which looks how many are left. Nobody else hears of it.
func TestVirtualSemaphoreWakesOne(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		holder, _ := w.dial("", 40*time.Second)
		p := acquire(t, semaphore(t, holder, "pool", 2), 1)
		acquire(t, semaphore(t, holder, "pool", 2), 1)
		var waiting []*asking
		var clients []*fakezk.Client
		for range 12 {
			s, client := w.dial("", 40*time.Second)
			waiting = append(waiting, ask(t.Context(), semaphore(t, s, "pool", 2), 1))
			clients = append(clients, client)
		}
		asked := make([]int, len(clients))
		for i, client := range clients {
			client.OnRequest(func(op int32) {
				if op != wire.OpPing {
					asked[i]++
				}
			})
		}
		time.Sleep(time.Second) // sleep ok: virtual; all are in the queue
		assert.Equal(t, 1, w.Watches()["/ZktoolsLocks/pool/leases/"], "the first in the queue alone")
		clear(asked)
		p.Release()
		time.Sleep(50 * time.Millisecond) // sleep ok: virtual time
		synctest.Wait()
		permit := waiting[0].granted(t)
		for i, n := range asked[2:] {
			// the one that makes ready looks who is ahead
			assert.LessOrEqual(t, n, 1, "who is %d places behind asked", i+2)
		}
		for _, n := range asked[4:] {
			assert.Zero(t, n)
		}
		for i := range waiting {
			permit.Release()
			if i+1 < len(waiting) {
				time.Sleep(50 * time.Millisecond) // sleep ok: virtual time
				permit = waiting[i+1].granted(t)
			}
		}
	})
}

// TestVirtualSemaphoreIsFair has one ask for many permits, and others for few behind it, who would
// fit.
func TestVirtualSemaphoreIsFair(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var sems []*zklock.Semaphore
		for range 3 {
			s, _ := w.dial("", 10*time.Second)
			sems = append(sems, semaphore(t, s, "pool", 10))
		}
		var held []*zklock.Permit
		for range 4 {
			held = append(held, acquire(t, sems[0], 2))
		}
		many := ask(t.Context(), sems[1], 9)
		few := ask(t.Context(), sems[2], 1)
		_, err := sems[0].TryAcquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrLocked, "somebody waits")
		for _, p := range held {
			require.True(t, isOpen(many.done))
			require.True(t, isOpen(few.done), "it has overtaken")
			p.Release()
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual time
		}
		first := many.granted(t)
		second := few.granted(t)
		assert.Negative(t, first.Token().Compare(second.Token()))
		first.Release()
		second.Release()
	})
}

// TestVirtualManyTriesAtOnce has more clients try at the same moment than there are permits. Those
// who find others ahead that are about to take theirs wait for them.
func TestVirtualManyTriesAtOnce(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		granted := make(chan *zklock.Permit, 20)
		start := make(chan struct{})
		for range cap(granted) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "pool", 5)
			wg.Go(func() {
				<-start
				p, err := sem.TryAcquire(t.Context(), 1)
				if err == nil {
					granted <- p
				} else {
					assert.ErrorIs(t, err, zklock.ErrLocked)
				}
			})
		}
		close(start)
		wg.Wait()
		close(granted)
		assert.Len(t, granted, 5, "permits were free, and not granted")
		for p := range granted {
			p.Release()
		}
	})
}

// TestVirtualATryDoesNotWaitForADeadClient has one die in the queue, before it could take its
// permits.
func TestVirtualATryDoesNotWaitForADeadClient(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 2)
		acquire(t, sem, 1).Release()
		dead := w.Stranger()
		dead.Queue("/ZktoolsLocks/pool/locks/_c_00000000000000000000000000000000-lock-")
		begun := time.Now()
		_, err := sem.TryAcquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrLocked)
		assert.ErrorContains(t, err, "others are ahead")
		assert.LessOrEqual(t, time.Since(begun), 300*time.Millisecond)
		dead.Leave()
		p, err := sem.TryAcquire(t.Context(), 1)
		require.NoError(t, err)
		p.Release()
	})
}

// TestVirtualSizesMustAgree has handles of different sizes on one semaphore.
func TestVirtualSizesMustAgree(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		ten, five := semaphore(t, s, "pool", 10), semaphore(t, other, "pool", 5)
		size, err := ten.Size(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 10, size, "nobody has said otherwise")
		p := acquire(t, ten, 1)
		for range 2 {
			_, err = five.Acquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrSize)
			assert.ErrorContains(t, err, "it is 10, and this handle is made for 5")
			_, err = five.TryAcquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrSize)
		}
		_, err = ten.Acquire(t.Context(), 11)
		assert.ErrorIs(t, err, zklock.ErrSize)
		assert.ErrorContains(t, err, "it is 10, and 11 permits are asked for")
		for _, n := range []int{0, -1} {
			_, err = ten.Acquire(t.Context(), n)
			assert.ErrorContains(t, err, "want from 1")
		}
		size, err = five.Size(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 10, size)
		p.Release()
		assert.Empty(t, w.Ephemerals())

		time.Sleep(5 * time.Minute) // sleep ok: virtual; the servers remove what nobody uses
		acquire(t, five, 5).Release()
		_, err = ten.Acquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrSize)
	})
}

// TestVirtualResize makes a semaphore larger and smaller while it is in use, whatever its handles
// say.
func TestVirtualResize(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		operator, _ := w.dial("", 10*time.Second)
		here, there := semaphore(t, s, "pool", 2), semaphore(t, other, "pool", 2)
		ops := semaphore(t, operator, "pool", 99)
		one, two := acquire(t, here, 1), acquire(t, there, 1)
		third, fourth := ask(t.Context(), here, 1), ask(t.Context(), there, 2)
		require.NoError(t, ops.Resize(t.Context(), 3))
		time.Sleep(100 * time.Millisecond) // sleep ok: virtual time
		three := third.granted(t)
		require.True(t, isOpen(fourth.done))

		require.NoError(t, ops.Resize(t.Context(), 2))
		for _, p := range []*zklock.Permit{one, two, three} {
			assert.NoError(t, p.Err(), "nobody is thrown out")
			require.True(t, isOpen(fourth.done), "there are still %d out", 3)
		}
		one.Release()
		two.Release()
		time.Sleep(100 * time.Millisecond) // sleep ok: virtual time
		require.True(t, isOpen(fourth.done), "2 permits, of which 1 is out, and it wants 2")

		require.NoError(t, ops.Resize(t.Context(), 1))
		<-fourth.done
		assert.ErrorIs(t, fourth.err, zklock.ErrSize)
		assert.ErrorContains(t, fourth.err, "it is 1, and 2 permits are asked for")
		three.Release()
		acquire(t, semaphore(t, other, "pool", 7), 1).Release() // handles need not agree any more

		time.Sleep(10 * time.Minute) // sleep ok: virtual; it is not forgotten, though nobody uses it
		size, err := here.Size(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, size)
		_, err = here.Acquire(t.Context(), 2)
		assert.ErrorIs(t, err, zklock.ErrSize)
		require.NoError(t, ops.Resize(t.Context(), 0))
		acquire(t, here, 2).Release()
		_, err = ops.Acquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrSize)
		assert.ErrorContains(t, err, "it is 2, and this handle is made for 99")
		assert.ErrorContains(t, ops.Resize(t.Context(), -1), "want from 1")
	})
}

// TestVirtualResizeOfAnUnusedSemaphore comes before anybody has used the name.
func TestVirtualResizeOfAnUnusedSemaphore(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "a/pool", 8)
		require.NoError(t, sem.Resize(t.Context(), 0))
		require.NoError(t, sem.Resize(t.Context(), 3))
		require.NoError(t, sem.Resize(t.Context(), 4))
		p := acquire(t, sem, 4)
		_, err := sem.TryAcquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrLocked)
		p.Release()
	})
}

// TestVirtualSemaphoreNames has the name used otherwise.
func TestVirtualSemaphoreNames(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "lock")
		lock(t, m)
		_, err := semaphore(t, s, "lock", 2).Acquire(t.Context(), 1)
		assert.Error(t, err)
		m.Unlock()
		for name, data := range map[string]string{"kazoo": "2", "other": "hello", "zero": "0",
			"huge": "-99999999999"} {
			_, err := s.Conn().Create("/ZktoolsLocks/"+name, []byte(data), 0,
				zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
			_, err = semaphore(t, s, name, 2).Acquire(t.Context(), 1)
			require.Error(t, err, name)
			assert.Equal(t, name == "kazoo", errors.Is(err, zklock.ErrMixedDialects),
				"%s: %v", name, err)
			assert.Error(t, semaphore(t, s, name, 2).Resize(t.Context(), 5))
			stored, _, err := s.Conn().Get("/ZktoolsLocks/" + name)
			require.NoError(t, err)
			assert.Equal(t, data, string(stored), "what others have stored is left alone")
		}
		for _, c := range []struct {
			n    int
			opts []zklock.LockOption
			want string
		}{
			{0, nil, "semaphore of 0 permits: want from 1"},
			{-3, nil, "semaphore of -3 permits"},
			{1, []zklock.LockOption{zklock.WithNaming(zklock.NamingKazoo)}, "under the kazoo naming"},
			{1, []zklock.LockOption{zklock.WithNaming(zklock.NamingZktools)}, "under the zktools naming"},
			{1, []zklock.LockOption{zklock.WithLocalHandoff(3)}, "WithLocalHandoff is for locks"},
			{1, []zklock.LockOption{zklock.WithKazooPatterns()}, "WithKazooPatterns is for locks"},
		} {
			_, err := s.Semaphore("x", c.n, c.opts...)
			assert.ErrorContains(t, err, c.want)
		}
		_, err = s.Semaphore("", 1)
		assert.ErrorIs(t, err, zklock.ErrInvalidName)
	})
}

// TestVirtualSemaphoreDo runs functions under permits.
func TestVirtualSemaphoreDo(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 2)
		never := func(context.Context) error {
			assert.Fail(t, "it ran without permits")
			return nil
		}
		require.NoError(t, sem.Do(t.Context(), 2, func(ctx context.Context) error {
			assert.Len(t, w.Ephemerals(), 1)
			err := sem.Do(ctx, 1, never, zklock.NoWait())
			assert.ErrorIs(t, err, zklock.ErrLocked)
			err = sem.Do(ctx, 1, never, zklock.WaitAtMost(time.Second))
			assert.ErrorIs(t, err, zklock.ErrWaitTimeout)
			assert.ErrorContains(t, err, "2 of 2 permits are in use, and it wants 1")
			return nil
		}))
		assert.Empty(t, w.Ephemerals())
		err := sem.Do(t.Context(), 1, func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, zklock.RunAtMost(time.Second))
		assert.ErrorIs(t, err, zklock.ErrRunTimeout)
		err = sem.Do(t.Context(), 1, func(ctx context.Context) error {
			w.Expire(s.ID())
			<-ctx.Done()
			return context.Cause(ctx)
		})
		assert.ErrorIs(t, err, zklock.ErrLost)
		assert.Empty(t, w.Ephemerals())
		assert.Panics(t, func() {
			sem.Do(t.Context(), 1, func(context.Context) error { panic("test") })
		})
		assert.Empty(t, w.Ephemerals())
		assert.ErrorContains(t, sem.Do(t.Context(), 1, never, zklock.WaitAtMost(-1)), "-1ns")
		assert.ErrorContains(t, sem.Do(t.Context(), 3, never), "3")
	})
}

// TestVirtualSemaphoreInOneProcess has goroutines of one Session share the permits.
func TestVirtualSemaphoreInOneProcess(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 3)
		c := counter{t: t, most: 3}
		before := client.Sent(wire.OpMulti)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				p := acquire(t, sem, i%3+1)
				c.enter(p.Count())
				time.Sleep(20 * time.Millisecond) // sleep ok: virtual; the work
				c.leave(p.Count())
				p.Release()
			})
		}
		wg.Wait()
		c.check()
		assert.LessOrEqual(t, client.Sent(wire.OpMulti)-before, 33,
			"a transaction each, and the beats")
	})
}

// counter counts how many permits are held at a time.
type counter struct {
	t    *testing.T
	most int

	mu   sync.Mutex // guards the fields below
	now  int
	peak int
}

func (c *counter) enter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.peak = max(c.peak, c.now)
	assert.LessOrEqual(c.t, c.now, c.most, "too many permits are held")
}

func (c *counter) leave(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now -= n
}

// check fails if the permits were never all in use: then the test shows nothing.
func (c *counter) check() { assert.Equal(c.t, c.most, c.peak) }

// TestVirtualSemaphoreIsSeen looks at a semaphore that is held and waited for, asks and clears, and
// removes it.
func TestVirtualSemaphoreIsSeen(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "jobs/pool", 3, zklock.WithIdentifier("ann"))
		there := semaphore(t, other, "jobs/pool", 3, zklock.WithIdentifier("ben"))
		none, err := sem.Contenders(t.Context())
		require.NoError(t, err)
		assert.Empty(t, none)
		one, two := acquire(t, sem, 2), acquire(t, there, 1)
		waits := ask(t.Context(), there, 1)
		m := mutex(t, s, "jobs/pool/part")
		lock(t, m)

		contenders, err := sem.Contenders(t.Context())
		require.NoError(t, err)
		require.Len(t, contenders, 3)
		for i, want := range []zklock.Contender{
			{Kind: zklock.KindSemaphore, Holder: true, Permits: 2, Data: []byte("ann"), SessionID: s.ID(), Zxid: one.Token().Zxid},
			{Kind: zklock.KindSemaphore, Holder: true, Permits: 1, Data: []byte("ben"), SessionID: other.ID(), Zxid: two.Token().Zxid},
			{Kind: zklock.KindSemaphore, Data: []byte("ben"), SessionID: other.ID(), Zxid: contenders[2].Zxid},
		} {
			got := contenders[i]
			want.Znode, want.Created, want.Modified = got.Znode, got.Created, got.Modified
			want.Sequence, want.DataSize = got.Sequence, len(want.Data)
			if want.Holder {
				want.HeldSince = got.Created
			}
			assert.Equal(t, want, got)
		}
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		require.Len(t, locks, 2)
		assert.Equal(t, "jobs/pool semaphore 2 1",
			fmt.Sprint(locks[0].Name, " ", locks[0].Kind, " ", locks[0].Holders, " ",
				locks[0].Waiters))
		assert.Equal(t, "jobs/pool/part", locks[1].Name)
		assert.Error(t, s.Remove(t.Context(), "jobs/pool"))
		m.Unlock()
		require.NoError(t, s.Remove(t.Context(), "jobs/pool/part"))
		assert.ErrorIs(t, s.Remove(t.Context(), "jobs/pool"), zklock.ErrLocked)

		require.NoError(t, sem.Revoke(t.Context(), contenders[0]))
		<-one.Revoked()
		assert.True(t, isOpen(two.Revoked()))
		n, err := sem.RevokeHolders(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		<-two.Revoked()
		asked, err := sem.Contenders(t.Context())
		require.NoError(t, err)
		assert.True(t, asked[0].Revoked)
		assert.Equal(t, "ann", string(asked[0].Data), "it is still seen who it is")
		assert.False(t, asked[2].Revoked)
		n, err = sem.RevokeAll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 3, n)
		n, err = sem.Clear(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 3, n)
		<-one.Lost()
		assert.ErrorIs(t, two.ReleaseContext(t.Context()), zklock.ErrLost)
		assert.ErrorIs(t, one.ReleaseContext(t.Context()), zklock.ErrLost)
		<-waits.done
		require.NoError(t, waits.err, "who waited queues again")
		waits.permit.Release()
		require.NoError(t, s.Remove(t.Context(), "jobs/pool"))
		acquire(t, semaphore(t, s, "jobs/pool", 5), 5).Release() // of another size now
	})
}

// TestVirtualSemaphoreHooks looks at what hooks are told.
func TestVirtualSemaphoreHooks(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		told := make(chan string, 10)
		tell := func(what string, lock zklock.LockRef, err error) {
			told <- fmt.Sprint(what, " ", lock.Name, " ", lock.Kind, " ", lock.Path, " ", err)
		}
		s, _ := w.dial("", 10*time.Second, zklock.WithHooks(&zklock.Hooks{
			AcquireStart: func(ctx context.Context, e zklock.AcquireStartEvent) context.Context {
				tell("start", e.Lock, nil)
				return ctx
			},
			AcquireEnd: func(_ context.Context, e zklock.AcquireEndEvent) {
				tell("end", e.Lock, e.Err)
			},
			HoldEnd: func(_ context.Context, e zklock.HoldEndEvent) { tell("over", e.Lock, e.Err) },
		}))
		sem := semaphore(t, s, "a/pool", 1)
		p := acquire(t, sem, 1)
		_, err := sem.TryAcquire(t.Context(), 1)
		require.ErrorIs(t, err, zklock.ErrLocked)
		p.Release()
		time.Sleep(time.Second) // sleep ok: virtual; hooks are told a moment later
		var all []string
		for len(told) > 0 {
			all = append(all, <-told)
		}
		assert.ElementsMatch(t, []string{
			"start a/pool semaphore /ZktoolsLocks/a/pool <nil>",
			"end a/pool semaphore /ZktoolsLocks/a/pool <nil>",
			"start a/pool semaphore /ZktoolsLocks/a/pool <nil>",
			"end a/pool semaphore /ZktoolsLocks/a/pool acquire /ZktoolsLocks/a/pool: lock is taken: 1 of 1 permits are in use",
			"over a/pool semaphore /ZktoolsLocks/a/pool <nil>",
		}, all)
	})
}

// TestVirtualSemaphoreMisuse uses handles that no Session has made.
func TestVirtualSemaphoreMisuse(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		copied := *semaphore(t, s, "pool", 1)
		for _, sem := range []*zklock.Semaphore{nil, {}, &copied} {
			for _, use := range []func(){
				func() { sem.Acquire(t.Context(), 1) },
				func() { sem.TryAcquire(t.Context(), 1) },
				func() { sem.Size(t.Context()) },
				func() { sem.Resize(t.Context(), 1) },
				func() { sem.Contenders(t.Context()) },
				func() { sem.RevokeAll(t.Context()) },
				func() { sem.Revoke(t.Context(), zklock.Contender{}) },
				func() { sem.Clear(t.Context()) },
			} {
				assert.PanicsWithValue(t,
					"zklock: use of a Semaphore that was not made by Session.Semaphore, or was copied", use)
			}
		}
	})
}

// TestVirtualSemaphoreCountsBehindASibling has a candidate created while one ahead, of the same
// session, hears that permits are free, looks how many, and takes them. It must not take any by what
// it saw before.
func TestVirtualSemaphoreCountsBehindASibling(t *testing.T) {
	const trip = 20 * time.Millisecond
	for after := time.Millisecond; after < 3*trip; after += time.Millisecond {
		cfg := fakezk.Config{Latency: func() time.Duration { return trip / 2 }}
		most := permitsOut(&cfg)
		virtually(t, cfg, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			elsewhere, _ := w.dial("", 10*time.Second)
			one, two := semaphore(t, s, "pool", 3), semaphore(t, s, "pool", 3)
			acquire(t, two, 3).Release() // now it expects that permits are free
			others := semaphore(t, elsewhere, "pool", 3)
			kept, held := acquire(t, others, 1), acquire(t, others, 2)
			first := ask(t.Context(), one, 2)
			go held.Release() // ends with the answer to it
			time.Sleep(after) // sleep ok: virtual
			second := ask(t.Context(), two, 2)
			assert.True(t, isOpen(second.done))
			first.granted(t).Release()
			<-second.done
			second.granted(t).Release()
			kept.Release()
		})
		assert.Equal(t, 3, *most, "of 3 permits; the second asked for after %v", after)
	}
}

// permitsOut follows how many permits are out, and returns the most that ever were.
func permitsOut(cfg *fakezk.Config) *int {
	out, most := make(map[string]int), new(int)
	cfg.Written = func(znode string, _ []byte, owner int64) {
		if owner == 0 || path.Base(path.Dir(znode)) != "leases" {
			return
		}
		out[znode] = int(queue.ParsePermit(path.Base(znode)).Count)
		n := 0
		for _, count := range out {
			n += count
		}
		*most = max(*most, n)
	}
	cfg.Deleted = func(znode string, _, _ int64) { delete(out, znode) }
	return most
}

// TestVirtualSemaphoreCountsAfterItsTurn has a candidate be told that the one ahead has left, and a
// moment later of the permits that it has taken in the same transaction. The session still watches
// the permits, for one that has given up.
func TestVirtualSemaphoreCountsAfterItsTurn(t *testing.T) {
	for n := range 10 {
		cfg := fakezk.Config{Latency: func() time.Duration { // never twice the same
			n++
			return time.Duration(5+n%10) * time.Millisecond
		}}
		most := permitsOut(&cfg)
		virtually(t, cfg, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			elsewhere, _ := w.dial("", 10*time.Second)
			here, there := semaphore(t, s, "pool", 3), semaphore(t, elsewhere, "pool", 3)
			held := acquire(t, there, 2)
			ctx, cancel := context.WithCancel(t.Context())
			vain := ask(ctx, here, 2)
			cancel()
			<-vain.done
			stranger := w.Stranger()
			stranger.Queue("/ZktoolsLocks/pool/locks/_c_00000000000000000000000000000000-lock-")
			first := ask(t.Context(), there, 1)
			second := ask(t.Context(), here, 1)
			stranger.Leave()
			<-first.done
			time.Sleep(time.Second) // sleep ok: virtual
			assert.True(t, isOpen(second.done))
			held.Release()
			first.granted(t).Release()
			<-second.done
			second.granted(t).Release()
		})
		assert.Equal(t, 3, *most, "of 3 permits")
	}
}

// TestVirtualSemaphoreWithoutItsContainers looks at semaphores of which servers have removed the
// znodes that were empty, and at locks whose names end as those do.
func TestVirtualSemaphoreWithoutItsContainers(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		held, resized := semaphore(t, s, "held", 2), semaphore(t, s, "resized", 2)
		require.NoError(t, resized.Resize(t.Context(), 3))
		permit := acquire(t, held, 1)
		acquire(t, resized, 1).Release()
		var locks []*zklock.Mutex
		for _, name := range []string{"a/leases", "b/locks"} {
			m := mutex(t, s, name)
			lock(t, m)
			locks = append(locks, m)
		}
		curators := mutex(t, s, "curators/leases")
		lock(t, curators)
		const lease = "/_c_01234567-89ab-cdef-0123-456789abcdef-lease-0000000001"
		_, err := s.Conn().Create(curators.Path()+lease, nil, zk.FlagEphemeral,
			zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		curators.Unlock()
		time.Sleep(3 * time.Minute) // sleep ok: virtual; containers are gone
		children, _, err := s.Conn().Children("/ZktoolsLocks/held")
		require.NoError(t, err)
		require.Equal(t, []string{"leases"}, children)

		found, err := s.Locks(t.Context())
		require.NoError(t, err)
		var shown []string
		for _, l := range found {
			shown = append(shown, fmt.Sprint(l.Name, " ", l.Kind, " ", l.Holders))
		}
		assert.Equal(t, []string{"a/leases lock 1", "b/locks lock 1", "curators semaphore 1",
			"held semaphore 1", "resized semaphore 0"}, shown)
		for name, want := range map[string]bool{"held": true, "resized": true, "curators": true,
			"a": false, "b": false, "a/leases": false, "none": false} {
			exists, err := semaphore(t, s, name, 2).Exists(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, exists, name)
		}
		permit.Release()
		for _, m := range locks {
			m.Unlock()
		}
	})
}
