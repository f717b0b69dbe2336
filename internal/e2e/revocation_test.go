package e2e

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

func TestAskMakesAWillingHolderGo(t *testing.T) {
	holder, waiter, asker := mutex(t, dial(t), "ask"), mutex(t, dial(t), "ask"),
		mutex(t, dial(t), "ask")
	revoked := lock(t, holder)
	p := queued(t, waiter)
	var g errgroup.Group
	g.Go(func() error {
		<-revoked
		return holder.UnlockContext(context.Background())
	})
	g.Go(func() error { // one that was asked while it waited may leave instead
		<-p.Revoked()
		p.Cancel()
		<-p.Released()
		return nil
	})
	mine, err := asker.LockRevoking(t.Context(), zklock.Ask)
	require.NoError(t, err)
	require.NoError(t, g.Wait())
	assert.True(t, isOpen(mine), "the asker revoked itself")
	asker.Unlock()

	// It works again on every later acquisition.
	for range 3 {
		revoked := lock(t, holder)
		p := asker.LockAsync(t.Context())
		receive(t, p.Queued(), "candidate")
		assert.True(t, isOpen(revoked), "to queue is not to ask")
		p.Cancel()
		g.Go(func() error {
			<-revoked
			return holder.UnlockContext(context.Background())
		})
		_, err := asker.LockRevoking(t.Context(), zklock.Ask)
		require.NoError(t, err)
		require.NoError(t, g.Wait())
		asker.Unlock()
	}
}

// TestRevokeOfOneContender asks the holder and not the one that waits.
func TestRevokeOfOneContender(t *testing.T) {
	holder, waiter := mutex(t, dial(t), "one"), mutex(t, dial(t), "one")
	revoked := lock(t, holder)
	p := queued(t, waiter)
	contenders, err := waiter.Contenders(t.Context())
	require.NoError(t, err)
	require.Len(t, contenders, 2)
	require.NoError(t, waiter.Revoke(t.Context(), contenders[0]))
	receive(t, revoked, "revocation")
	assert.True(t, isOpen(p.Revoked()))
	holder.Unlock()
	receive(t, p.Done(), "grant")
	assert.True(t, isOpen(p.Revoked()))
	require.ErrorIs(t, waiter.Revoke(t.Context(), contenders[0]), zk.ErrNoNode)
}

func TestAskWaitsForAnUnwillingHolder(t *testing.T) {
	holder, asker := mutex(t, dial(t), "no"), mutex(t, dial(t), "no")
	revoked := lock(t, holder)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		defer cancel()
		select {
		case <-revoked:
		case <-ctx.Done():
			return errors.New("it was not asked")
		}
		<-time.After(200 * time.Millisecond) // in which the lock may be granted wrongly
		return nil
	})
	_, err := asker.LockRevoking(ctx, zklock.Ask)
	assert.ErrorIs(t, err, context.Canceled)
	require.NoError(t, g.Wait())
	assert.True(t, isOpen(holder.Lost()))
	held, err := holder.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	requireQueue(t, holder, 1)
	holder.Unlock()
}

func TestForceTakesTheLockAtOnce(t *testing.T) {
	holder, waiter, taker := mutex(t, dial(t), "force"), mutex(t, dial(t), "force"),
		mutex(t, dial(t), "force")
	revoked, lost := lock(t, holder), holder.Lost()
	p := queued(t, waiter)
	_, err := taker.LockRevoking(t.Context(), zklock.Force)
	require.NoError(t, err)
	receive(t, lost, "loss")
	receive(t, revoked, "revocation")
	assert.ErrorIs(t, holder.Err(), zklock.ErrLost)
	assert.ErrorIs(t, holder.Err(), zklock.ErrRevoked)
	assert.Positive(t, taker.Token().Compare(holder.Token()))
	requireQueue(t, taker, 2) // the waiter queued again
	assert.True(t, isOpen(p.Done()))
	taker.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	waiter.Unlock()
	holder.Unlock()
}

