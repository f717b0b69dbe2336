package zklock

import (
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
)

// WithTimeAsleep replaces the reading of how long the machine has been suspended.
func WithTimeAsleep(asleep func() time.Duration) SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.asleep = asleep
		return nil
	}
}

// TimeAsleep is that reading.
var TimeAsleep = ensemble.TimeAsleep
