package zklock

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/survey"
)

// Lister lists the locks under the root repeatedly, and reads only what has changed since the last
// time: it sets a watch by which the servers report all changes below the root. It is safe for
// concurrent use, and must be closed.
//
// With servers older than ZooKeeper 3.6.0, which do not know such watches, a Lister reads
// everything each time, as Session.Locks does. Some servers end the connection, and so the
// ZooKeeper session, over a request that they do not know: use a Session that holds no locks.
type Lister struct {
	s    *Session
	turn chan struct{} // capacity 1; full during a call, and guards the fields below

	zs       *recipe.Local
	below    *ensemble.Below
	survey   *survey.Survey
	complete time.Time // when all was read
}

// allAgain is the interval at which a Lister reads everything. Servers do not report changes of
// znodes that the Session may not read, and a lost report must not last forever.
const allAgain = 5 * time.Minute

// NewLister returns a Lister. It does not use the network before the first call of Locks.
func (s *Session) NewLister() *Lister {
	s.check()
	return &Lister{s: s, turn: make(chan struct{}, 1)}
}

// Locks returns the same as Session.Locks. If no lock has changed, that takes one request.
//
// A candidate that the Session may not read, in a lock that it may read, can come and go unseen for
// five minutes: servers do not report it, and the Lister reads everything at that interval.
func (l *Lister) Locks(ctx context.Context) ([]LockInfo, error) {
	locks, err := recipe.Request(ctx, l.s.locks,
		func(ctx context.Context, zs *recipe.Local) ([]LockInfo, error) {
			select {
			case l.turn <- struct{}{}:
				defer func() { <-l.turn }()
			case <-ctx.Done():
				return nil, ensemble.ContextError(ctx)
			}
			return l.look(ctx, zs)
		})
	return locks, opError("list", l.s.root, err)
}

func (l *Lister) look(ctx context.Context, zs *recipe.Local) ([]LockInfo, error) {
	if l.zs != zs {
		l.stop()
		l.zs, l.below = zs, zs.Watches.WatchBelow(l.s.root)
	}
	// The answer comes after the events for all changes that this server knows.
	if _, err := zs.ReadNode(ctx, l.s.root); err != nil && !errors.Is(err, zk.ErrNoNode) {
		return nil, err
	}
	changed, known := l.below.Take()
	var stale []string
	if known && time.Since(l.complete) < allAgain {
		stale = l.survey.Stale(changed)
	} else {
		if err := l.below.Arm(ctx); err != nil {
			return nil, err
		}
		l.survey, l.complete = survey.New(zs, l.s.root, maxNameLen), time.Now()
		stale = []string{l.s.root}
	}
	if err := l.survey.Visit(ctx, stale); err != nil {
		l.complete = time.Time{} // what has changed is not known any more
		return nil, err
	}
	return lockInfos(l.survey)
}

// Close removes the watch and what the Lister has read.
func (l *Lister) Close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.stop()
}

func (l *Lister) stop() {
	if l.below != nil {
		l.below.Stop()
	}
	l.zs, l.below, l.survey, l.complete = nil, nil, nil, time.Time{}
}
