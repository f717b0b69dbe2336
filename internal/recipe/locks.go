package recipe

import (
	"context"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Locks are the locks below one root, as one client of the ensemble knows them.
type Locks struct {
	*root
	client   *ensemble.Client
	observer *Observer
	waiting  *delayed[*Acquisition] // for Observer.Waiting

	mu    sync.Mutex // guards the field below
	local *Local     // of the client's current session
}

// New returns the locks below a path. acl are the rights of the znodes above them.
func New(client *ensemble.Client, path string, acl []zk.ACL, observer *Observer) *Locks {
	l := &Locks{root: &root{path: path, acl: acl, logger: client.Logger()}, client: client,
		observer: observer}
	if observer.Patience > 0 {
		l.waiting = newDelayed(observer.Patience, func(a *Acquisition) { a.observer.Waiting(a) })
	}
	return l
}

// await waits for a ZooKeeper session that is established. It may be disconnected. It fails with
// ctx or ensemble.ErrClosed.
func (l *Locks) await(ctx context.Context) (*Local, error) {
	zs, err := l.client.Await(ctx)
	if err != nil {
		return nil, err
	}
	return l.localOf(zs), nil
}

// localOf returns what the candidates of a session share.
func (l *Locks) localOf(zs *ensemble.Session) *Local {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.local != nil && l.local.Session == zs {
		return l.local
	}
	local := newLocal(l.root, zs)
	if zs == l.client.Session() { // otherwise it has ended, and is needed once more
		l.local = local
	}
	return local
}

// Request is ensemble.Request for an op that needs what the candidates share.
func Request[T any](
	ctx context.Context, l *Locks, op func(context.Context, *Local) (T, error),
) (T, error) {
	return ensemble.Request(ctx, l.client,
		func(ctx context.Context, zs *ensemble.Session) (T, error) {
			return op(ctx, l.localOf(zs))
		})
}
