package zklock

import "time"

// WithTimeAsleep replaces the reading of how long the machine has been suspended.
func WithTimeAsleep(asleep func() time.Duration) SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.asleep = asleep
		return nil
	}
}

// TimeAsleep is that reading.
var TimeAsleep = timeAsleep

// InternalErrors are those that tell the library what has become of a session, a hold or a
// candidate.
var InternalErrors = []error{errExpired, errLeaseRanOut, errRemoved, errSessionClosed, errVanished, &missingError{}}
