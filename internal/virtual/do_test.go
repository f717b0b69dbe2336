package virtual

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// never is what does not run because the lock is not acquired.
func never(context.Context) error { panic("it is not locked") }

// TestVirtualDoDoesNotWaitForLong has another hold the lock, or no server answer.
func TestVirtualDoDoesNotWaitForLong(t *testing.T) {
	for _, h := range heldHandles() {
		t.Run(h.name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, client := w.dial("", 10*time.Second)
				elsewhere, _ := w.dial("", 10*time.Second)
				m, other := h.of(t, s), mutex(t, elsewhere, "m")
				for range 2 {
					require.NoError(t, m.Do(t.Context(), func(context.Context) error { return nil },
						zklock.NoWait(), zklock.WaitAtMost(time.Second),
						zklock.RunAtMost(time.Second)))
				}
				lock(t, other)

				begun := time.Now()
				err := m.Do(t.Context(), never, zklock.NoWait())
				assert.ErrorIs(t, err, zklock.ErrLocked)
				assert.NotErrorIs(t, err, zklock.ErrWaitTimeout)
				assert.Less(t, time.Since(begun), 100*time.Millisecond)

				begun = time.Now()
				err = m.Do(t.Context(), never, zklock.WaitAtMost(3*time.Second),
					zklock.RunAtMost(time.Second))
				assert.ErrorIs(t, err, zklock.ErrWaitTimeout)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.NotErrorIs(t, err, zklock.ErrRunTimeout)
				assert.NotErrorIs(t, err, zklock.ErrUnavailable)
				assert.ErrorContains(t, err, "1 ahead of it")
				assert.InDelta(t, 3*time.Second, time.Since(begun), float64(100*time.Millisecond))

				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err = m.Do(short, never, zklock.WaitAtMost(3*time.Second))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.NotErrorIs(t, err, zklock.ErrWaitTimeout, "it was the caller's own")

				client.Blackhole()
				err = m.Do(t.Context(), never, zklock.NoWait(), zklock.WaitAtMost(time.Second))
				assert.ErrorIs(t, err, zklock.ErrWaitTimeout)
				assert.ErrorIs(t, err, zklock.ErrUnavailable)
				assert.NotErrorIs(t, err, zklock.ErrLocked)
				client.Heal()
				other.Unlock()
			})
		})
	}
}

// TestVirtualDoDoesNotRunForLong has functions that take their time, and return all sorts of
// errors.
func TestVirtualDoDoesNotRunForLong(t *testing.T) {
	own := errors.New("own")
	for name, c := range map[string]struct {
		fn   func(context.Context) error
		want []error
	}{
		"nil":           {func(context.Context) error { return nil }, nil},
		"its own error": {func(context.Context) error { return own }, []error{own, zklock.ErrRunTimeout}},
		"ctx.Err":       {func(ctx context.Context) error { return ctx.Err() }, []error{context.DeadlineExceeded, zklock.ErrRunTimeout}},
		"the cause":     {func(ctx context.Context) error { return context.Cause(ctx) }, []error{zklock.ErrRunTimeout}},
		"wrapped": {func(ctx context.Context) error { return fmt.Errorf("%w: %w", own, context.Cause(ctx)) },
			[]error{own, zklock.ErrRunTimeout}},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/lost %v", name, lost), func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, _ := w.dial("", 10*time.Second)
					m, begun := mutex(t, s, "m"), time.Time{}
					err := m.Do(t.Context(), func(ctx context.Context) error {
						begun = time.Now()
						<-ctx.Done()
						assert.Equal(t, 3*time.Second, time.Since(begun))
						assert.ErrorIs(t, context.Cause(ctx), zklock.ErrRunTimeout)
						assert.NoError(t, m.Err(), "it is held until the function returns")
						if lost {
							gone := m.Lost()
							w.Expire(s.ID())
							<-gone
						}
						return c.fn(ctx)
					}, zklock.WaitAtMost(time.Second), zklock.RunAtMost(3*time.Second))
					assert.Equal(t, lost, errors.Is(err, zklock.ErrLost), err)
					assert.NotErrorIs(t, err, zklock.ErrWaitTimeout)
					if lost {
						return
					}
					if c.want == nil {
						assert.NoError(t, err)
					}
					for _, want := range c.want {
						assert.ErrorIs(t, err, want)
					}
					assert.NotErrorIs(t, m.UnlockContext(t.Context()), nil, "it was not released")
				})
			})
		}
	}
}

// TestVirtualDoRefusesOptions has options that say nothing sensible.
func TestVirtualDoRefusesOptions(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		for want, opt := range map[string]zklock.DoOption{
			"option is nil":    nil,
			"wait at most 0s":  zklock.WaitAtMost(0),
			"wait at most -1s": zklock.WaitAtMost(-time.Second),
			"run at most 0s":   zklock.RunAtMost(0),
		} {
			var op *zklock.OpError
			err := m.Do(t.Context(), never, opt)
			assert.ErrorContains(t, err, want)
			assert.ErrorAs(t, err, &op, want)
		}
		assert.Empty(t, w.Ephemerals())
	})
}

// TestVirtualDoMayUnlock has the function release the lock before it is done.
func TestVirtualDoMayUnlock(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m, other := mutex(t, s, "m"), mutex(t, s, "m")
		require.NoError(t, m.Do(t.Context(), func(ctx context.Context) error {
			m.Unlock()
			assert.ErrorIs(t, context.Cause(ctx), zklock.ErrNotLocked)
			lock(t, other)
			return nil
		}))
		assert.NoError(t, other.Err(), "Do has released another hold")
		other.Unlock()
	})
}
