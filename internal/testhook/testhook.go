// Package testhook gives tests outside package zklock what its users must not have. Package zklock
// sets the variables when it is initialised. They have the type any because this package cannot
// import it.
package testhook

var (
	// TimeAsleep is a func(asleep func() time.Duration) zklock.SessionOption. The option replaces
	// the reading of how long the machine has been suspended.
	TimeAsleep any

	// Resolver is a func(resolve func(ctx context.Context, host string) ([]string, error))
	// zklock.SessionOption. The option replaces the look-up of host names. It comes after
	// WithDialer, which leaves the look-up to the dialer.
	Resolver any

	// Client is a func(*zklock.Session) *ensemble.Client.
	Client any
)
