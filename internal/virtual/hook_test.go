package virtual

import (
	"context"
	"math"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/testhook"
)

// withTimeAsleep replaces the reading of how long the machine has been suspended.
func withTimeAsleep(asleep func() time.Duration) zklock.SessionOption {
	return testhook.TimeAsleep.(func(func() time.Duration) zklock.SessionOption)(asleep)
}

// lookUp is how names become addresses.
type lookUp = func(ctx context.Context, host string) ([]string, error)

// withResolver replaces the look-up of names. It comes after WithDialer, which leaves that to the
// dialer.
func withResolver(resolve lookUp) zklock.SessionOption {
	return testhook.Resolver.(func(lookUp) zklock.SessionOption)(resolve)
}

// useUpNumbers leaves so many numbers for requests of a Session's own in its current ZooKeeper
// session.
func useUpNumbers(s *zklock.Session, left int64) {
	const first = 1000 // they go down from minus this
	client := testhook.Client.(func(*zklock.Session) *ensemble.Client)(s)
	client.Session().OwnRequests.Store(-math.MinInt32 - first + 1 - left)
}
