package zklock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/queue"
)

// LockInfo is one lock under the root. Its name comes from whoever made the znode, and is not to be trusted.
type LockInfo struct {
	Name    string
	Kind    Kind // of the first in the queue; 0 if the lock is free
	Holders int  // 0 if the lock is free
	Waiters int
	Created time.Time
}

// Locks returns every lock under the root, sorted by name. A znode is a lock if somebody queues there, or if nothing
// lies below it; other znodes with something below them are segments of longer names. What vanishes meanwhile is left
// out.
func (s *Session) Locks(ctx context.Context) ([]LockInfo, error) {
	locks, err := request(ctx, s, s.locks)
	return locks, opError("list", s.root, err)
}

func (s *Session) locks(ctx context.Context, zs *zkSession) ([]LockInfo, error) {
	var mu sync.Mutex // guards locks and next
	var locks []LockInfo
	level := []string{s.root}
	for len(level) > 0 {
		var next []string
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(requestsAtOnce)
		for _, path := range level {
			g.Go(func() error {
				lock, below, err := s.lockInfo(ctx, zs, path)
				mu.Lock()
				defer mu.Unlock()
				if lock != nil {
					locks = append(locks, *lock)
				}
				next = append(next, below...)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		level = next
	}
	slices.SortFunc(locks, func(a, b LockInfo) int { return cmp.Compare(a.Name, b.Name) })
	return locks, nil
}

// lockInfo reads one znode: the lock that it is, if it is one, and the znodes below that may be others.
func (s *Session) lockInfo(ctx context.Context, zs *zkSession, path string) (*LockInfo, []string, error) {
	var children []string
	var stat *zk.Stat
	err := zs.do(ctx, func() (err error) {
		children, stat, err = zs.conn.Children(path)
		return err
	})
	if errors.Is(err, zk.ErrNoNode) || err == nil && stat.EphemeralOwner != 0 {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	q := queue.Order(children)
	var below []string
	for _, name := range children {
		if _, candidate := queue.Parse(name); !candidate && joinPaths(path, "/"+name) != "/zookeeper" {
			below = append(below, joinPaths(path, "/"+name))
		}
	}
	if path == s.root || len(q) == 0 && len(below) > 0 {
		return nil, below, nil
	}
	holders := queue.Holders(q)
	lock := &LockInfo{
		Name:    strings.TrimPrefix(strings.TrimPrefix(path, s.root), "/"),
		Holders: holders,
		Waiters: len(q) - holders,
		Created: time.UnixMilli(stat.Ctime),
	}
	if holders > 0 {
		lock.Kind = Kind(q[0].Kind)
	}
	return lock, below, nil
}

// Remove deletes the znode of a lock that nobody uses. It fails with an error that matches ErrLocked if anyone queues
// there, zk.ErrNoNode if there is no such lock, and zk.ErrNotEmpty if names of other locks begin with this one's.
func (s *Session) Remove(ctx context.Context, name string) error {
	path, err := s.lockPath(name)
	if err != nil {
		return opError("remove", "", err)
	}
	_, err = request(ctx, s, func(ctx context.Context, zs *zkSession) (struct{}, error) {
		unsure := false // whether an earlier deletion may have been ours
		err := zs.do(ctx, func() error {
			err := zs.conn.Delete(path, -1)
			if unsure && errors.Is(err, zk.ErrNoNode) {
				return nil
			}
			unsure = unsure || outcomeOf(err) == unknown
			return err
		})
		if errors.Is(err, zk.ErrNotEmpty) {
			q, listErr := zs.roster.read(ctx, path)
			if listErr != nil {
				err = joinErrors(err, listErr)
			} else if len(q) > 0 {
				err = fmt.Errorf("%w: %d queue for it", ErrLocked, len(q))
			}
		}
		return struct{}{}, err
	})
	return opError("remove", path, err)
}
