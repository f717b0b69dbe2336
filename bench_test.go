package zklock_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// BenchmarkLockUnlock is what the library itself takes of an acquisition and a release: the servers
// answer at once.
func BenchmarkLockUnlock(b *testing.B) {
	for _, c := range []struct {
		name string
		opts []zklock.SessionOption
	}{
		{"plain", nil},
		{"hooks", []zklock.SessionOption{zklock.WithHooks(emptyHooks(true))}},
		{"profile", []zklock.SessionOption{zklock.WithHoldProfile()}},
		{"log at Info", []zklock.SessionOption{zklock.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := fakezk.New(fakezk.Config{})
			defer w.Close()
			s, err := zklock.Dial(b.Context(), w.Connect(),
				append(c.opts, zklock.WithDialer(w.Client().Dial))...)
			require.NoError(b, err)
			defer s.Close()
			m, err := s.Mutex("m")
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				m.Lock()
				//lint:ignore SA2001 the pair is what is measured
				m.Unlock()
			}
		})
	}
}

// emptyHooks are hooks that do nothing; those of requests too if that is wanted.
func emptyHooks(requests bool) *zklock.Hooks {
	h := &zklock.Hooks{
		AcquireStart: func(ctx context.Context, _ zklock.AcquireStartEvent) context.Context {
			return ctx
		},
		Queued:     func(context.Context, zklock.QueuedEvent) {},
		AcquireEnd: func(context.Context, zklock.AcquireEndEvent) {},
		Revoked:    func(context.Context, zklock.RevokedEvent) {},
		Lost:       func(context.Context, zklock.LostEvent) {},
		HoldEnd:    func(context.Context, zklock.HoldEndEvent) {},
		State:      func(zklock.StateEvent) {},
	}
	if requests {
		h.Request = func(zklock.RequestEvent) {}
	}
	return h
}
