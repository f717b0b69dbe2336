package benchmarks

import (
	"context"

	"github.com/zookylock/zklock"
)

// localHandoff returns the option that lets a process pass a lock on within itself, at most n times in a row once others
// wait. It is nil while the library has no such option; then nameHandoff takes no part.
func localHandoff(n int) []zklock.LockOption { return nil }

// handoffs is the n that is measured.
const handoffs = 64

func startHandoff(context.Context, *bench) (client, error) {
	opts := localHandoff(handoffs)
	if opts == nil {
		return nil, errUnsupported
	}
	return newOurs(opts...), nil
}
