package zklock

import (
	"context"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/testhook"
)

func init() {
	testhook.TimeAsleep = func(asleep func() time.Duration) SessionOption {
		return func(cfg *sessionConfig) error {
			cfg.asleep = asleep
			return nil
		}
	}
	testhook.Resolver = func(resolve func(context.Context, string) ([]string,
		error)) SessionOption {
		return func(cfg *sessionConfig) error {
			cfg.resolve = resolve
			return nil
		}
	}
	testhook.Client = func(s *Session) *ensemble.Client { return s.client }
}
