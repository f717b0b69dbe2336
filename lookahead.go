package zklock

// This is how a candidate finds out who is ahead of it.

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/queue"
)

// keptAhead is how many of those ahead a candidate remembers: there can be thousands, for each of thousands.
const keptAhead = 2

// ahead is who blocks a candidate, as far as it remembers.
type ahead struct {
	nearest []queue.Candidate // the nearest first
	more    bool              // there were others, ahead of these
}

// watched returns those ahead that the candidate watches: the nearest, and in a queue that is not long the one before. When that
// is gone, the candidate finds out whether anybody else is left, while the nearest holds the lock: when its turn comes it need
// not ask, and a hand-off takes one trip to the server instead of two. Readers do without, for all those behind a writer would have
// to be told twice.
func (c *candidate) watched() []queue.Candidate {
	if c.long || !c.kind.Exclusive() || c.isBehindSibling() {
		return c.line.nearest[:1]
	}
	return c.line.nearest[:min(len(c.line.nearest), keptAhead)]
}

// watchAhead has the candidate woken by what becomes of those.
func (c *candidate) watchAhead() {
	watched := c.watched()
	watchers := make([]*watcher, len(watched))
	for i := range watched {
		watchers[i] = c.zs.watches.watch(c.dir+"/"+watched[i].Name, c.wake)
	}
	c.unwatchAhead() // after: what is known of those that it has watched before is kept
	c.watchers = watchers
	c.noteBlocked()
}

func (c *candidate) unwatchAhead() {
	for _, w := range c.watchers {
		w.stop()
	}
	c.watchers = nil
}

// opaqueLook is how often a candidate looks again at one ahead that it may not read: servers send no event of such a znode.
const opaqueLook = 500 * time.Millisecond

func (c *candidate) watchesOpaque() bool { return slices.ContainsFunc(c.watchers, (*watcher).isOpaque) }

// distrustOpaque has those be asked for again that may not be read.
func (c *candidate) distrustOpaque() {
	for _, w := range c.watchers {
		if w.isOpaque() {
			w.distrust()
		}
	}
}

// isBehindSibling reports whether the nearest of those ahead is a sibling, which tells by watchTable.left that it is gone.
func (c *candidate) isBehindSibling() bool { return c.zs.siblings.have(c.dir, c.line.nearest[0]) }

// moveUp takes note that one of those ahead is gone.
func (c *candidate) moveUp(ctx context.Context, at int, left departure, everybody bool) error {
	known, err := c.without(ctx, at, left)
	if known || err != nil {
		return err
	}
	return c.lookAhead(ctx, everybody)
}

// isBlocked reports whether somebody is ahead, as far as the candidate knows.
func (c *candidate) isBlocked() bool { return len(c.line.nearest) > 0 }

// lookAhead lists the queue and sets who blocks this candidate, everybody or the nearest.
//
// That it is nobody is proof of the grant. ZooKeeper gives numbers in the order of creation, and a server that has
// confirmed our creation shows every earlier one, so nobody can appear ahead of us later. For the same reason what is
// known to be gone stays gone. Curator's downgraded writers are the exception, see queue.Candidate.LeavesReader: theirs is a
// number that they hold already.
//
// No listing is needed where this session had the lock just before: then all candidates up to a number are known to be
// gone, and if ours is the next, nobody came in between. Numbers begin anew in another znode of that name, but the watch
// on the znode still stands. Nor is one needed directly behind a sibling: it has looked who else is there, or stands itself behind
// one that has.
//
// It fails with an error that matches ErrMixedDialects if somebody in the queue orders it differently.
func (c *candidate) lookAhead(ctx context.Context, everybody bool) error {
	if first := c.first; first != nil {
		c.first = nil
		if first.wait(ctx) == nil {
			n, err := c.pick(ctx, first, everybody)
			if !errors.Is(err, errVanished) { // otherwise it was shared, and made too early
				c.alone = n == 1
				return err
			}
		}
	} else if cleared := c.zs.watches.cleared(c.dir); cleared >= 0 {
		if c.place.Seq == cleared+1 {
			c.alone, c.line = true, ahead{}
			return nil
		}
		c.zs.watches.unclear(c.dir)
	}
	if c.line.nearest == nil && !everybody && c.followSibling() {
		return nil
	}
	l, err := c.zs.roster.list(ctx, c.dir)
	if err == nil {
		_, err = c.pick(ctx, l, everybody)
	}
	return err
}

// followSibling sets that a sibling is directly ahead, if there is one that has not begun to leave. That it was there when this
// candidate was created, and so in the same znode, is known once it has been removed by us; see watchTable.left.
func (c *candidate) followSibling() bool {
	other, ok := c.zs.siblings.directlyAhead(c)
	if !ok || c.zs.watches.isGone(c.dir+"/"+other.Name) {
		return false
	}
	c.line = ahead{nearest: []queue.Candidate{other}, more: true}
	c.long = c.zs.siblings.count(c.dir) > longQueue
	return true
}

// pick sets who blocks the candidate, and returns how many stand in the queue.
func (c *candidate) pick(ctx context.Context, l *listing, everybody bool) (n int, err error) {
	if !everybody && !c.sifts && len(c.phantoms) == 0 && len(l.children) <= longQueue {
		if view, ok := c.voice.Look(l.children, c.place, keptAhead); ok && view.Found && !view.Unknown {
			c.long, c.line, c.seen = false, ahead{view.Nearest, view.More}.cloned(), len(view.Nearest) == 0
			return view.Len, nil
		}
	}
	q := l.queue()
	if !queue.Has(q, c.place) {
		return 0, errVanished
	}
	if err := c.refuseStrangers(ctx, l); err != nil {
		return 0, err
	}
	c.long = len(q) > longQueue
	all := everybody || c.sifts
	var line ahead
	for other := range queue.Blockers(q, c.place) {
		if c.phantoms[other.Name] {
			continue // known to be no candidate: those are ephemeral, and belong to a session
		}
		if line.more = len(line.nearest) == keptAhead && !all; line.more {
			break
		}
		line.nearest = append(line.nearest, other)
	}
	if all {
		if line.nearest, err = c.sift(ctx, line.nearest); err != nil {
			return 0, err
		}
	}
	if len(line.nearest) > keptAhead && !everybody {
		line = ahead{slices.Clone(line.nearest[:keptAhead]), true}
	}
	c.line, c.seen = line.cloned(), len(line.nearest) == 0
	return len(q), nil
}

// cloned keeps no more than the names, which share their memory with the listing.
func (a ahead) cloned() ahead {
	for i := range a.nearest {
		a.nearest[i].Name = strings.Clone(a.nearest[i].Name)
	}
	return a
}
