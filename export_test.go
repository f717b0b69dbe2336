package zklock

import (
	"context"
	"math"
	"time"
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
var TimeAsleep = timeAsleep

// InternalErrors are those that tell the library what has become of a session, a hold or a
// candidate.
var InternalErrors = []error{errExpired, errLeaseRanOut, errRemoved, errSessionClosed, errVanished, &missingError{}}

// UseUpNumbers leaves so many numbers for requests of a Session's own in its current ZooKeeper
// session.
func UseUpNumbers(s *Session, left int64) {
	const first = 1000 // they go down from minus this
	s.zkSession().ownRequests.Store(-math.MinInt32 - first + 1 - left)
}
