package virtual

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualDialWarns has Dial try for a long time.
func TestVirtualDialWarns(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		client := w.Client()
		client.Refuse()
		var log recorder
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		_, err := zklock.Dial(ctx, w.Connect(), zklock.WithDialer(client.Dial),
			zklock.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		assert.ErrorIs(t, err, zklock.ErrUnavailable)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Regexp(t,
			`^dial `+w.Connect()+
				`: gave up after 2m30s: not connected for 2m30s \(.*connection refused\): context deadline exceeded$`, err.Error())
		var op *zklock.OpError
		require.ErrorAs(t, err, &op)
		assert.Equal(t, "dial", op.Op)
		assert.Equal(t, 3, strings.Count(log.String(), "level=WARN"), log.String())
		assert.Equal(t, 3, strings.Count(log.String(), "connection refused"), log.String())
	})
}

// TestVirtualUserCodeThatBlocks has a logger and a state function that do not return until the test
// lets them.
func TestVirtualUserCodeThatBlocks(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		blocked := make(chan struct{})
		logger := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			<-blocked
			return len(p), nil
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
		var calls atomic.Int32
		s, client := w.dial("", 10*time.Second, zklock.WithLogger(logger),
			zklock.WithStateFunc(func(zklock.State) {
				calls.Add(1)
				<-blocked
			}))
		m := mutex(t, s, "m")
		lock(t, m)
		w.Expire(s.ID())
		receive(t, m.Lost(), "loss")
		m.Unlock()
		lock(t, m)
		client.Cut()
		time.Sleep(5 * time.Second) // sleep ok: virtual
		assert.NoError(t, m.Err())
		assert.Equal(t, zklock.StateConnected, s.State())
		m.Unlock()
		begun := time.Now()
		require.NoError(t, s.Close())
		assert.LessOrEqual(t, time.Since(begun), 2*time.Second)
		assert.EqualValues(t, 1, calls.Load())
		close(blocked)
	})
}

// TestVirtualStateFuncAfterDial calls the state function no earlier than Dial returns, and never if
// it fails.
func TestVirtualStateFuncAfterDial(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var returned atomic.Bool
		states := make(chan zklock.State, 10)
		told := zklock.WithStateFunc(func(st zklock.State) {
			assert.True(t, returned.Load(), st)
			states <- st
		})
		for range 10 {
			returned.Store(false)
			s, _ := w.dial("", 10*time.Second, told)
			synctest.Wait() // the others are as far as they come
			returned.Store(true)
			assert.Equal(t, zklock.StateConnected, <-states)
			require.NoError(t, s.Close())
			assert.Equal(t, zklock.StateClosed, <-states)
		}
		returned.Store(false)
		client := w.Client()
		client.Refuse()
		_, err := zklock.Dial(for1s(t), w.Connect(), zklock.WithDialer(client.Dial), told)
		require.Error(t, err)
		synctest.Wait()
		assert.Empty(t, states)
	})
}

// TestVirtualABrokenConnectionLeadsToAnotherServer breaks the connection to the only server that
// had taken any, when the others are back. It is likely to be on its way down, and what the others
// did long ago says little.
func TestVirtualABrokenConnectionLeadsToAnotherServer(t *testing.T) {
	for range 10 { // the first servers are tried in random order
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Server(0).Stop()
			w.Server(1).Stop()
			s, client := w.dial("", 10*time.Second)
			first := s.Stats().Server
			require.Equal(t, w.Server(2).Address(), first)
			w.Server(0).Resume()
			w.Server(1).Resume()
			client.Cut()
			time.Sleep(time.Second) // sleep ok: virtual
			require.Equal(t, zklock.StateConnected, s.Stats().State)
			assert.NotEqual(t, first, s.Stats().Server)
			w.Server(0).Stop()
			w.Server(1).Stop()
			time.Sleep(2 * time.Second) // sleep ok: virtual
			assert.Equal(t, zklock.StateConnected, s.Stats().State)
			assert.Equal(t, first, s.Stats().Server, "the only one that is left")
		})
	}
}
