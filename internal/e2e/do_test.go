package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestDoRunsUnderTheLock(t *testing.T) {
	m, other := mutex(t, dial(t), "do"), mutex(t, dial(t), "do")
	ours := errors.New("the body failed")
	err := m.Do(t.Context(), func(ctx context.Context) error {
		assert.False(t, other.TryLock())
		assert.NoError(t, ctx.Err())
		return ours
	})
	assert.ErrorIs(t, err, ours)
	assert.True(t, other.TryLock())

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = m.Do(ctx, func(context.Context) error {
		t.Error("the body ran although the lock was not acquired")
		return nil
	})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	other.Unlock()

	assert.PanicsWithValue(t, "boom", func() {
		m.Do(t.Context(), func(context.Context) error { panic("boom") })
	})
	requireQueue(t, m, 0)
}

// TestAContextFollowsItsHoldAlone has 200 holds, one after the other, each with a goroutine that
// follows it. Afterwards TestMain finds none of them.
func TestAContextFollowsItsHoldAlone(t *testing.T) {
	m := mutex(t, dial(t), "context")
	for range 200 {
		lock(t, m)
		ctx, cancel := m.Context(t.Context())
		defer cancel()
		ended := make(chan struct{})
		go func() { // ends with the hold
			<-ctx.Done()
			close(ended)
		}()
		require.NoError(t, ctx.Err())
		m.Unlock()
		receive(t, ended, "end of the context")
		require.ErrorIs(t, context.Cause(ctx), zklock.ErrNotLocked)
	}
}

func TestDoEndsItsContextWithTheCause(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "do")
	for name, test := range map[string]struct {
		harm func() error
		want []error
		fail bool // whether the release fails too
	}{
		"asked":   {func() error { _, err := m.RevokeAll(t.Context()); return err }, []error{zklock.ErrRevoked}, false},
		"removed": {func() error { _, err := m.Clear(t.Context()); return err }, []error{zklock.ErrRevoked, zklock.ErrLost}, true},
		"expired": {func() error { return server(t).Expire(s.ID()) }, []error{zklock.ErrLost}, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := m.Do(t.Context(), func(ctx context.Context) error {
				require.NoError(t, test.harm())
				receive(t, ctx.Done(), "end of the body's context")
				for _, want := range test.want {
					assert.ErrorIs(t, context.Cause(ctx), want)
				}
				return nil
			})
			if test.fail {
				assert.ErrorIs(t, err, zklock.ErrLost)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}
