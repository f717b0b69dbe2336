package zklock

import (
	"context"
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
