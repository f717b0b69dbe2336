package benchmarks

import (
	"context"
	"time"

	"github.com/zookylock/zklock"
)

// handoffs and manyHandoffs are how often in a row a process may pass a lock on within itself once
// others wait.
const (
	handoffs     = 64
	manyHandoffs = 1024
)

func startHandoff(context.Context, *bench) (client, error) {
	return newOurs(zklock.WithLocalHandoff(handoffs)), nil
}

// unused is how long a process keeps a hold that it does not use.
const unused = time.Minute

func startIdle(context.Context, *bench) (client, error) {
	return newOurs(zklock.WithIdleHold(unused)), nil
}

func startManyHandoffs(context.Context, *bench) (client, error) {
	return newOurs(zklock.WithLocalHandoff(manyHandoffs)), nil
}