func TestAskThenForceGivesAGrace(t *testing.T) {
	t.Parallel()
	holder, taker := mutex(t, dial(t), "grace"), mutex(t, dial(t), "grace")
	revoked, lost := lock(t, holder), holder.Lost()
	const grace = 3 * time.Second // a busy machine may take a while to tell the holder
	var toldAt time.Time
	var g errgroup.Group
	g.Go(func() error {
		<-revoked
		toldAt = time.Now()
		if !isOpen(lost) {
			return errors.New("no grace was given")
		}
		return nil
	})
	begun := time.Now()
	_, err := taker.LockRevoking(t.Context(), zklock.AskThenForce(grace))
	require.NoError(t, err)
	require.NoError(t, g.Wait())
	assert.GreaterOrEqual(t, time.Since(begun), grace)
	assert.Less(t, toldAt.Sub(begun), grace)
	receive(t, lost, "loss")
	taker.Unlock()
	holder.Unlock()

	// A willing holder is spared.
	revoked = lock(t, holder)
	g.Go(func() error {
		<-revoked
		return holder.UnlockContext(context.Background())
	})
	_, err = taker.LockRevoking(t.Context(), zklock.AskThenForce(time.Hour))
	require.NoError(t, err)
	require.NoError(t, g.Wait(), "a hold that was released in time counts as lost")
	taker.Unlock()
	assert.Equal(t, zklock.Force, zklock.AskThenForce(0))
	assert.Equal(t, zklock.Force, zklock.AskThenForce(-time.Second))
}

func TestAReaderRevokesWritersOnly(t *testing.T) {
	for name, how := range map[string]zklock.Revocation{"ask": zklock.Ask, "force": zklock.Force} {
		t.Run(name, func(t *testing.T) {
			s := dial(t)
			first, writer, late := rwmutex(t, s, name), rwmutex(t, s, name), rwmutex(t, s, name)
			revoked, err := first.RLockContext(t.Context())
			require.NoError(t, err)
			p := queued(t, writer.Mutex)
			var g errgroup.Group
			g.Go(func() error {
				if how == zklock.Ask {
					<-p.Revoked()
					p.Cancel()
				}
				return nil
			})
			reader := late.Reader()
			mine, err := reader.LockRevoking(t.Context(), how)
			require.NoError(t, err)
			require.NoError(t, g.Wait())
			assert.True(t, isOpen(revoked), "a reader revoked a reader")
			assert.True(t, isOpen(mine))
			reader.Unlock()
			p.Cancel()
			first.RUnlock()
			receive(t, p.Released(), "removal")
		})
	}
}

func TestForceWithAnEndedContextHarmsNobody(t *testing.T) {
	holder, taker := mutex(t, dial(t), "zero"), mutex(t, dial(t), "zero")
	revoked := lock(t, holder)
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := taker.LockRevoking(ended, zklock.Force)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	held, err := holder.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	assert.True(t, isOpen(revoked))
	holder.Unlock()
}

func TestRevokeAllAndClearCount(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "all")
	revokeAll := func(ctx context.Context) (int, error) { return m.RevokeAll(ctx) }
	for name, all := range map[string]func(context.Context) (int, error){"revoke": revokeAll, "clear": m.Clear} {
		n, err := all(t.Context())
		require.NoError(t, err, name)
		assert.Zero(t, n, name)
	}
	rw := rwmutex(t, s, "all")
	rw.RLock()
	rw.RLock()
	p := queued(t, m)
	n, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	q := contenders(t, m)
	for _, c := range q {
		assert.True(t, c.Revoked)
	}
	require.NoError(t, s.Conn().Delete(m.Path()+"/"+q[2].Znode, -1))
	requireQueuedAgain(t, m, q, patience)
	rw.RUnlock()
	rw.RUnlock()
	receive(t, p.Done(), "lock by the waiter")
	require.NoError(t, p.Err())
	assert.NoError(t, m.Err(), "it inherited the mark of the candidate that was removed")
	m.Unlock()

	rw.RLock()
	rw.RLock()
	p = queued(t, m)
	n, err = m.Clear(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	rw.RUnlock()
	rw.RUnlock()
	receive(t, p.Done(), "lock by the waiter, who queued again or was cleared last")
	require.NoError(t, p.Err())
	m.Unlock()
}

