package zklock

import (
	"context"
	"path"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// This file has the methods that inspect and manage a semaphore.

// Contenders returns the holders of permits, in the order of their grants, and then the waiters, in
// the order of the queue. The Znode of each is a path below the semaphore's znode. Contenders
// returns none if the semaphore is not in use.
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
					c.HeldSince = c.Created // permits are created at their grant
					c.Permits = int(queue.ParsePermit(path.Base(c.Znode)).Count)
				}
			}
			return contenders, err
		})
	return contenders, opError("look at", s.path, err)
}

// entries returns the holders and then the waiters.
func (s *Semaphore) entries(ctx context.Context, zs *recipe.Local) ([]recipe.Entry, error) {
	held, err := zs.Holders(ctx, s.cfg.Pool, zs.Stats)
	if err != nil {
		return nil, err
	}
	waiting, err := zs.Waiters(ctx, s.cfg.Pool, s.cfg.Voice(queue.Lock), zs.Stats)
	return append(held, waiting...), err
}

// RevokeHolders writes the revocation mark into the znodes of all holders and returns how many
// there are. It is like Mutex.RevokeHolder.
func (s *Semaphore) RevokeHolders(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, func(c recipe.Entry) bool { return c.Holder }, opts)
}

// RevokeAll is like RevokeHolders but marks the waiters too.
func (s *Semaphore) RevokeAll(ctx context.Context, opts ...RevokeOption) (int, error) {
	return s.managed().revoke(ctx, isAny, opts)
}

// Revoke writes the revocation mark into the znode of one contender, which Contenders has returned;
// only its Znode is used. It fails with an error that matches zk.ErrNoNode if the znode is gone.
func (s *Semaphore) Revoke(ctx context.Context, c Contender, opts ...RevokeOption) error {
	return s.managed().revokeOne(ctx, c, opts)
}

// Clear removes the permits of all holders and the candidates of all waiters, and returns how many
// contenders there were. As with Mutex.Clear, a holder is told only when another client may have
// the permits already.
func (s *Semaphore) Clear(ctx context.Context) (int, error) {
	return s.managed().clear(ctx)
}

func (s *Semaphore) managed() managed {
	s.check()
	return managed{s.s, s.path, &s.cfg, s.entries}
}
