package zklock

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// This is how a semaphore is looked at and managed.

// Contenders returns who holds permits, in the order in which they were granted, and then who waits
// for permits, in queue order. The Znode of each is a path below the semaphore's. It is empty for a
// semaphore that nobody uses.
func (s *Semaphore) Contenders(ctx context.Context) ([]Contender, error) {
	s.check()
	contenders, err := recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) ([]Contender, error) {
			q, err := s.entries(ctx, zs)
			if err != nil {
				return nil, err
			}
			contenders, err := describe(ctx, zs, s.path, q)
			for i := range contenders {
				c := &contenders[i]
				if c.Kind = KindSemaphore; c.Holder {
					c.Permits = int(queue.ParsePermit(path.Base(c.Znode)).Count)
				}
			}
			return contenders, err
		})
	return contenders, opError("look at", s.path, err)
}

// entries returns the holders, and then those who wait.
func (s *Semaphore) entries(ctx context.Context, zs *recipe.Local) ([]recipe.Entry, error) {
	held, err := zs.Holders(ctx, s.cfg.Pool)
	if err != nil {
		return nil, err
	}
	waiting, err := zs.Waiters(ctx, s.cfg.Pool, s.cfg.Voice(queue.Lock))
	return append(held, waiting...), err
}

// RevokeHolders writes the revocation mark into the znodes of all who hold permits, and returns how
// many there are, as Mutex.RevokeHolder does.
func (s *Semaphore) RevokeHolders(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, func(c recipe.Entry) bool { return c.Holder }, opts)
}

// RevokeAll is RevokeHolders for those who wait, too.
func (s *Semaphore) RevokeAll(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, isAny, opts)
}

// Revoke writes the revocation mark into one znode, which Contenders has returned; only its Znode
// is used. It fails with an error that matches zk.ErrNoNode if that is gone.
func (s *Semaphore) Revoke(ctx context.Context, c Contender, opts ...RevokeOption) error {
	return s.managed().revokeOne(ctx, c, opts)
}

// Clear removes the permits of all holders, and those who wait from the queue, and returns how
// many. They are told as by Mutex.Clear, when others may have the permits already.
func (s *Semaphore) Clear(ctx context.Context) (int, error) {
	return s.managed().clear(ctx)
}

func (s *Semaphore) managed() managed {
	s.check()
	return managed{s.s, s.path, &s.cfg, s.entries}
}

// removeSemaphore deletes a semaphore that nobody uses. If znode is none it returns notEmpty,
// which is why the znode could not be deleted.
func removeSemaphore(ctx context.Context, zs *recipe.Local, znode string, notEmpty error) error {
	children, _, err := zs.Conn.Children(znode)
	if err != nil ||
		slices.ContainsFunc(children, func(name string) bool {
			return !recipe.IsPartOfSemaphore(name)
		}) {
		return notEmpty
	}
	var ops []any
	for _, name := range children {
		ops = append(ops, &zk.DeleteRequest{Path: znode + "/" + name, Version: -1})
	}
	ops = append(ops, &zk.DeleteRequest{Path: znode, Version: -1})
	err = zs.DoApart(ctx, func() error {
		_, err := zs.Conn.Multi(ops...)
		return err
	})
	if errors.Is(err, zk.ErrNotEmpty) {
		err = fmt.Errorf("%w: the semaphore is in use", ErrLocked)
	}
	return err
}