// TestARevocationIsPushed measures from the revoker's write to the holder's closed channel, the
// holder 20 ms away from the server in each direction.
func TestARevocationIsPushed(t *testing.T) {
	t.Parallel()
	const delay, runs = 20 * time.Millisecond, 15
	proxy := server(t).Proxy(t)
	s := dialTo(t, proxy.Addr())
	holder := mutex(t, s, "push")
	median := func(measure func() time.Duration) time.Duration {
		var took []time.Duration
		for range runs {
			took = append(took, measure())
		}
		slices.Sort(took)
		return took[runs/2]
	}
	ask := func(revoker *zklock.Mutex) func() time.Duration {
		return func() time.Duration {
			revoked := lock(t, holder)
			defer holder.Unlock()
			requireHoldWatched(t, holder)
			begun := time.Now()
			_, err := revoker.RevokeAll(t.Context())
			require.NoError(t, err)
			receive(t, revoked, "revocation")
			return time.Since(begun)
		}
	}
	direct := mutex(t, dial(t), "push")
	proxy.Delay(delay)
	trip := median(func() time.Duration {
		begun := time.Now()
		_, _, err := s.Conn().Exists("/")
		require.NoError(t, err)
		return time.Since(begun)
	})
	took := median(ask(direct))
	t.Logf("round trip %v; asked to closed %v, %.2f round trips", trip, took,
		float64(took)/float64(trip))
	assert.Less(t, took, 2*trip)
}

// TestWhatOnlyLooksLikeACandidateIsLeftAlone has a persistent znode with a candidate's name, and
// one below it, ahead of everybody.
func TestWhatOnlyLooksLikeACandidateIsLeftAlone(t *testing.T) {
	m, next := mutex(t, dial(t), "alike"), mutex(t, dial(t), "alike")
	lock(t, m) // which makes the parents
	conn := dial(t).Conn()
	alike, err := conn.Create(m.Path()+"/_c_00000000000000000000000000000000-lock-", []byte("mine"),
		zk.FlagSequence, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	_, err = conn.Create(alike+"/below", nil, 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	m.Unlock() // not before: the server removes an empty container when it likes
	for _, how := range []zklock.Revocation{zklock.Ask, zklock.Force} {
		revoked := lock(t, m)
		done := make(chan error, 1)
		go func() { // ends with the lock
			_, err := next.LockRevoking(t.Context(), how)
			done <- err
		}()
		receive(t, revoked, "revocation")
		_ = m.UnlockContext(t.Context())
		require.NoError(t, <-done)
		next.Unlock()
	}
	lock(t, m)
	n, err := next.RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	n, err = next.Clear(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	_ = m.UnlockContext(t.Context())
	data, _, err := conn.Get(alike)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(data))
}

// TestAMarkBeforeTheFirstLook has the mark written after the candidate was created and before it is
// read.
func TestAMarkBeforeTheFirstLook(t *testing.T) {
	proxy := server(t).Proxy(t)
	other := mutex(t, dial(t), "cue")
	lock(t, other)
	other.Unlock()
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	var marked atomic.Bool
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isReply(dir, frame) && marked.CompareAndSwap(false, true) { // the reply to create
			n, err := other.RevokeAll(context.Background())
			assert.NoError(t, err)
			assert.Equal(t, 1, n)
		}
		return zktest.Pass
	})
	wait.For(t, lock(t, m), sessionTimeout/2, "revocation, before everybody looks again anyway")
	m.Unlock()
}

// TestForceOfACandidateThatIsGoneHarmsNobody removes the candidate and cancels while its force is
// under way.
func TestForceOfACandidateThatIsGoneHarmsNobody(t *testing.T) {
	proxy := server(t).Proxy(t)
	direct := dial(t)
	holder := mutex(t, direct, "cue")
	revoked := lock(t, holder)
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if opOf(dir, frame) == wire.OpMulti && ctx.Err() == nil {
			queue, err := holder.Contenders(context.Background())
			if assert.NoError(t, err) && assert.Len(t, queue, 2) {
				assert.NoError(t, direct.Conn().Delete(holder.Path()+"/"+queue[1].Znode, -1))
			}
			cancel()
		}
		return zktest.Pass
	})
	_, err := m.LockRevoking(ctx, zklock.Force)
	assert.ErrorIs(t, err, context.Canceled)
	held, err := holder.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held, "removed for nothing")
	assert.True(t, isOpen(revoked))
	holder.Unlock()
}

// TestAMarkIsSeenAfterAReconnection has the mark written while the holder is cut off.
func TestAMarkIsSeenAfterAReconnection(t *testing.T) {
	proxy := server(t).Proxy(t)
	m, other := mutex(t, dialTo(t, proxy.Addr()), "missed"), mutex(t, dial(t), "missed")
	revoked := lock(t, m)
	requireHoldWatched(t, m)
	proxy.Cut()
	n, err := other.RevokeAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	proxy.Heal()
	wait.For(t, revoked, sessionTimeout/2, "revocation, before everybody looks again anyway")
	assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
	m.Unlock()
}
