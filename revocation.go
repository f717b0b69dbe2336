package zklock

import (
	"time"

	"github.com/zookylock/zklock/internal/recipe"
)

// Revocation says how LockRevoking treats those ahead of it in the queue.
type Revocation time.Duration

const (
	// Ask writes the revocation mark into their znodes and waits until they release.
	Ask Revocation = 0

	// Force removes their znodes and takes the lock. The holder is told that the hold is lost, but only after the lock is taken:
	// within 50 ms and one trip to its server if it is connected, and otherwise when its lease runs out. Until then it may be
	// working still, and only a fencing token or a Guard keeps its writes out. AskThenForce gives it time to stop first.
	Force Revocation = -1
)

// AskThenForce asks, and forces those that have not released when the grace is over. Without a grace it is Force.
func AskThenForce(grace time.Duration) Revocation {
	if grace <= 0 {
		return Force
	}
	return Revocation(grace)
}

// revocation returns what that means to the recipe.
func (r Revocation) revocation() *recipe.Revocation {
	return &recipe.Revocation{Ask: r >= 0, Force: r != Ask, Grace: max(time.Duration(r), 0)}
}
