package virtual

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// terms is who has led, one after the other. It fails the test if two lead at once.
type terms struct {
	t       *testing.T
	mu      sync.Mutex // guards the fields below
	leading string
	led     []string
}

// lead leads until ctx ends.
func (tm *terms) lead(who string) func(context.Context) error {
	return func(ctx context.Context) error {
		tm.mu.Lock()
		assert.Empty(tm.t, tm.leading, "two lead")
		tm.leading, tm.led = who, append(tm.led, who)
		tm.mu.Unlock()
		<-ctx.Done()
		tm.mu.Lock()
		tm.leading = ""
		tm.mu.Unlock()
		return context.Cause(ctx)
	}
}

func (tm *terms) String() string {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	return strings.Join(tm.led, " ")
}

func election(t *testing.T, s *zklock.Session, who string) *zklock.Election {
	t.Helper()
	e, err := s.Election("e", zklock.WithIdentifier(who))
	require.NoError(t, err)
	return e
}

// TestVirtualElection has three candidates. Leaders are asked to step down, lose their sessions,
// and stop.
func TestVirtualElection(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		tm := &terms{t: t}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var sessions []*zklock.Session
		var clients []*fakezk.Client
		var elections []*zklock.Election
		stops, ended := make(map[string]context.CancelFunc), make(map[string]chan error)
		for _, who := range []string{"a", "b", "c"} {
			s, cl := w.dial("", 10*time.Second)
			e := election(t, s, who)
			sessions, clients, elections = append(sessions, s), append(clients, cl),
				append(elections, e)
			own, stop := context.WithCancel(ctx)
			stops[who], ended[who] = stop, make(chan error, 1)
			// ends with ctx; waited for below
			go func() { ended[who] <- e.Run(own, tm.lead(who)) }()
			time.Sleep(time.Second) // sleep ok: virtual; it is in the queue
		}
		watcher, client := w.dial("", 10*time.Second)
		observer := election(t, watcher, "observer")
		var seen []string
		observed := make(chan struct{})
		go func() { // ends with ctx; waited for below
			defer close(observed)
			for leader, err := range observer.Observe(ctx) {
				assert.NoError(t, err)
				seen = append(seen, string(leader.Data))
			}
		}()
		leads := func(want string) {
			t.Helper()
			leader, err := observer.Leader(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, string(leader.Data))
		}
		leads("a")
		for _, next := range []string{"b", "c", "a", "b"} {
			n, err := elections[0].Mutex().RevokeHolder(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
			time.Sleep(time.Second) // sleep ok: virtual; it has stepped down
			leads(next)
		}
		clients[1].Blackhole()
		time.Sleep(30 * time.Second) // sleep ok: virtual; its session expires
		clients[1].Heal()
		time.Sleep(10 * time.Second) // sleep ok: virtual; it campaigns again
		leads("c")
		stops["c"]()
		assert.ErrorIs(t, <-ended["c"], context.Canceled)
		time.Sleep(time.Second) // sleep ok: virtual
		leads("a")
		synctest.Wait()
		listed := client.Sent(wire.OpGetChildren)
		time.Sleep(time.Hour) // sleep ok: virtual; nothing changes
		assert.Equal(t, listed, client.Sent(wire.OpGetChildren),
			"Observe lists the queue although nothing changes")

		// All are asked, those that wait too. Who is asked already does not begin to lead.
		_, err := elections[0].Mutex().RevokeAll(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second) // sleep ok: virtual
		assert.Equal(t, "a b c a b c a a", tm.String())

		require.NoError(t, sessions[1].Close())
		assert.ErrorIs(t, <-ended["b"], zklock.ErrClosed)
		stops["a"]()
		assert.ErrorIs(t, <-ended["a"], context.Canceled)
		time.Sleep(time.Second) // sleep ok: virtual
		_, err = observer.Leader(t.Context())
		assert.ErrorIs(t, err, zklock.ErrNoLeader)
		cancel()
		<-observed
		assert.Equal(t, "a b c a b c a", strings.Join(seen[:min(len(seen), 7)], " "))
	})
}

// TestVirtualElectionPausesAfterAFailure has a leader fail and succeed in turn.
func TestVirtualElectionPausesAfterAFailure(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var log recorder
		s, _ := w.dial("", 10*time.Second,
			zklock.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		e := election(t, s, "a")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var begun []time.Time
		own := errors.New("own")
		err := e.Run(ctx, func(context.Context) error {
			begun = append(begun, time.Now())
			switch len(begun) {
			case 9: // it hands over, and nobody else is there
				return nil
			case 11:
				cancel()
			}
			return own
		})
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, own, "what the last one has failed with")
		var pauses []string
		for i := range begun[1:] {
			pauses = append(pauses, fmt.Sprint(begun[i+1].Sub(begun[i]).Truncate(time.Second)))
		}
		assert.Equal(t, []string{"1s", "2s", "4s", "8s", "16s", "32s", "1m0s", "1m0s", "0s", "1s"},
			pauses)
		synctest.Wait()
		assert.Equal(t, 9, strings.Count(log.String(), "leader failed"))
	})
}

