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
	return s.revoke(ctx, func(c recipe.Entry) bool { return c.Holder }, opts)
}

// RevokeAll is RevokeHolders for those who wait, too.
func (s *Semaphore) RevokeAll(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.revoke(ctx, isAny, opts)
}

func (s *Semaphore) revoke(
	ctx context.Context, meant func(recipe.Entry) bool, opts []RevokeOption,
) (int, error) {
	s.check()
	mark, err := s.cfg.mark(opts)
	if err != nil {
		return 0, opError("revoke", s.path, err)
	}
	n, err := s.forEach(ctx, meant, func(ctx context.Context, zs *recipe.Local, path string) error {
		return zs.Revoke(ctx, path, mark)
	})
	return n, opError("revoke", s.path, err)
}

// Revoke writes the revocation mark into one znode, which Contenders has returned; only its Znode
// is used. It fails with an error that matches zk.ErrNoNode if that is gone.
func (s *Semaphore) Revoke(ctx context.Context, c Contender, opts ...RevokeOption) error {
	s.check()
	mark, err := s.cfg.mark(opts)
	if err != nil {
		return opError("revoke", s.path, err)
	}
	_, err = recipe.Request(ctx, s.s.locks,
		func(ctx context.Context, zs *recipe.Local) (struct{}, error) {
			return struct{}{}, zs.Revoke(ctx, s.path+"/"+c.Znode, mark)
		})
	return opError("revoke", s.path, err)
}

// Clear removes the permits of all holders, and those who wait from the queue, and returns how
// many. They are told as by Mutex.Clear, when others may have the permits already.
func (s *Semaphore) Clear(ctx context.Context) (int, error) {
	n, err := s.forEach(ctx, isAny, deleteZnode)
	return n, opError("clear", s.path, err)
}

// forEach applies op to those who are meant, and returns to how many.
func (s *Semaphore) forEach(
	ctx context.Context, meant func(recipe.Entry) bool,
	op func(context.Context, *recipe.Local, string) error,
) (int, error) {
	s.check()
	return recipe.Request(ctx, s.s.locks, func(ctx context.Context, zs *recipe.Local) (int, error) {
		q, err := s.entries(ctx, zs)
		if err != nil {
			return 0, err
		}
		q = slices.DeleteFunc(q, func(c recipe.Entry) bool { return !meant(c) })
		return applyTo(ctx, zs, s.path, q, op)
	})
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
