package recipe

import (
	"fmt"

	"github.com/zookylock/zklock/internal/ensemble"
)

// This file describes what an acquisition waits for, for error texts and log lines.

// standing is how a candidate stands in the queue. It does not change: another takes its place.
type standing struct {
	ahead   int               // who block it, as far as it remembers
	more    bool              // there were others, ahead of these
	nearest *candidate        // the nearest of those, if it is a sibling
	first   *ensemble.Watcher // the first of those; nil if it is not known
	room    string            // how many permits are free, if none is ahead; empty otherwise
}

// The standings of candidates that no other blocks.
var (
	isFirst       = new(standing)
	isBehindOwner = new(standing) // the handle has a hold that is not released
)

// noteBlocked notes who is ahead of the candidate, as it begins to wait for them.
func (c *candidate) noteBlocked() {
	st := &standing{ahead: len(c.line.Nearest), more: c.line.More,
		nearest: c.zs.siblings.at(c.dir, c.line.Nearest[0])}
	if n := len(c.watchers); n == st.ahead && !st.more {
		st.first = c.watchers[n-1]
	}
	c.standing.Store(st)
}

// waitedFor returns what the passage waits for, unless it is a connection.
func (p *Passage) waitedFor() ensemble.Obstacle {
	c := p.trying.Load()
	if c == nil {
		return ensemble.NoAnswer
	}
	switch st := c.standing.Load(); st {
	case nil:
		return ensemble.NoAnswer
	case isFirst:
		return ensemble.Obstacle{Text: "it is first in the queue, and waits for the proof that its session lasts"}
	case isBehindOwner:
		return ensemble.Obstacle{Text: "it is first in the queue, and its handle has a hold that is not unlocked"}
	default:
		if st.room != "" {
			return ensemble.Obstacle{Text: "it is first in the queue; " + st.room}
		}
		return ensemble.Obstacle{Text: c.describe(st)}
	}
}

// describe says who is ahead.
func (c *candidate) describe(st *standing) string {
	siblings, who := 0, ""
	for st.more && st.nearest != nil { // which knows more
		siblings++
		next := st.nearest.standing.Load()
		if next == nil {
			break
		}
		if next == isFirst || next == isBehindOwner {
			return fmt.Sprintf("%d ahead of it, the holder is %s, in this session", siblings,
				ensemble.Readable(st.nearest.cfg.Identifier))
		}
		st = next
	}
	switch {
	case st.more:
		return fmt.Sprintf("%d or more ahead of it", siblings+st.ahead+1)
	case st.ahead == 1 && st.nearest != nil:
		who = ensemble.Readable(st.nearest.cfg.Identifier) + ", in this session"
	case st.first != nil:
		who = st.first.Who()
	}
	if who == "" {
		return fmt.Sprintf("%d ahead of it", siblings+st.ahead)
	}
	return fmt.Sprintf("%d ahead of it, the holder is %s", siblings+st.ahead, who)
}

// waitedFor returns what the cohort's waiting members wait for.
func (m *member) waitedFor() ensemble.Obstacle {
	m.co.mu.Lock()
	var p *Passage
	if t := m.co.term; t != nil {
		p = t.passage
	}
	m.co.mu.Unlock()
	if p == nil {
		return ensemble.NoAnswer
	}
	return p.waitedFor()
}
