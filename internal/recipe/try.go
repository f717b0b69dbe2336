package recipe

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/zookylock/zklock/internal/queue"
)

// Sight is how a handle last saw its lock. A try of a lock that was free creates its candidate at
// once, which takes one trip. Any other try looks first, so that it writes nothing if the lock is
// taken. Tries that wrote would keep one another from a free lock.
type Sight struct {
	free atomic.Bool
	// the name of a candidate that was asked about; nil if there was none
	known atomic.Pointer[string]
	met   atomic.Bool // a candidate was created: the lock's znode existed
}

// peek fails with ErrLocked if the candidate, which does not exist yet, would have to wait.
func (c *candidate) peek(ctx context.Context, s *Sight) error {
	if s.free.Load() {
		return nil
	}
	l, err := c.zs.roster.list(ctx, c.dir)
	if err != nil {
		return err
	}
	q := l.queue()
	for range c.voice.Strangers(q) {
		return nil // the look ahead tells what is to be said of them
	}
	last := queue.Candidate{Kind: c.kind, Seq: math.MaxInt32}
	ahead := slices.Collect(queue.Blockers(q, last))
	if onlyKeeper(ahead) {
		return nil // it goes if it is not in use, once the candidate is there
	}
	if known := s.known.Load(); known != nil && slices.ContainsFunc(ahead, hasName(*known)) {
		return ErrLocked
	}
	nearest := min(1, len(ahead))
	// a stray is seldom alone
	for _, some := range [][]queue.Candidate{ahead[:nearest], ahead[nearest:]} {
		real, err := c.sift(ctx, some)
		if err != nil {
			return err
		}
		if len(real) > 0 {
			name := strings.Clone(real[0].Name)
			s.known.Store(&name)
			return ErrLocked
		}
	}
	c.sifts = len(c.strays) > 0
	return nil
}

func hasName(name string) func(queue.Candidate) bool {
	return func(c queue.Candidate) bool { return c.Name == name }
}
