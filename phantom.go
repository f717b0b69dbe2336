package zklock

// This is how a candidate is told from a child that only has a candidate's name.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// isCandidate is the one rule: a child with a number in its name is a candidate if it belongs to a session. Kazoo has
// candidates that do not; they count for a handle that shares the lock with kazoo.
func isCandidate(voice queue.Voice, c queue.Candidate, owner int64) bool {
	return owner != 0 || voice.Persistent(c)
}

// readsAtOnce bounds how many znodes one packet asks about.
const readsAtOnce = 256

// A statReader calls f for each of some children of a znode in turn, with its Stat, or with nil for one that is gone, until f
// fails.
type statReader func(ctx context.Context, dir string, children []queue.Candidate, f func(queue.Candidate, *zk.Stat) error) error

// stats reads the Stat of children of a znode, and not their data, which can be large. It is a statReader.
func (zs *zkSession) stats(
	ctx context.Context, dir string, children []queue.Candidate, f func(queue.Candidate, *zk.Stat) error,
) error {
	request := func(i int) *wire.Request { return wire.Exists(joinPaths(dir, "/"+children[i].Name), false) }
	return askEach(ctx, zs, len(children), readsAtOnce, request, wire.Reply.Stat, func(i int, answer response[zk.Stat]) error {
		if errors.Is(answer.err, zk.ErrNoNode) {
			return f(children[i], nil)
		}
		if answer.err != nil {
			return answer.err
		}
		return f(children[i], &answer.value)
	})
}

// entry is a candidate with what the servers tell of its znode.
type entry struct {
	queue.Candidate
	stat   zk.Stat
	holder bool
}

// entries returns those of a znode's children that are candidates, in queue order.
func (zs *zkSession) entries(
	ctx context.Context, dir string, children []string, voice queue.Voice, read statReader,
) (q []entry, err error) {
	err = read(ctx, dir, queue.OrderAny(children), func(c queue.Candidate, stat *zk.Stat) error {
		if stat != nil && isCandidate(voice, c, stat.EphemeralOwner) {
			q = append(q, entry{Candidate: c, stat: *stat})
		}
		return nil
	})
	markHolders(q)
	return q, err
}

// queueAt lists a lock's queue, which is empty if the lock has no znode.
func (zs *zkSession) queueAt(ctx context.Context, dir string, voice queue.Voice) ([]entry, error) {
	l, err := zs.roster.list(ctx, dir)
	if err != nil {
		return nil, err
	}
	return zs.entries(ctx, dir, l.children, voice, zs.stats)
}

// markHolders sets who holds the lock. A server gives numbers in the order of creation. Where a number is less than those
// of earlier candidates, the znode was made with it by hand: it keeps later candidates waiting, and is no holder.
//
// A reader of Curator's may have the number of an earlier writer, see queue.Candidate.LeavesReader.
func markHolders(q []entry) {
	numbered := make([]*entry, 0, len(q))
	earliest := int64(math.MaxInt64) // creation of those behind
	for i := range slices.Backward(q) {
		c := &q[i]
		if c.stat.Czxid < earliest || c.Dialect == queue.CuratorRW && c.Kind == queue.Read {
			numbered = append(numbered, c)
		}
		earliest = min(earliest, c.stat.Czxid)
	}
	slices.Reverse(numbered)
	places := make([]queue.Candidate, len(numbered))
	for i, c := range numbered {
		places[i] = c.Candidate
	}
	for i := range queue.Holders(places) {
		numbered[i].holder = true
	}
}

// refuseStrangers looks for a candidate, before or behind this one, whose client orders the queue differently or is not
// known.
func (c *candidate) refuseStrangers(ctx context.Context, l *listing) error {
	var suspects []queue.Candidate
	suspect := func(other queue.Candidate) {
		if !c.phantoms[other.Name] {
			suspects = append(suspects, other)
		}
	}
	for other := range c.voice.Strangers(l.queue()) {
		suspect(other)
	}
	for _, other := range l.unknown {
		suspect(other)
	}
	return c.zs.stats(ctx, c.dir, suspects, func(other queue.Candidate, stat *zk.Stat) error {
		if stat == nil || stat.EphemeralOwner == 0 {
			c.addPhantom(other) // gone, or just a name
			return nil
		}
		lock := "mutex"
		if c.voice.ReadWrite {
			lock = "read/write lock"
		}
		return fmt.Errorf("%w: %s is a candidate of %s, which reads the queue in another way than our %s under the %v naming. %s",
			ErrMixedDialects, other.Name, other.Dialect, lock, c.cfg.naming, advice(other))
	})
}

// sift returns those of the candidates ahead that are there and are candidates, in one pass.
func (c *candidate) sift(ctx context.Context, line []queue.Candidate) (real []queue.Candidate, err error) {
	phantoms := 0
	err = c.zs.stats(ctx, c.dir, line, func(other queue.Candidate, stat *zk.Stat) error {
		switch {
		case stat == nil && !other.LeavesReader():
		case stat == nil || isCandidate(c.voice, other, stat.EphemeralOwner):
			real = append(real, other)
		default:
			c.addPhantom(other)
			phantoms++
		}
		return nil
	})
	if phantoms > 0 {
		c.zs.s.cfg.logger.Warn("children that are no candidates, ignored", "path", c.dir, "number", phantoms)
	}
	return real, err
}

// ignore takes note that a child ahead is no candidate, and that there may be others like it.
func (c *candidate) ignore(other queue.Candidate) {
	c.zs.s.cfg.logger.Warn("not a candidate, ignored", "path", c.dir+"/"+other.Name)
	c.sifts = true
	c.addPhantom(other)
}

func (c *candidate) addPhantom(other queue.Candidate) {
	if c.phantoms == nil {
		c.phantoms = make(map[string]bool)
	}
	c.phantoms[strings.Clone(other.Name)] = true
}
