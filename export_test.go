package zklock

import (
	"context"
	"math"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// WithTimeAsleep replaces the reading of how long the machine has been suspended.
func WithTimeAsleep(asleep func() time.Duration) SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.asleep = asleep
		return nil
	}
}

// WithResolver replaces the look-up of names. It stands behind WithDialer, which leaves that to the dialer.
func WithResolver(resolve func(ctx context.Context, host string) ([]string, error)) SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.resolve = resolve
		return nil
	}
}

// TimeAsleep is that reading.
var TimeAsleep = ensemble.TimeAsleep

// InternalErrors are those that tell the library what has become of a session, a hold or a candidate.
var InternalErrors = []error{
	ensemble.ErrExpired, ensemble.ErrLeaseRanOut, ensemble.ErrRemoved, ensemble.ErrClosed, recipe.ErrLost, recipe.ErrVanished,
}

// UseUpNumbers leaves so many numbers for requests of a Session's own in its current ZooKeeper
// session.
func UseUpNumbers(s *Session, left int64) {
	const first = 1000 // they go down from minus this
	s.client.Session().OwnRequests.Store(-math.MinInt32 - first + 1 - left)
}
