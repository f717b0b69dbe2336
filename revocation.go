package zklock

import (
	"time"

	"github.com/zookylock/zklock/internal/recipe"
)

// Revocation says how LockRevoking treats the holds and candidates ahead of it in the queue.
type Revocation time.Duration

const (
	// Ask writes a revocation mark into their znodes and waits until they release.
	Ask Revocation = 0

	// Force removes their znodes and takes the lock. The holder is told only after the lock was
	// taken: within 50 ms and one round trip to its server if it is connected, and otherwise when
	// its lease runs out. Until then it may still work, and only a fencing token or a Guard refuses
	// its writes. AskThenForce gives it time to stop first.
	Force Revocation = -1
)

// AskThenForce asks, then removes the znodes of those that have not released within grace. If grace
// <= 0 it is Force.
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
