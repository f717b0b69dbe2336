package recipe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
)

// This is how the first in a semaphore's queue waits for its permits.

// passingPatience is how long a try waits for those ahead of it in the queue of a semaphore that
// has permits left: they are about to take theirs. One that has died there keeps the place for a
// session timeout, and one that wants many permits waits.
const passingPatience = 200 * time.Millisecond

// errOthersAhead is why a try fails that has waited so long.
var errOthersAhead = fmt.Errorf("%w: others are ahead in the queue", ErrLocked)

// errInUse is why a try fails.
func errInUse(used int64, l limit) error {
	return fmt.Errorf("%w: %d of %d permits are in use", ErrLocked, used, l.size)
}

// checkPermits fails if the semaphore has another size than the handle says, or fewer permits than
// are wanted. A try also fails if not so many are free, unless the handle last saw that they were.
func (p *Passage) checkPermits(c *candidate) error {
	l, err := p.limit(p.ctx, c)
	if errors.Is(err, zk.ErrNoNode) {
		return nil // it is about to be made
	}
	if err != nil {
		return err
	}
	if !p.Try || p.Sight.free.Load() {
		return nil
	}
	out, err := c.zs.roster.list(p.ctx, c.cfg.Pool.Permits())
	if err != nil {
		return err
	}
	used, err := c.cfg.used(out.children)
	if err == nil && used+int64(p.Permits) > int64(l.size) {
		err = errInUse(used, l)
	}
	return err
}

// limit returns how many permits there are. It fails if the acquisition expects another size, or
// wants more permits.
func (p *Passage) limit(ctx context.Context, c *candidate) (limit, error) {
	pool := c.cfg.Pool
	l, err := pool.limit(ctx, c.zs)
	if err == nil && l.allows(pool.Size, p.Permits) != nil {
		c.zs.Watches.Forget(pool.Path) // the news of another size may be on their way
		if l, err = pool.limit(ctx, c.zs); err == nil {
			err = l.allows(pool.Size, p.Permits)
		}
	}
	return l, err
}

// takePermits waits until as many permits are free as are wanted, and takes them. The candidate,
// which is first, then leaves the queue and becomes the permits' znode.
func (p *Passage) takePermits(ctx context.Context, c *candidate) error {
	pool := c.cfg.Pool
	c.isFirst = true
	out := c.zs.Watches.WatchChildren(pool.Permits(), c.wake)
	defer out.Stop()
	// The transaction by which the one ahead has left has also changed the permits. A server tells of
	// one after the other.
	out.Distrust()
	size := c.zs.Watches.WatchPlace(pool.Path, c.wake)
	defer size.Stop()
	for {
		l, used, err := p.room(ctx, c, out)
		switch {
		case err != nil:
			return err
		case used+int64(p.Permits) > int64(l.size):
			if err := p.awaitRoom(ctx, c, used, l); err != nil {
				return err
			}
			continue
		}
		passed, err := c.pass(ctx, l)
		if err != nil {
			return err
		}
		if passed {
			p.Sight.free.Store(true)
			return nil
		}
	}
}

// firstRoom is room by the listing that came with the creation. No other has taken permits
// since, because the listing of the queue before it has shown that the candidate is first.
func (p *Passage) firstRoom(ctx context.Context, c *candidate) (l limit, used int64, err error) {
	out := c.out
	c.out = nil
	if err := out.wait(ctx); err != nil {
		return l, 0, err
	}
	if l, err = p.limit(ctx, c); err != nil {
		return l, 0, err
	}
	used, err = c.cfg.used(out.children)
	return l, used, err
}

// room returns how many permits there are and how many are out.
func (p *Passage) room(ctx context.Context, c *candidate, out *ensemble.Watcher) (limit,
	int64, error) {
	if c.out != nil {
		if l, used, err := p.firstRoom(ctx, c); err == nil &&
			used+int64(p.Permits) <= int64(l.size) {
			return l, used, nil
		}
	}
	c.zs.Watches.Prepare(out)
	l, err := p.limit(ctx, c)
	if errors.Is(err, zk.ErrNoNode) {
		return l, 0, ErrVanished // with everything below it
	}
	if err != nil {
		return l, 0, err
	}
	for {
		permits, err := out.Read(ctx)
		if errors.Is(err, zk.ErrNoNode) {
			if err = c.makePermits(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			return l, 0, err
		}
		used, err := c.cfg.used(permits.Children)
		return l, used, err
	}
}

// awaitRoom waits until there may be more permits. It heeds what becomes of the candidate
// meanwhile.
func (p *Passage) awaitRoom(ctx context.Context, c *candidate, used int64, l limit) error {
	p.Sight.free.Store(false)
	if p.Try {
		return errInUse(used, l)
	}
	c.standing.Store(&standing{room: fmt.Sprintf("%d of %d permits are in use, and it wants %d",
		used, l.size, p.Permits)})
	if err := c.look(ctx); err != nil {
		return err
	}
	select {
	case <-c.wake:
		return nil
	case <-ctx.Done():
		return p.ended()
	}
}
