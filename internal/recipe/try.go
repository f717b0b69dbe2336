package recipe

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// Sight is how a handle last saw its lock. A try of a lock that was free creates its candidate at once, which takes one trip; any
// other looks first, so that it writes nothing if the lock is taken. Tries that wrote would keep one another from a free lock.
type Sight struct {
	free  atomic.Bool
	taken atomic.Pointer[string] // the name of a candidate that is known to be one; nil if there was none
}

// peek fails with ErrLocked if the candidate, which does not exist yet, would have to wait.
func (p *Passage) peek(c *candidate) error {
	if p.Sight.free.Load() {
		return nil
	}
	l, err := c.zs.roster.list(p.ctx, p.Path)
	if err != nil {
		return err
	}
	q := l.queue()
	for range c.voice.Strangers(q) {
		return nil // the look ahead tells what is to be said of them
	}
	last := queue.Candidate{Kind: p.Kind, Seq: math.MaxInt32}
	for other := range queue.Blockers(q, last) {
		real, err := p.isReal(p.ctx, c, other)
		if err != nil {
			return err
		}
		if real {
			return ErrLocked
		}
	}
	return nil
}

// isReal reports whether a name in the queue is a candidate's. It asks for each only once, as long as that is there.
func (p *Passage) isReal(ctx context.Context, c *candidate, other queue.Candidate) (bool, error) {
	if known := p.Sight.taken.Load(); known != nil && *known == other.Name {
		return true, nil
	}
	var stat zk.Stat
	err := c.zs.Do(ctx, func() (err error) {
		stat, err = ensemble.Ask(ctx, c.zs.Session, wire.Exists(p.Path+"/"+other.Name, false), wire.Reply.Stat)
		return err
	})
	if errors.Is(err, zk.ErrNoNode) || err == nil && !isCandidate(c.voice, other, stat.EphemeralOwner) {
		return false, nil
	}
	if err == nil {
		p.Sight.taken.Store(&other.Name)
	}
	return err == nil, err
}