// TestVirtualElectionEndsWithItsContext has a leader fail when its context ends, without a
// connection, so that the release fails as well, in a context of its own.
func TestVirtualElectionEndsWithItsContext(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		cause, own := errors.New("cause"), errors.New("own")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		err := election(t, s, "a").Run(ctx, func(ctx context.Context) error {
			client.Blackhole()
			<-ctx.Done()
			return own
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, cause)
		assert.ErrorIs(t, err, own)
		client.Heal()
		time.Sleep(30 * time.Second) // sleep ok: virtual
	})
}

// TestVirtualObserveThroughAnExpiry has the observer lose its session, and be closed.
func TestVirtualObserveThroughAnExpiry(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		m := mutex(t, elsewhere, "e", zklock.WithIdentifier("one"))
		e := election(t, s, "observer")
		var seen []string
		var last error
		observed := make(chan struct{})
		go func() { // ends when s is closed
			defer close(observed)
			for leader, err := range e.Observe(t.Context()) {
				seen, last = append(seen, string(leader.Data)), err
			}
		}()
		time.Sleep(10 * time.Second) // sleep ok: virtual; there is no leader, nor a lock
		lock(t, m)
		time.Sleep(time.Second) // sleep ok: virtual
		w.Expire(s.ID())
		time.Sleep(10 * time.Second) // sleep ok: virtual
		m.Unlock()
		lock(t, m)
		time.Sleep(time.Second) // sleep ok: virtual
		_, err := m.RevokeHolder(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second) // sleep ok: virtual
		require.NoError(t, s.Close())
		<-observed
		assert.Equal(t, []string{"one", "one", ""}, seen)
		assert.ErrorIs(t, last, zklock.ErrClosed)
		m.Unlock()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		for leader, err := range election(t, elsewhere, "x").Observe(over) {
			t.Error("its context has ended", leader, err)
		}
	})
}

// TestVirtualObserveWithoutAZnode has no client use the name for a minute: the observer looks once in a
// session timeout, as all who wait do, and a server tells it of the first leader.
func TestVirtualObserveWithoutAZnode(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		seen := make(chan time.Time, 1)
		go func() { // ends with ctx; waited for below
			defer close(seen)
			for range election(t, s, "observer").Observe(ctx) {
				seen <- time.Now()
			}
		}()
		var asked atomic.Int64
		client.OnRequest(func(op int32) {
			if op != wire.OpPing {
				asked.Add(1)
			}
		})
		time.Sleep(time.Minute + 3*time.Second) // sleep ok: virtual; no audit comes at that time
		assert.LessOrEqual(t, asked.Load(), int64(4+6))
		for range 2 { // the second time, after servers have removed the znode
			begun := time.Now()
			m := mutex(t, elsewhere, "e")
			lock(t, m)
			assert.Less(t, (<-seen).Sub(begun), 50*time.Millisecond)
			m.Unlock()
			time.Sleep(10*time.Minute + time.Second) // sleep ok: virtual; servers have removed the empty znode
		}
		cancel()
		<-seen
	})
}

// TestVirtualObserveWithoutALeader has no leader for a while: a server tells of the next.
func TestVirtualObserveWithoutALeader(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		m := mutex(t, elsewhere, "e")
		lock(t, m)
		m.Unlock() // the znode of the lock stays for a while
		ctx, cancel := context.WithCancel(t.Context())
		seen := make(chan time.Time, 1)
		go func() { // ends with ctx; waited for below
			defer close(seen)
			for range election(t, s, "observer").Observe(ctx) {
				seen <- time.Now()
			}
		}()
		time.Sleep(time.Second) // sleep ok: virtual
		listed := client.Sent(wire.OpGetChildren)
		time.Sleep(5 * time.Second) // sleep ok: virtual; less than a session timeout
		assert.Equal(t, listed, client.Sent(wire.OpGetChildren), "it looks although nothing changes")
		lock(t, m)
		begun := time.Now()
		assert.Less(t, (<-seen).Sub(begun), 50*time.Millisecond)
		m.Unlock()
		cancel()
		<-seen
	})
}
