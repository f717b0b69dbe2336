package virtual

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/docblock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualCosts counts the requests that each guarantee costs, and compares them with the table
// of docs/benchmarks.md.
func TestVirtualCosts(t *testing.T) {
	var table strings.Builder
	table.WriteString("| | to lock and unlock | in a hold of a minute | a second, while held |\n" +
		"|---|---:|---:|---:|\n")
	row := func(what string, c costs) {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", what, c.acquisition, c.minute, c.second)
	}
	row("a lock, with `LeaseQuorum`: its token, its watch, and requests to release",
		costsOf(t, mutexCosts()))
	row("… with `LeasePing`", costsOf(t, mutexCosts(), zklock.WithLease(zklock.LeasePing)))
	row("… with `LeaseServer`", costsOf(t, mutexCosts(), zklock.WithLease(zklock.LeaseServer)))
	row("… with `WithIdleHold`", costsOf(t, mutexCosts(zklock.WithIdleHold(time.Hour))))
	for _, n := range []int{2, 8} {
		row(fmt.Sprintf("`LockAll` of %d locks", n), costsOf(t, lockAllCosts(n)))
	}
	row("a permit of a semaphore", costsOf(t, permitCosts))

	const page, begin, end = "../../docs/benchmarks.md", "<!-- costs -->\n\n", "\n<!-- end -->"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, after, found := strings.Cut(string(text), begin)
	require.True(t, found)
	shown, after, found := strings.Cut(after, end)
	require.True(t, found)
	if docblock.Updating() {
		require.NoError(t, os.WriteFile(page,
			[]byte(before+begin+table.String()+end+after), 0o644))
		return
	}
	assert.Equal(t, shown, table.String(), "run make docs")
}

// costs are numbers of requests, without pings.
type costs struct{ acquisition, minute, second string }

// taker makes a function that acquires something and returns another that releases it.
type taker func(*testing.T, *zklock.Session) (acquire func() (release func()))

// costsOf counts what one session sends.
func costsOf(t *testing.T, take taker, opts ...zklock.SessionOption) (c costs) {
	t.Helper()
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		const session, acquisitions, long = 10 * time.Second, 100, 20 * time.Minute
		s, client := w.dial("", session, opts...)
		acquire := take(t, s)
		for range 5 { // the znodes of the locks exist, and holds are kept
			acquire()()
		}
		asked := countAsks(client)
		count := func() (n int) {
			synctest.Wait()
			for _, k := range asked.take() {
				n += k
			}
			return n
		}
		count()
		for range acquisitions {
			acquire()()
		}
		c.acquisition = fmt.Sprintf("%.3g", float64(count())/acquisitions)

		release := acquire()
		count()
		time.Sleep(time.Minute) // sleep ok: virtual
		minute := count()
		time.Sleep(long) // sleep ok: virtual
		second := float64(count()) / long.Seconds()
		c.minute, c.second = fmt.Sprint(minute), fmt.Sprintf("%.2g", second)
		release()
	})
	return c
}

func mutexCosts(opts ...zklock.LockOption) taker {
	return func(t *testing.T, s *zklock.Session) func() func() {
		m := mutex(t, s, "m", opts...)
		return func() func() {
			lock(t, m)
			require.False(t, m.Token().IsZero())
			return m.Unlock
		}
	}
}

func lockAllCosts(n int) taker {
	return func(t *testing.T, s *zklock.Session) func() func() {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("m", i))
		}
		locks := mutexes(t, s, names...)
		return func() func() { return lockAll(t, s, locks...).Unlock }
	}
}

func permitCosts(t *testing.T, s *zklock.Session) func() func() {
	sem := semaphore(t, s, "pool", 10)
	return func() func() { return acquire(t, sem, 1).Release }
}

// TestVirtualCostsOfARevocation counts what an asked holder and the client that asks send.
func TestVirtualCostsOfARevocation(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		holder, heldBy := w.dial("", 10*time.Second)
		asker, askedBy := w.dial("", 10*time.Second)
		m, other := mutex(t, holder, "m"), mutex(t, asker, "m")
		lock(t, m)
		time.Sleep(time.Second) // sleep ok: virtual; its watch is set
		held, asked := countAsks(heldBy), countAsks(askedBy)
		done := make(chan error, 1)
		go func() { // ends with the grant
			_, err := other.LockRevoking(context.Background(), zklock.Ask)
			done <- err
		}()
		<-m.Revoked()
		synctest.Wait()
		assert.Equal(t, map[string]int{"getData": 1}, held.take())
		assert.Equal(t, map[string]int{"create2": 1, "getChildren": 1, "getData": 3, "exists": 1,
			"setData": 1}, asked.take())
		m.Unlock()
		require.NoError(t, <-done)
		other.Unlock()
	})
}

// TestVirtualCostsOfAHold says what a hold sends beside the beats, and when.
func TestVirtualCostsOfAHold(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		lock(t, m)
		granted := time.Now()
		asked := countAsks(client)
		for _, step := range []struct {
			until time.Duration // since the grant
			want  map[string]int
		}{
			{15 * time.Millisecond, map[string]int{}},
			{35 * time.Millisecond, map[string]int{"getData": 1}}, // with a watch
			{9 * time.Second, map[string]int{}},
			{13 * time.Second, map[string]int{"setData": 1, "getData": 2}}, // since when it holds
			{time.Hour, map[string]int{}},
		} {
			time.Sleep(step.until - time.Since(granted)) // sleep ok: virtual
			synctest.Wait()
			got := asked.take()
			delete(got, "multi") // beats
			assert.Equal(t, step.want, got, "until %v", step.until)
		}
		m.Unlock()
	})
}
