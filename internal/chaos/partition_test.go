//go:build unix

package chaos

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/zktest"
)

var cuts = flag.Int("chaos.cuts", 1,
	"how often TestAFollowerCutFromItsLeader cuts its follower off")

const (
	// holdersPerCut is how many runs one cut makes: that many sessions hold a lock each.
	holdersPerCut = 5

	// blindness is how long a follower that hears nothing from its leader goes on serving its
	// clients: syncLimit. zktest's 2 s would be over before a session of 6 s is, and with it the
	// fault: the follower would hang up.
	blindness = 10 * time.Second

	// cutPatience bounds what must happen; a test that runs into it has failed. A follower that has
	// long looked in vain for a leader asks for one every few seconds only.
	cutPatience = 40 * time.Second
)

// TestAFollowerCutFromItsLeader leaves holders on a follower that hears nothing from the other
// servers, does not know it yet and answers their pings. The leader expires their sessions
// meanwhile, and whoever waits on the leader's side of the cut acquires. 20 runs: go test
// ./internal/chaos -run TestAFollowerCutFromItsLeader -v -chaos.cuts 4
func TestAFollowerCutFromItsLeader(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e, err := startEnsemble(ctx, ensembleConfig{
		settings: []string{fmt.Sprintf("syncLimit=%d", blindness/zktest.DefaultTickTime)},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.stop()) })

	toldFirst := func(t *testing.T, timeout time.Duration, cuts int) {
		var runs []cutOff
		for i := range cuts {
			// so that its sessions are closed before the next
			t.Run(fmt.Sprint("cut ", i+1), func(t *testing.T) {
				runs = append(runs, cutFollower(t, e, zklock.LeaseQuorum, timeout)...)
			})
		}
		require.Len(t, runs, cuts*holdersPerCut)
		summarize(t, runs)
		for _, r := range runs {
			assert.Positive(t, r.ahead(), "another client acquired before Lost closed: %+v", r)
		}
	}
	t.Run("quorum/2s", func(t *testing.T) { toldFirst(t, 2*time.Second, *cuts) })
	t.Run("quorum/6s", func(t *testing.T) { toldFirst(t, 6*time.Second, 1) })

	// The control: a lease that counts from answered pings is taken in by such a follower, and its
	// holders must be told after others have acquired. If they are not, this cut endangers nobody,
	// and the runs above prove nothing.
	t.Run("ping/2s", func(t *testing.T) {
		runs := cutFollower(t, e, zklock.LeasePing, 2*time.Second)
		summarize(t, runs)
		assert.True(t, slices.ContainsFunc(runs, func(r cutOff) bool { return r.ahead() < 0 }),
			"the weaker lease was early enough, too: this proves nothing")
	})
}

// cutOff is one holder's run: how long after the cut its Lost closed, and another client acquired.
type cutOff struct{ told, acquired time.Duration }

func (r cutOff) ahead() time.Duration { return r.acquired - r.told }

// summarize logs what came of some runs.
func summarize(t *testing.T, runs []cutOff) {
	t.Helper()
	spread := func(what string, of func(cutOff) time.Duration) {
		t.Helper()
		var all []time.Duration
		for _, r := range runs {
			all = append(all, of(r).Round(time.Millisecond))
		}
		slices.Sort(all)
		n := len(all)
		t.Logf("%s, of %d runs: least %v, median %v, most %v", what, n, all[0], all[n/2], all[n-1])
	}
	spread("told before another acquired", cutOff.ahead)
	spread("told after the cut", func(r cutOff) time.Duration { return r.told })
	spread("another acquired after the cut", func(r cutOff) time.Duration { return r.acquired })
}

// contest is a lock with a holder on the follower and one who waits for it on the leader.
type contest struct {
	holder *zklock.Mutex
	lost   <-chan struct{}
	waiter *zklock.Pending
}

func (c contest) over() bool { return closed.Is(c.lost) }

// witnessTimeout is the session timeout of who only looks. It hangs up after two thirds of it
// without an answer, and cannot come back to a follower that is cut off; the machine may stand
// still for some time.
const witnessTimeout = 10 * time.Second

