package recipe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// This is how the first in a semaphore's queue waits for its permits.

// passingPatience is how long a try waits for the candidates ahead of it in the queue of a
// semaphore that has permits left: they are about to take theirs. One that has died there keeps the
// place for a session timeout, and one that wants many permits waits.
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
	if err == nil && l.allows(pool.Size, int(p.Permits)) != nil {
		c.zs.Watches.Forget(pool.Path) // the news of another size may be on their way
		if l, err = pool.limit(ctx, c.zs); err == nil {
			err = l.allows(pool.Size, int(p.Permits))
		}
	}
	return l, err
}

// sighting is what a candidate knows of the permits before it is first. They were listed when it was
// known who was ahead of the candidate: behind a listing of the queue, in the same packet, or later.
// Only the first in the queue takes permits. So in the meantime those alone can have taken some,
// each what it wants, and once they are gone no other takes any before this candidate does. Permits
// that were given back meanwhile count, as if they were still out.
type sighting struct {
	queue   *listing // that it came with; nil if it was known already who was ahead
	permits *listing
	ahead   int64 // how many permits those ahead want
}

// sight returns the request for a sighting, to be sent right behind that for the queue, if any,
// unless this session lists the permits already.
func (c *candidate) sight(queue *listing) []*wire.Request {
	permits, mine := c.zs.roster.begin(c.cfg.Pool.Permits())
	if !mine {
		return nil
	}
	c.exit.out = &sighting{queue: queue, permits: permits}
	return []*wire.Request{c.zs.roster.request(permits)}
}

// keepSight keeps the sighting if it came with the listing by which the candidate now knows who is
// ahead, and if that has shown all of them, and what they want.
func (c *candidate) keepSight(queue *listing) {
	if c.exit == nil || c.exit.out == nil {
		return
	}
	keep := c.exit.out.queue == queue && !c.line.More
	for _, other := range c.line.Nearest {
		wants := other.Wants()
		c.exit.out.ahead += wants
		keep = keep && wants > 0
	}
	if !keep {
		c.dropSight()
	}
}

func (c *candidate) dropSight() {
	if c.exit != nil {
		c.exit.out = nil
	}
}

// sightNext makes a sighting if there is none, and the candidate is the next after the first.
func (c *candidate) sightNext() {
	if c.exit != nil && c.exit.out == nil && len(c.line.Nearest) == 1 && !c.line.More &&
		c.line.Nearest[0].Wants() > 0 {
		if requests := c.sight(nil); requests != nil {
			c.zs.Send(requests...)
			c.keepSight(nil)
		}
	}
}

// foresee returns room by the sighting. ok is false if that does not show enough.
func (p *Passage) foresee(ctx context.Context, c *candidate) (l limit, ok bool) {
	seen := c.exit.out
	c.dropSight()
	if seen == nil || seen.permits.wait(ctx) != nil {
		return l, false
	}
	l, err := p.limit(ctx, c)
	if err != nil {
		return l, false
	}
	used, err := c.cfg.used(seen.permits.children)
	return l, err == nil && used+seen.ahead+int64(p.Permits) <= int64(l.size)
}

// takePermits waits until as many permits are free as are wanted, and takes them. The candidate,
// which is first, then leaves the queue and becomes the permits' znode. waited is true if they were
// not free.
func (p *Passage) takePermits(ctx context.Context, c *candidate) (waited bool, err error) {
	pool := c.cfg.Pool
	c.isFirst = true
	out := c.zs.Watches.WatchChildren(pool.Permits(), c.wake)
	defer out.Stop()
	// The transaction by which the one ahead has left has also changed the permits. A server tells of
	// one after the other.
	out.Distrust()
	size := c.zs.Watches.WatchPlace(pool.Path, c.wake)
	defer size.Stop()
	var seen outlook
	for {
		l, ok := p.foresee(ctx, c)
		if !ok {
			if seen, err = p.room(ctx, c, out, seen); err != nil {
				return waited, err
			}
			if l = seen.limit; seen.used+int64(p.Permits) > int64(l.size) {
				if waited, err = true, p.awaitRoom(ctx, c, seen); err != nil {
					return waited, err
				}
				continue
			}
		}
		passed, err := c.pass(ctx, l)
		if err != nil || passed {
			return waited, err
		}
		seen = outlook{}
	}
}

// outlook is what the first in the queue has learnt of the permits.
type outlook struct {
	limit
	used int64 // how many were out at most

	// How many the least of the holds was, and what the watch had told when it was set with the
	// listing; 0 if there was none, or it was told of a change at once.
	least int64
	told  uint64
}

// room returns how many permits there are and how many are out.
//
// Only the first in the queue takes permits. So if it is told that the permits have changed since it
// has listed them, some were given back: the least of the holds that were out, or more. If that is
// enough, it need not list them again. Curator's clients can take permits without being first, after
// they have lost their session; so where they take part, a listing has to tell.
func (p *Passage) room(ctx context.Context, c *candidate, out *ensemble.Watcher,
	seen outlook) (outlook, error) {
	if seen.least > 0 && out.ChangedSince(seen.told) {
		used := seen.used - seen.least
		if l, err := p.limit(ctx, c); err == nil && used+int64(p.Permits) <= int64(l.size) {
			return outlook{limit: l, used: used}, nil
		}
	}
	c.zs.Watches.Prepare(out)
	l, err := p.limit(ctx, c)
	if errors.Is(err, zk.ErrNoNode) {
		return outlook{}, ErrVanished // with everything below it
	}
	if err != nil {
		return outlook{}, err
	}
	for {
		permits, err := out.Read(ctx)
		if errors.Is(err, zk.ErrNoNode) {
			if err = c.makePermits(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			return outlook{}, err
		}
		seen := outlook{limit: l}
		seen.used, err = c.cfg.used(permits.Children())
		if told, armed := out.ArmedSince(); armed && c.cfg.Dialect == queue.Native {
			seen.told, seen.least = told, queue.LeastPermit(permits.Children())
		}
		return seen, err
	}
}

// awaitRoom waits until there may be more permits. It heeds what becomes of the candidate
// meanwhile.
func (p *Passage) awaitRoom(ctx context.Context, c *candidate, seen outlook) error {
	p.Sight.free.Store(false)
	if p.Try {
		return errInUse(seen.used, seen.limit)
	}
	room := fmt.Sprintf("%d of %d permits are in use, and it wants %d",
		seen.used, seen.size, p.Permits)
	c.standing.Store(&standing{room: &room})
	if c.waits == 0 {
		c.beginWait()
	}
	if c.self == nil && !c.waitsLong() { // as in wait
		c.zs.longWaiters.add(c)
		defer c.zs.longWaiters.drop(c)
	} else if err := c.look(ctx); err != nil {
		return err
	}
	select {
	case <-c.wake:
		return nil
	case <-ctx.Done():
		return p.ended()
	}
}
