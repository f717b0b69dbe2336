package ensemble

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// run beats while something is held, until the ZooKeeper session ends.
func (l *Lease) run() {
	if l.kind != LeaseQuorum {
		return
	}
	for {
		select {
		case <-l.beat:
		case <-l.zs.ended:
			return
		}
		for {
			wait, _ := l.untilBeat()
			select {
			case <-time.After(wait):
			case <-l.soon:
			case <-l.zs.ended:
				return
			}
			held := l.held()
			if len(held) == 0 {
				break
			}
			_, fresh := l.untilBeat()
			for due := range slices.Chunk(l.due(held, fresh), checksPerBeat) {
				l.beatOnce(due)
			}
		}
	}
}

// untilBeat returns how long it is until the next beat, and whether there is no need of one now.
func (l *Lease) untilBeat() (wait time.Duration, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, timeout := time.Now(), l.proof.timeout()
	left := l.proof.until().Sub(now)
	return untilBeat(now, left, timeout), isFresh(left, timeout)
}

// beatOnce asks a quorum to confirm that these holds' znodes exist. Those that do not are lost.
func (l *Lease) beatOnce(due []heldZnode) {
	for len(due) > 0 {
		asked, checks := time.Now(), make([]zk.CheckVersionRequest, len(due))
		for i, z := range due {
			checks[i] = zk.CheckVersionRequest{Path: z.path, Version: z.version}
		}
		err := l.check(context.Background(), checks)
		var failed *checkError
		if !errors.As(err, &failed) {
			if err == nil {
				noteChecked(due, asked.Sub(l.made))
			}
			return
		}
		switch z := &due[failed.index]; {
		case errors.Is(err, zk.ErrBadVersion):
			l.zs.Watches.doubt(z.path, z.version)
			z.version = wire.AnyVersion
		default:
			// A hold that was released meanwhile is no longer under the lease; to lose it then means
			// nothing.
			z.hold.Missing(z.path)
			due = slices.Delete(due, failed.index, failed.index+1)
		}
	}
}

// checkError says which of several checks has failed.
type checkError struct {
	index int
	err   error // zk.ErrNoNode or zk.ErrBadVersion
}

func (e *checkError) Error() string { return e.err.Error() }
func (e *checkError) Unwrap() error { return e.err }

// Check is the quorum-confirmed operation: a transaction that has the leader verify that the znodes
// exist. Unlike a read it cannot be answered by a server that is cut off from its leader. It fails
// with a checkError, with ctx, and as Session.Do does.
func (l *Lease) Check(ctx context.Context, paths ...string) error {
	checks := make([]zk.CheckVersionRequest, len(paths))
	for i, path := range paths {
		checks[i] = zk.CheckVersionRequest{Path: path, Version: wire.AnyVersion}
	}
	return l.check(ctx, checks)
}

// check is Check for znodes that are to have some version.
func (l *Lease) check(ctx context.Context, checks []zk.CheckVersionRequest) error {
	ops := make([]any, len(checks))
	for i := range checks {
		ops[i] = &checks[i]
	}
	return l.zs.DoApart(ctx, func() error {
		results, err := l.zs.Conn.Multi(ops...)
		for i, r := range results {
			if errors.Is(r.Error, zk.ErrNoNode) || errors.Is(r.Error, zk.ErrBadVersion) {
				return &checkError{i, r.Error}
			}
		}
		return err
	})
}
