package ensemble

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"
)

// checksPerBeat bounds the size of one beat, in holds: servers refuse requests above 1 MB, and a
// path may have 1 kB.
const checksPerBeat = 500

// held returns the holds under the lease.
func (l *Lease) held() []Tenant {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := make([]Tenant, 0, len(l.holds))
	for h := range l.holds {
		held = append(held, h)
	}
	return held
}

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
			if _, fresh := l.untilBeat(); fresh {
				continue // another operation has just been confirmed, which proves as much
			}
			for len(held) > 0 {
				n := min(len(held), checksPerBeat)
				l.beatOnce(held[:n])
				held = held[n:]
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

// beatOnce asks a quorum to confirm that the candidates of these holds exist. Those that do not are
// lost.
func (l *Lease) beatOnce(held []Tenant) {
	for len(held) > 0 {
		paths := make([]string, len(held))
		for i, h := range held {
			paths[i] = h.Znode()
		}
		err := l.Check(context.Background(), paths...)
		var missing *missingError
		if !errors.As(err, &missing) {
			return
		}
		// A hold that was released meanwhile is no longer under the lease; to lose it then means
		// nothing.
		held[missing.index].Missing(paths[missing.index])
		held = append(held[:missing.index:missing.index], held[missing.index+1:]...)
	}
}

// missingError says which of several znodes does not exist.
type missingError struct{ index int }

func (*missingError) Error() string { return zk.ErrNoNode.Error() }
func (*missingError) Unwrap() error { return zk.ErrNoNode }

// Check is the quorum-confirmed operation: a transaction that has the leader verify that the znodes
// exist. Unlike a read it cannot be answered by a server that is cut off from its leader. It fails
// with a missingError, with ctx, and as Session.Do does.
func (l *Lease) Check(ctx context.Context, paths ...string) error {
	ops := make([]any, len(paths))
	for i, path := range paths {
		ops[i] = &zk.CheckVersionRequest{Path: path, Version: -1}
	}
	return l.zs.DoApart(ctx, func() error {
		results, err := l.zs.Conn.Multi(ops...)
		for i, r := range results {
			if errors.Is(r.Error, zk.ErrNoNode) {
				return &missingError{index: i}
			}
		}
		return err
	})
}
