package virtual

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// fill locks one lock after the other until one is refused.
func fill(t *testing.T, s *zklock.Session) (held []*zklock.Mutex, refused error) {
	t.Helper()
	for len(held) < 1000 {
		m := mutex(t, s, fmt.Sprintf("%04d", len(held)))
		if _, err := m.LockContext(t.Context()); err != nil {
			return held, err
		}
		held = append(held, m)
	}
	return held, nil
}

// pathBytes is what the servers' transaction would hold if all sessions ended now.
func pathBytes(w *world) (n int) {
	for _, p := range w.Ephemerals() {
		n += len(p) + 4
	}
	return n
}

// TestVirtualFootprint fills a session, in every way in which a place is given back.
func TestVirtualFootprint(t *testing.T) {
	const bound = 8 << 10
	dialed := func(w *world) (*zklock.Session, *fakezk.Client) {
		return w.dial("", 10*time.Second, zklock.WithFootprint(bound))
	}
	unlock := func(t *testing.T, held []*zklock.Mutex) {
		for _, m := range held {
			_ = m.UnlockContext(t.Context()) // lost in some of the tests
		}
	}
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := dialed(w)
		held, err := fill(t, s)
		require.ErrorIs(t, err, zklock.ErrTooMany)
		for _, advice := range []string{"second Session", "WithFootprint", "shorter names"} {
			assert.ErrorContains(t, err, advice)
		}
		one := len(w.Ephemerals()[0]) + 4
		assert.Len(t, w.Ephemerals(), bound/one)
		assert.LessOrEqual(t, pathBytes(w), bound)

		created := client.Sent(wire.OpCreate2)
		assert.False(t, mutex(t, s, "one-more").TryLock())
		assert.Equal(t, created, client.Sent(wire.OpCreate2),
			"a server was asked for one that is refused")
		p := mutex(t, s, "another", zklock.WithLocalHandoff(3)).LockAsync(t.Context())
		<-p.Done()
		require.ErrorIs(t, p.Err(), zklock.ErrTooMany)
		<-p.Released()

		held[0].Unlock()
		lock(t, held[0]) // there is room for one again
		unlock(t, held)
		held, err = fill(t, s)
		require.ErrorIs(t, err, zklock.ErrTooMany)
		assert.Len(t, held, bound/one, "not all was given back")
		lost := held[0].Lost()
		w.Expire(s.ID())
		<-lost
		unlock(t, held)
		held, err = fill(t, s)
		require.ErrorIs(t, err, zklock.ErrTooMany)
		assert.Len(t, held, bound/one, "the end of the session gives all back")
		unlock(t, held)
	})
	t.Run("waiters count too", func(t *testing.T) {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, _ := dialed(w)
			m := mutex(t, s, "m")
			var waiting []*zklock.Pending
			for {
				p := m.LockAsync(t.Context())
				<-either(p.Queued(), p.Done())
				if p.Err() != nil {
					require.ErrorIs(t, p.Err(), zklock.ErrTooMany)
					break
				}
				waiting = append(waiting, p)
			}
			assert.Positive(t, len(waiting))
			assert.LessOrEqual(t, pathBytes(w), bound)
			for _, p := range waiting {
				p.Cancel()
				<-p.Released()
			}
			lock(t, m)
			m.Unlock()
		})
	})
	t.Run("a creation without an answer", func(t *testing.T) {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, client := dialed(w)
			held, err := fill(t, s)
			require.ErrorIs(t, err, zklock.ErrTooMany)
			last := held[len(held)-1]
			last.Unlock()
			client.Blackhole(fakezk.ToClient)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err = last.LockContext(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = last.LockContext(t.Context())
			require.ErrorIs(t, err, zklock.ErrTooMany, "the one before may exist")
			client.Heal()
			time.Sleep(time.Second) // sleep ok: virtual; the candidate is found and removed
			lock(t, last)
			unlock(t, held)
		})
	})
}

// either returns a channel that is closed when one of two is.
func either(a, b <-chan struct{}) <-chan struct{} {
	c := make(chan struct{})
	go func() { // ends with either; both are closed by the end of the test
		defer close(c)
		select {
		case <-a:
		case <-b:
		}
	}()
	return c
}
