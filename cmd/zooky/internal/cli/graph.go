package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/zookylock/zklock"
)

// wait is one contender that waits for another, which is ahead of it in a lock's queue.
type wait struct {
	lock          string
	waiter, ahead zklock.Contender
}

// id tells a wait from all others: the contenders' transactions are theirs alone.
func (w wait) id() string { return fmt.Sprint(w.lock, "\x00", w.waiter.Zxid, "\x00", w.ahead.Zxid) }

// waitsOf returns who waits for whom in a queue. Of those that a contender waits for it has the
// first and the nearest: those between are waited for by the nearest.
func waitsOf(lock string, queue []zklock.Contender) (waits []wait) {
	exclusive := -1 // the nearest exclusive contender ahead
	for i, c := range queue {
		shared := c.Kind == zklock.KindRead
		var ahead []zklock.Contender
		switch {
		case c.Holder:
		case shared && exclusive >= 0:
			ahead = queue[exclusive : exclusive+1]
		case !shared:
			ahead = queue[max(exclusive, 0):i]
			if exclusive > 0 {
				ahead = append([]zklock.Contender{queue[0]}, ahead...)
			}
		}
		for _, other := range ahead {
			waits = append(waits, wait{lock, c, other})
		}
		if !shared {
			exclusive = i
		}
	}
	return waits
}

// process is the beginning of an identity that names a process: that of the library and that of
// run. Process 1 does not tell: each container has one.
var process = regexp.MustCompile(`^[^\s/]+/([2-9]|[1-9][0-9]+)( |$)`)

// actors tells who is behind each session: the process that it names, and which may have several
// sessions, or itself.
func actors(waits []wait) map[int64]string {
	actors := make(map[int64]string)
	for _, w := range waits {
		for _, c := range []zklock.Contender{w.waiter, w.ahead} {
			if named := process.Find(c.Data); named != nil && !c.Revoked {
				actors[c.SessionID] = string(named)
			} else if actors[c.SessionID] == "" {
				actors[c.SessionID] = sessionOf(c)
			}
		}
	}
	return actors
}

// graph has the waits of each actor, by the actor that is waited for.
type graph map[string]map[string]wait

func newGraph(waits []wait) graph {
	actors := actors(waits)
	g := make(graph)
	for _, w := range waits {
		from, to := actors[w.waiter.SessionID], actors[w.ahead.SessionID]
		if from == to { // goroutines of one process may well wait for one another
			continue
		}
		if g[from] == nil {
			g[from] = make(map[string]wait)
		}
		if old, ok := g[from][to]; !ok || w.ahead.Holder && !old.ahead.Holder {
			g[from][to] = w
		}
	}
	return g
}

// cycles returns cycles of waits, each actor in one at most. Those that are left out have an actor
// in common with one of them.
func (g graph) cycles() (cycles [][]wait) {
	g.trim()
	told := make(map[string]bool)
	for _, actor := range slices.Sorted(maps.Keys(g)) {
		if told[actor] {
			continue
		}
		path := g.shortest(actor)
		if path == nil || slices.ContainsFunc(path, func(a string) bool { return told[a] }) {
			continue
		}
		var cycle []wait
		for i, from := range path {
			told[from] = true
			cycle = append(cycle, g[from][path[(i+1)%len(path)]])
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// trim removes those that wait only for such as do not wait: most, as a rule.
func (g graph) trim() {
	waiters := make(map[string][]string) // of each actor
	var idle []string
	for from, to := range g {
		for other := range to {
			waiters[other] = append(waiters[other], from)
			if g[other] == nil {
				idle = append(idle, other)
			}
		}
	}
	for len(idle) > 0 {
		last := idle[len(idle)-1]
		idle = idle[:len(idle)-1]
		for _, from := range waiters[last] {
			delete(g[from], last)
			if to, ok := g[from]; ok && len(to) == 0 {
				delete(g, from)
				idle = append(idle, from)
			}
		}
		delete(waiters, last)
	}
}

// shortest returns the actors of a shortest cycle through one of them, nil if there is none.
func (g graph) shortest(start string) []string {
	before := make(map[string]string)
	for next := []string{start}; len(next) > 0; next = next[1:] {
		at := next[0]
		for _, other := range slices.Sorted(maps.Keys(g[at])) {
			if other == start {
				path := []string{at}
				for at != start {
					at = before[at]
					path = append(path, at)
				}
				slices.Reverse(path)
				return path
			}
			if _, seen := before[other]; !seen {
				before[other] = at
				next = append(next, other)
			}
		}
	}
	return nil
}
