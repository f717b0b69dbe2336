// Package survey finds the locks and semaphores below a root, and what each of them is. It has no
// goroutines of its own.
package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	gopath "path"
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

// What a survey keeps at most, whatever the servers send: znodes, of one znode's children and in
// all, and bytes of paths.
const (
	childrenKept  = 250_000
	znodesKept    = 1_000_000
	pathBytesKept = 128 << 20
)

// Survey is what is known of the znodes below a root. It is for one goroutine at a time.
type Survey struct {
	zs         *recipe.Local
	root       string
	maxNameLen int // of a lock; longer names are left out

	mu     sync.Mutex // guards the fields below
	places map[string]*place
	kept   amount

	oneByOne atomic.Bool // a server did not answer a request for several znodes
}

// Lock is a lock or a semaphore; see zklock.LockInfo.
type Lock struct {
	Name        string
	Kind        queue.Kind // of the first holder
	IsSemaphore bool
	Holders     int
	Waiters     int
	Permits     int // that the holders have
	Revoked     int
	Created     time.Time

	HeldBy       string
	HeldSince    time.Time
	QueuedSince  time.Time
	WaitingSince time.Time

	Err error // why it could not be looked at
}

// place is a znode that is a lock, or begins the names of others.
type place struct {
	lock   *Lock    // that it is; nil if it is none
	below  []string // the znodes below that are no candidates
	opaque bool     // some of it may not be read: servers do not tell of changes there
	kept   amount
}

// amount is how much is kept of what the servers send.
type amount struct {
	znodes  int
	bytes   int // of paths
	leftOut int // znodes
}

func (a *amount) subtract(b amount) {
	a.znodes -= b.znodes
	a.bytes -= b.bytes
	a.leftOut -= b.leftOut
}

// New returns a Survey that knows nothing yet. Names of locks that are longer than maxNameLen bytes
// are left out.
func New(zs *recipe.Local, root string, maxNameLen int) *Survey {
	return &Survey{zs: zs, root: root, maxNameLen: maxNameLen, places: make(map[string]*place)}
}

// Visit looks at znodes, and then level by level at those below them that are not known.
func (s *Survey) Visit(ctx context.Context, level []string) error {
	for len(level) > 0 {
		err := ensemble.ForEach(ctx, len(level), func(ctx context.Context, i int) error {
			node, err := s.list(ctx, level[i])
			var p *place
			if err == nil && node.stat.EphemeralOwner == 0 {
				p, err = s.look(ctx, level[i], node)
			} else if err != nil {
				p, err = s.lookFromAbove(ctx, level[i], err)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", level[i], err)
			}
			s.replace(level[i], p, node.kept)
			return nil
		})
		if err != nil {
			return err
		}
		level = s.unknownBelow(level)
	}
	return nil
}

// unknownBelow returns the znodes below some that are not known yet.
func (s *Survey) unknownBelow(paths []string) (unknown []string) {
	for _, path := range paths {
		p := s.places[path]
		if p == nil {
			continue
		}
		for _, child := range p.below {
			if s.places[child] == nil {
				unknown = append(unknown, child)
			}
		}
	}
	return unknown
}

// replace notes what a znode is now, nil for nothing, and how much was kept of it. It forgets what
// is not below the znode any more.
func (s *Survey) replace(path string, now *place, kept amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.places[path]
	if now == nil {
		s.kept.subtract(kept)
		s.forgetLocked(path)
		return
	}
	now.kept = kept
	s.places[path] = now
	if was == nil {
		return
	}
	s.kept.subtract(was.kept)
	still := make(map[string]bool, len(now.below))
	for _, child := range now.below {
		still[child] = true
	}
	for _, child := range was.below {
		if !still[child] {
			s.forgetLocked(child)
		}
	}
}

func (s *Survey) forgetLocked(path string) {
	p := s.places[path]
	if p == nil {
		return
	}
	delete(s.places, path)
	s.kept.subtract(p.kept)
	for _, child := range p.below {
		s.forgetLocked(child)
	}
}

// Stale returns the znodes to read again after the changes.
func (s *Survey) Stale(changed []string) (stale []string) {
	if s.places[s.root] == nil { // it was not there
		return []string{s.root}
	}
	seen := make(map[string]bool)
	again := func(path string) {
		if s.places[path] != nil && !seen[path] {
			seen[path] = true
			stale = append(stale, path)
		}
	}
	for _, path := range changed {
		above := gopath.Dir(path)
		if s.places[above] == nil && recipe.IsPartOfSemaphore(gopath.Base(above)) {
			above = gopath.Dir(above)
		}
		if path != s.root {
			again(above)
		}
		again(path) // it may have been made anew
	}
	for path, p := range s.places {
		if p.opaque {
			again(path)
		}
	}
	return stale
}

