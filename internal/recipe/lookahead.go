package recipe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// This is how a candidate finds out who is ahead of it.

// watched returns the predecessors that the candidate watches: the nearest, and the one before it.
// When the farther one is gone, the candidate finds out whether others are left, while the nearest
// holds the lock. So when its turn comes it need not ask, and a hand-off takes one trip to the
// server instead of two. Readers watch only the nearest, because otherwise all readers behind a
// writer would be woken twice.
func (c *candidate) watched() []queue.Candidate {
	if !c.kind.Exclusive() || c.isBehindSibling() {
		return c.line.Nearest[:1]
	}
	return c.line.Nearest[:min(len(c.line.Nearest), keptAhead)]
}

// watchAhead wakes the candidate when something becomes of its predecessors.
func (c *candidate) watchAhead() {
	var watchers [keptAhead]*ensemble.Watcher
	for i, other := range c.watched() {
		watchers[i] = c.zs.Watches.Watch(c.zs.siblings.path(c.dir, other), c.wake)
	}
	c.unwatchAhead() // last, so that what is known of the znodes watched before is kept
	c.watchers = watchers
	c.noteBlocked()
}

func (c *candidate) unwatchAhead() {
	for _, w := range c.watching() {
		w.Stop()
	}
	c.watchers = [keptAhead]*ensemble.Watcher{}
}

// watching returns the watchers of the first candidates in line.
func (c *candidate) watching() []*ensemble.Watcher {
	n := len(c.watchers)
	for n > 0 && c.watchers[n-1] == nil {
		n--
	}
	return c.watchers[:n]
}

// opaqueLook is how often a candidate looks again at one ahead that it may not read: servers send
// no event of such a znode.
const opaqueLook = 500 * time.Millisecond

func (c *candidate) watchesOpaque() bool {
	return slices.ContainsFunc(c.watching(), (*ensemble.Watcher).IsOpaque)
}

// distrustOpaque makes the candidate ask again for predecessors that may not be read.
func (c *candidate) distrustOpaque() {
	for _, w := range c.watching() {
		if w.IsOpaque() {
			w.Distrust()
		}
	}
}

// isBehindSibling reports whether the nearest predecessor is a sibling, which tells by announceGone
// that it is gone.
func (c *candidate) isBehindSibling() bool { return c.zs.siblings.have(c.dir, c.line.Nearest[0]) }

// isBlocked reports whether the candidate has predecessors, as far as it knows.
func (c *candidate) isBlocked() bool { return c.line.Answer() == queue.Blocked }

// lookAhead finds out which candidates are ahead: all, or the nearest. If there are none, that is
// proof of the grant; see queue.Line.
//
// No listing is needed if this session had the lock just before: then all candidates up to a number
// are known to be gone, and if ours is the next number, no other came in between. In another znode
// of that name numbers begin anew, but the watch on the znode still stands. Nor is a listing needed
// directly behind a sibling: it has looked ahead itself, or stands behind one that has.
//
// It fails with an error that matches ErrMixedDialects if a client in the queue orders it
// differently.
func (c *candidate) lookAhead(ctx context.Context, wantAll bool) error {
	first := c.first
	c.first = nil // is looked at once
	switch {
	case first == nil:
		c.followNumber()
	case first.wait(ctx) == nil:
		n, err := c.pick(ctx, first, wantAll)
		if !errors.Is(err, ErrVanished) { // otherwise it was shared, and made too early
			c.wasOnly = n == 1
			c.keepSight(first)
			return err
		}
	}
	c.dropSight()
	if c.line.Answer() == queue.Unclear && !wantAll {
		c.followSibling()
	}
	return c.clarify(ctx, wantAll)
}

// clarify lists the queue if it is not known whether the candidate is first.
func (c *candidate) clarify(ctx context.Context, wantAll bool) error {
	if c.line.Answer() != queue.Unclear {
		return nil
	}
	var behind func(*listing) []*wire.Request
	if c.cfg.Pool != nil {
		behind = c.sight
	}
	l, err := c.zs.roster.listThen(ctx, c.dir, behind)
	if err == nil {
		_, err = c.pick(ctx, l, wantAll)
		c.keepSight(l)
	}
	return err
}

// followNumber notes that the candidate is first if its number follows the number of the last
// candidate, which this session removed.
func (c *candidate) followNumber() {
	number := c.zs.emptyThrough(c.dir)
	c.line = queue.Following(number, c.place)
	if c.wasOnly = c.line.Answer() == queue.First; !c.wasOnly && number >= 0 {
		c.zs.Watches.Forget(c.dir)
	}
}

// followSibling sets that a sibling is directly ahead, if there is one that has not begun to leave.
// That it was there when this candidate was created, and so in the same znode, is known once it has
// been removed by us; see announceGone.
func (c *candidate) followSibling() {
	other, ok := c.zs.siblings.directlyAhead(&c.spot)
	if ok && !c.zs.Watches.IsGone(c.dir+"/"+other.Name) {
		c.line = queue.Behind(other)
	}
}

// pick sets who blocks the candidate, and returns how many stand in the queue.
func (c *candidate) pick(ctx context.Context, l *listing, wantAll bool) (n int, err error) {
	if !wantAll && !c.sifts && len(c.strays) == 0 && len(l.children) <= longQueue {
		if view, ok := c.voice.Look(l.children, c.place, keptAhead); ok && view.Found &&
			!view.Unknown {
			c.line, c.seen = queue.Listed(cloned(view.Nearest), view.More), len(view.Nearest) == 0
			return view.Len, nil
		}
	}
	q := l.queue()
	if !queue.Has(q, c.place) {
		return 0, ErrVanished
	}
	if err := c.refuseStrangers(ctx, l); err != nil {
		return 0, err
	}
	all := wantAll || c.sifts
	var nearest []queue.Candidate
	more := false
	for other := range queue.Blockers(q, c.place) {
		if c.strays[other.Name] {
			continue // known to be no candidate: those are ephemeral, and belong to a session
		}
		if more = len(nearest) == keptAhead && !all; more {
			break
		}
		nearest = append(nearest, other)
	}
	if all {
		if nearest, err = c.sift(ctx, nearest); err != nil {
			return 0, err
		}
	}
	if len(nearest) > keptAhead && !wantAll {
		nearest, more = slices.Clone(nearest[:keptAhead]), true
	}
	c.line, c.seen = queue.Listed(cloned(nearest), more), len(nearest) == 0
	return len(q), nil
}

// cloned keeps no more than the names, which share their memory with the listing.
func cloned(line []queue.Candidate) []queue.Candidate {
	for i := range line {
		line[i].Name = strings.Clone(line[i].Name)
	}
	return line
}

// departure is how a predecessor stopped being one.
type departure uint8

const (
	wasGone    departure = iota + 1 // who is ahead of it may still be there
	wasFirst                        // and none was ahead of it
	wasForced                       // it is still there, but it is time for force
	leftReader                      // and a reader may have its number
)

// noteBlocked notes who is ahead of the candidate, as it begins to wait for them.
func (c *candidate) noteBlocked() {
	st := &standing{ahead: int32(len(c.line.Nearest)), more: c.line.More,
		nearest: c.zs.siblings.at(c.dir, c.line.Nearest[0])}
	if n := len(c.watching()); n == int(st.ahead) && !st.more {
		st.first = c.watchers[n-1]
	}
	c.standing.Store(st)
}
