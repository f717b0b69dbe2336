package zklock

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/zookylock/zklock/internal/ensemble"
)

// zkSession is a ZooKeeper session with what its candidates share.
type zkSession struct {
	*ensemble.Session
	s         *Session
	roster    *roster
	siblings  *siblings
	young     *later[*acquisition] // their holds
	patient   *later[*candidate]   // who wait
	parents   singleflight.Group   // by lock
	noRecords atomic.Bool          // we may not write into locks' znodes
}

// await waits for a ZooKeeper session that is established. It may be disconnected. It fails with
// ctx or ErrClosed.
func (s *Session) await(ctx context.Context) (*zkSession, error) {
	zs, err := s.client.Await(ctx)
	if err != nil {
		return nil, err
	}
	return s.localOf(zs), nil
}

// localOf returns what the candidates of a session share.
func (s *Session) localOf(zs *ensemble.Session) *zkSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.local != nil && s.local.Session == zs {
		return s.local
	}
	local := newZKSession(s, zs)
	if zs == s.client.Session() { // otherwise it has ended, and is needed once more
		s.local = local
	}
	return local
}

func newZKSession(s *Session, zs *ensemble.Session) *zkSession {
	local := &zkSession{
		Session:  zs,
		s:        s,
		siblings: newSiblings(),
		young:    newLater(firstLook, (*acquisition).beginWatch),
		patient:  newLater(ownLook, (*candidate).nudge),
	}
	local.roster = newRoster(local)
	return local
}

// request is ensemble.Request for an op that needs what the candidates share.
func request[T any](
	ctx context.Context, s *Session, op func(context.Context, *zkSession) (T, error),
) (T, error) {
	return ensemble.Request(ctx, s.client, func(ctx context.Context, zs *ensemble.Session) (T, error) {
		return op(ctx, s.localOf(zs))
	})
}
