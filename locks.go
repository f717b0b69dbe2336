package zklock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// LockInfo is one lock under the root. Its name comes from whoever made the znode, and is not to be trusted.
type LockInfo struct {
	Name    string
	Kind    Kind // of the first holder; 0 if the lock is free
	Holders int  // 0 if the lock is free
	Waiters int
	Created time.Time

	// Err is why the lock could not be looked at; nothing but its name is known then. It matches zk.ErrNoAuth if the
	// znode's ACL does not allow it.
	Err error
}

// Locks returns every lock under the root, sorted by name. A znode is a lock if somebody queues there, or if nothing
// lies below it; other znodes with something below them are segments of longer names. What vanishes meanwhile is left
// out. A lock that may not be looked at has an Err.
//
// Locks looks at 1,000,000 znodes, 250,000 below each and 128 MiB of names, and at none whose name is longer than a lock's can
// be, which is 1024 bytes. If there are more, it returns what it has seen together with an error that matches ErrIncomplete
// and says how many are left out.
func (s *Session) Locks(ctx context.Context) ([]LockInfo, error) {
	locks, err := recipe.Request(ctx, s.locks, s.listLocks)
	return locks, opError("list", s.root, err)
}

func (s *Session) listLocks(ctx context.Context, zs *recipe.Local) ([]LockInfo, error) {
	survey := survey{zs: zs, root: s.root}
	err := survey.run(ctx)
	if err != nil && !errors.Is(err, ErrIncomplete) {
		return nil, err
	}
	slices.SortFunc(survey.locks, func(a, b LockInfo) int { return cmp.Compare(a.Name, b.Name) })
	return survey.locks, err
}

// Remove deletes the znode of a lock that nobody uses. It fails with an error that matches ErrLocked if anyone queues
// there, zk.ErrNoNode if there is no such lock, and zk.ErrNotEmpty if there are other znodes below it, as there are if names of
// other locks begin with this one's.
func (s *Session) Remove(ctx context.Context, name string) error {
	path, err := s.lockPath(name)
	if err != nil {
		return opError("remove", "", err)
	}
	_, err = recipe.Request(ctx, s.locks, func(ctx context.Context, zs *recipe.Local) (struct{}, error) {
		unsure := false // whether an earlier deletion may have been ours
		err := zs.Do(ctx, func() error {
			err := zs.Conn.Delete(path, -1)
			if unsure && errors.Is(err, zk.ErrNoNode) {
				return nil
			}
			unsure = unsure || ensemble.OutcomeOf(err) == ensemble.Unknown
			return err
		})
		if errors.Is(err, zk.ErrNotEmpty) {
			q, listErr := zs.Queue(ctx, path, queue.Voice{})
			if listErr != nil {
				err = ensemble.JoinErrors(err, listErr)
			} else if len(q) > 0 {
				err = fmt.Errorf("%w: %d queue for it", ErrLocked, len(q))
			}
		}
		return struct{}{}, err
	})
	return opError("remove", path, err)
}
