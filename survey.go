package zklock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/internal/zkpath"
)

// The bounds of what a survey keeps, whatever the servers send: children of one znode, znodes in
// all, and bytes of paths.
const (
	childrenKept  = 250_000
	znodesKept    = 1_000_000
	pathBytesKept = 128 << 20
)

// survey is one walk over the znodes below the root, for Locks.
type survey struct {
	zs   *recipe.Local
	root string

	mu      sync.Mutex // guards the fields below
	locks   []LockInfo
	next    []string // the znodes of the next level
	znodes  int      // that were kept
	bytes   int      // of the paths that were kept
	leftOut int      // znodes

	oneByOne atomic.Bool // a server did not answer a request for several znodes
}

// run walks level by level.
func (s *survey) run(ctx context.Context) error {
	level := []string{s.root}
	for len(level) > 0 {
		err := ensemble.ForEach(ctx, len(level), func(ctx context.Context, i int) error {
			return s.visit(ctx, level[i])
		})
		if err != nil {
			return err
		}
		level, s.next = s.next, nil
	}
	if s.leftOut > 0 {
		return fmt.Errorf("%w: %d znodes are left out: their names are longer than %d bytes, or they are too many",
			ErrIncomplete, s.leftOut, maxNameLen)
	}
	return nil
}

// visit notes one znode: the lock that it is, if it is one, and the znodes below it that may be
// locks.
func (s *survey) visit(ctx context.Context, path string) error {
	node, err := s.list(ctx, path)
	switch {
	case errors.Is(err, zk.ErrNoNode) || err == nil && node.stat.EphemeralOwner != 0:
		return nil
	case (errors.Is(err, zk.ErrNoAuth) || errors.Is(err, zk.ErrAPIError)) && path != s.root:
		return s.visitOpaque(ctx, path, err)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	q, err := s.zs.Entries(ctx, path, node.children, queue.Voice{}, s.stats)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(q) == 0 && path != s.root && recipe.IsSemaphore(node.children) {
		return s.visitSemaphore(ctx, path, node)
	}
	candidates := make(map[string]bool, len(q))
	for _, c := range q {
		candidates[c.Name] = true
	}
	var below []string
	for _, name := range node.children {
		child := zkpath.Join(path, "/"+name)
		if !candidates[name] && child != "/zookeeper" {
			below = append(below, child)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, below...)
	if path != s.root && (len(q) > 0 || len(below) == 0) {
		s.locks = append(s.locks, newLockInfo(s.name(path), node.stat, q))
	}
	return nil
}

// visitSemaphore notes a semaphore and the other znodes below its znode.
func (s *survey) visitSemaphore(ctx context.Context, path string, node listedNode) error {
	pool := &recipe.Pool{Path: path}
	held, err := s.zs.Holders(ctx, pool)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	waiting, err := s.zs.Waiters(ctx, pool, queue.Voice{})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	lock := newLockInfo(s.name(path), node.stat, append(held, waiting...))
	lock.Kind = KindSemaphore
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks = append(s.locks, lock)
	for _, name := range node.children {
		if !recipe.IsPartOfSemaphore(name) {
			s.next = append(s.next, zkpath.Join(path, "/"+name))
		}
	}
	return nil
}

// visitOpaque notes a znode whose children cannot be listed, with the reason.
func (s *survey) visitOpaque(ctx context.Context, path string, reason error) error {
	node, err := s.zs.ReadNode(ctx, path)
	if errors.Is(err, zk.ErrNoNode) || err == nil && node.Owner != 0 {
		return nil
	}
	// newer servers return zk.ErrNoAuth for a znode that exists
	if err != nil && !errors.Is(err, zk.ErrNoAuth) {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks = append(s.locks, LockInfo{Name: s.name(path), Err: reason})
	return nil
}

func (s *survey) name(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, s.root), "/")
}

// listedNode is what is kept of a znode.
type listedNode struct {
	children []string
	stat     zk.Stat
}

func (s *survey) list(ctx context.Context, path string) (node listedNode, err error) {
	err = s.zs.Do(ctx, func() error {
		node, err = ensemble.Ask(ctx, s.zs.Session, wire.GetChildrenAndStat(path),
			func(r wire.Reply) listedNode {
				children, stat := r.ChildrenAndStat()
				return listedNode{s.keep(path, children), stat}
			})
		return err
	})
	return node, err
}

// keep returns copies of the names for which there is room. It is called for each answer as it
// arrives, so that only one answer is in memory at a time.
func (s *survey) keep(path string, children []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]string, 0, min(len(children), childrenKept))
	for _, name := range children {
		size := len(path) + 1 + len(name)
		tooLong := size-len(s.root) > 1+maxNameLen
		if tooLong || len(kept) == childrenKept || s.znodes == znodesKept ||
			s.bytes+size > pathBytesKept {
			s.leftOut++
			continue
		}
		s.znodes++
		s.bytes += size
		kept = append(kept, strings.Clone(name))
	}
	return kept
}

// readsInOne bounds how many znodes one request asks about.
const readsInOne = 64

// stats is a recipe.StatReader that asks about several znodes in one request, which costs a server
// little more than asking about one. The answer has their data too. If the answer is too large, if
// the server does not know the request, or if a znode may not be read, it asks about each znode in
// turn.
func (s *survey) stats(
	ctx context.Context, dir string, children []queue.Candidate,
	f func(queue.Candidate, *zk.Stat) error,
) error {
	for together := range slices.Chunk(children, readsInOne) {
		stats, err := s.readTogether(ctx, dir, together)
		if err != nil {
			return err
		}
		if stats == nil {
			if err := s.zs.Stats(ctx, dir, together, f); err != nil {
				return err
			}
		}
		for i, stat := range stats {
			switch {
			case stat.Code == 0:
				err = f(together[i], &stat.Stat)
			case errors.Is(ensemble.ErrorOf(wire.Reply{Code: stat.Code}), zk.ErrNoNode):
				err = f(together[i], nil)
			default:
				err = s.zs.Stats(ctx, dir, together[i:i+1], f)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// readTogether reads several znodes in one request. It returns nil if each must be asked about in
// turn.
func (s *survey) readTogether(ctx context.Context, dir string,
	children []queue.Candidate) ([]wire.StatOrCode, error) {
	if len(children) == 1 || s.oneByOne.Load() {
		return nil, nil
	}
	paths := make([]string, len(children))
	for i, c := range children {
		paths[i] = zkpath.Join(dir, "/"+c.Name)
	}
	stats, err := ensemble.Ask(ctx, s.zs.Session, wire.GetDataOfMany(paths), wire.Reply.Stats)
	switch {
	case err == nil:
		return stats, nil
	case ctx.Err() != nil:
		return nil, err
	}
	s.oneByOne.Store(!errors.Is(err, ensemble.ErrTooLarge))
	return nil, nil
}

// newLockInfo describes a lock with the queue q.
func newLockInfo(name string, stat zk.Stat, q []recipe.Entry) LockInfo {
	lock := LockInfo{Name: name, Created: time.UnixMilli(stat.Ctime)}
	for _, c := range q {
		if !c.Holder {
			lock.Waiters++
			continue
		}
		if lock.Holders == 0 {
			lock.Kind = Kind(c.Kind)
		}
		lock.Holders++
	}
	return lock
}
