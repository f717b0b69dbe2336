package zklock

import (
	"context"
	"path"
	"time"
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

// asks reports whether those ahead are asked first.
func (r Revocation) asks() bool { return r >= 0 }

// after returns a channel that receives when it is time for force, nil if never.
func (r Revocation) after() <-chan time.Time {
	if r == Ask {
		return nil
	}
	return time.After(max(time.Duration(r), 0))
}

// ask writes the revocation mark into a candidate, that of the client who made it. It fails with zk.ErrNoNode if that is gone.
func (zs *zkSession) ask(ctx context.Context, candidate string) error {
	return zs.doApart(ctx, func() error {
		_, err := zs.conn.Set(candidate, markFor(path.Base(candidate)), -1)
		return err
	})
}