// Locks returns all locks, sorted by name, and how many znodes are left out because their names are
// too long, or because they are too many.
func (s *Survey) Locks() (locks []Lock, leftOut int) {
	for _, p := range s.places {
		if p.lock != nil {
			locks = append(locks, *p.lock)
		}
	}
	slices.SortFunc(locks, func(a, b Lock) int { return cmp.Compare(a.Name, b.Name) })
	return locks, s.kept.leftOut
}

// look tells what a znode is.
func (s *Survey) look(ctx context.Context, path string, node listedNode) (*place, error) {
	r := reading{survey: s, said: make(map[string]saying)}
	q, err := s.zs.Entries(ctx, path, node.children, queue.Voice{}, r.read)
	if err != nil {
		return nil, err
	}
	if len(q) == 0 && path != s.root {
		isSemaphore, err := s.zs.IsSemaphore(ctx, path, node.children)
		if err != nil {
			return nil, err
		}
		if isSemaphore {
			return s.lookAtSemaphore(ctx, path, node)
		}
	}
	candidates := make(map[string]bool, len(q))
	for _, c := range q {
		candidates[c.Name] = true
	}
	p := &place{opaque: r.opaque}
	for _, name := range node.children {
		child := zkpath.Join(path, "/"+name)
		if !candidates[name] && child != "/zookeeper" {
			p.below = append(p.below, child)
		}
	}
	if path != s.root && (len(q) > 0 || len(p.below) == 0) {
		p.lock = r.newLock(s.name(path), node.stat, q)
	}
	return p, nil
}

// lookAtSemaphore is look for a semaphore's znode.
func (s *Survey) lookAtSemaphore(
	ctx context.Context, path string, node listedNode,
) (*place, error) {
	pool := &recipe.Pool{Path: path}
	r := reading{survey: s, said: make(map[string]saying)}
	held, err := s.zs.Holders(ctx, pool, r.read)
	if err != nil {
		return nil, err
	}
	waiting, err := s.zs.Waiters(ctx, pool, queue.Voice{}, r.read)
	if err != nil {
		return nil, err
	}
	lock := r.newLock(s.name(path), node.stat, append(held, waiting...))
	lock.IsSemaphore, lock.HeldSince = true, lock.QueuedSince // permits are created at their grant
	for _, c := range held {
		lock.Permits += int(queue.ParsePermit(gopath.Base(c.Name)).Count)
	}
	p := &place{lock: lock, opaque: r.opaque}
	for _, name := range node.children {
		if !recipe.IsPartOfSemaphore(name) {
			p.below = append(p.below, zkpath.Join(path, "/"+name))
		}
	}
	return p, nil
}

// lookFromAbove is look for a znode whose children cannot be listed, for that reason.
func (s *Survey) lookFromAbove(ctx context.Context, path string, reason error) (*place, error) {
	switch {
	case errors.Is(reason, zk.ErrNoNode):
		return nil, nil
	case path == s.root || !errors.Is(reason, zk.ErrNoAuth) && !errors.Is(reason, zk.ErrAPIError):
		return nil, reason
	}
	node, err := s.zs.ReadNode(ctx, path)
	if errors.Is(err, zk.ErrNoNode) || err == nil && node.Owner != 0 {
		return nil, nil
	}
	// which newer servers say, of a znode that is there
	if err != nil && !errors.Is(err, zk.ErrNoAuth) {
		return nil, err
	}
	return &place{lock: &Lock{Name: s.name(path), Err: reason}, opaque: true}, nil
}

func (s *Survey) name(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, s.root), "/")
}

// listedNode is what is kept of a znode.
type listedNode struct {
	children []string
	stat     zk.Stat
	kept     amount
}

func (s *Survey) list(ctx context.Context, path string) (node listedNode, err error) {
	err = s.zs.Do(ctx, func() error {
		node, err = ensemble.Ask(ctx, s.zs.Session, wire.GetChildrenAndStat(path),
			func(r wire.Reply) listedNode {
				children, stat := r.ChildrenAndStat()
				kept, size := s.keep(path, children)
				return listedNode{kept, stat, size}
			})
		return err
	})
	return node, err
}

// keep returns copies of the names for which there is room. It is called for one answer after the
// other, as they come: there is never more than one in memory.
func (s *Survey) keep(path string, children []string) (kept []string, size amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept = make([]string, 0, min(len(children), childrenKept))
	for _, name := range children {
		bytes := len(path) + 1 + len(name)
		tooLong := bytes-len(s.root) > 1+s.maxNameLen
		if tooLong || len(kept) == childrenKept || s.kept.znodes == znodesKept ||
			s.kept.bytes+bytes > pathBytesKept {
			s.kept.leftOut++
			size.leftOut++
			continue
		}
		s.kept.znodes++
		size.znodes++
		s.kept.bytes += bytes
		size.bytes += bytes
		kept = append(kept, strings.Clone(name))
	}
	return kept, size
}