// answered returns nil if the session's server answers a read, which it does without asking others.
func answered(ctx context.Context, s *zklock.Session) error {
	answer := make(chan error, 1)
	go func() { // ends with the answer, or the session
		_, _, err := s.Conn().Exists("/")
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cutFollower has sessions on a follower hold locks for which others wait on the leader, cuts the
// follower off from the other servers until the holders have been told and the others have
// acquired, and mends it.
func cutFollower(t *testing.T, e *ensemble, lease zklock.Lease, timeout time.Duration) []cutOff {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cutPatience)
	defer cancel()
	leader, err := e.leader(ctx, cutPatience)
	require.NoError(t, err)
	follower := (leader + 1) % servers
	way, err := newLink(e.Servers()[follower].Addr(), 0) // the holders have no other
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, way.close()) })

	// A session that reads: it shows whether the follower still serves. Those that hold do not,
	// because a holder whose beat is not answered hangs up by itself, some time after it was told.
	witness := dialForCut(t, way.addr(), witnessTimeout)
	contend := func() (contests []contest) {
		for i := range holdersPerCut {
			name := fmt.Sprint("lock-", i)
			var c contest
			c.holder, err = dialForCut(t, way.addr(), timeout, zklock.WithLease(lease)).Mutex(name)
			require.NoError(t, err)
			_, err = c.holder.LockContext(ctx)
			require.NoError(t, err)
			c.lost = c.holder.Lost()
			other, err := dialForCut(t, e.Servers()[leader].Addr(), timeout).Mutex(name)
			require.NoError(t, err)
			c.waiter = other.LockAsync(ctx)
			select {
			case <-c.waiter.Queued():
			case <-ctx.Done():
				require.FailNow(t, "no candidate behind the holder's")
			}
			contests = append(contests, c)
		}
		return contests
	}
	contests := contend()
	// the machine stood still for a second
	for tries := 0; tries < 2 && slices.ContainsFunc(contests, contest.over); tries++ {
		for _, c := range contests {
			c.waiter.Cancel()
			_ = c.holder.UnlockContext(ctx) // lost or not
		}
		contests = contend()
	}
	require.False(t, slices.ContainsFunc(contests, contest.over), "lost before the cut")

	runs := make([]cutOff, len(contests))
	heal := func() { mend(t, e, follower) }
	defer heal() // before the sessions are closed, whatever happens
	begun := time.Now()
	e.around(follower, linkFaults{hole: [2]bool{true, true}})
	var watching sync.WaitGroup
	for i, c := range contests {
		watching.Go(func() { // ends with ctx at the latest; waited for below
			for lost, acquired := c.lost, c.waiter.Done(); lost != nil || acquired != nil; {
				select {
				case <-lost:
					runs[i].told, lost = time.Since(begun), nil
				case <-acquired:
					// the holder was told too before anybody looked: select chooses at random
					if closed.Is(lost) {
						runs[i].told, lost = time.Since(begun), nil
					}
					runs[i].acquired, acquired = time.Since(begun), nil
					assert.NoError(t, answered(ctx, witness),
						"the follower has not served its clients so long")
				case <-ctx.Done():
					assert.Fail(t, "the cut did not end", "lock %d: %+v", i, runs[i])
					return
				}
			}
		})
	}
	watching.Wait()
	heal()
	for _, c := range contests {
		require.NoError(t, c.waiter.Err())
		c.waiter.Cancel()
		require.ErrorIs(t, c.holder.UnlockContext(ctx), zklock.ErrLost)
		_, err := c.holder.LockContext(ctx) // the follower serves again
		require.NoError(t, err)
		require.NoError(t, c.holder.UnlockContext(ctx))
	}
	return runs
}

// mend ends a server's blackhole. What was swallowed is missing in the streams, and TCP has none
// with a gap: so that not a byte comes behind one, the connections end first, and the blackhole
// after them. A follower that misses a transaction would go on without it.
func mend(t *testing.T, e *ensemble, server int) {
	t.Helper()
	e.around(server, linkFaults{cut: true, hole: [2]bool{true, true}})
	assert.Eventually(t, func() bool {
		for other := range servers {
			for _, l := range slices.Concat(e.peers[server][other].links(),
				e.peers[other][server].links()) {
				if l.connected() {
					return false
				}
			}
		}
		return true
	}, cutPatience, time.Millisecond, "connections outlive the cut")
	e.around(server, linkFaults{})
}

// dialForCut opens a Session on one server that is closed at the test's end.
func dialForCut(t *testing.T, addr string, timeout time.Duration,
	opts ...zklock.SessionOption) *zklock.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cutPatience)
	defer cancel()
	s, err := zklock.Dial(ctx, addr, append(opts, zklock.WithSessionTimeout(timeout))...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}
