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
	// that it is over too if one of the waiter's other waits for the lock is: any holder of permits
	// of a semaphore can release enough
	any bool
}

// id tells a wait from all others: the contenders' transactions are theirs alone.
func (w wait) id() string { return fmt.Sprint(w.lock, "\x00", w.waiter.Zxid, "\x00", w.ahead.Zxid) }

// waitsOf returns who waits for whom in a queue. Of the contenders that one waits for it has the
// first and the nearest: those between are waited for by the nearest.
func waitsOf(lock string, queue []zklock.Contender) (waits []wait) {
	if len(queue) > 0 && queue[0].Kind == zklock.KindSemaphore {
		return waitsForPermits(lock, queue)
	}
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
			waits = append(waits, wait{lock: lock, waiter: c, ahead: other})
		}
		if !shared {
			exclusive = i
		}
	}
	return waits
}

// waitsForPermits is waitsOf for a semaphore: the first that waits does so for the holders of
// permits, and each of the others for the one ahead of it.
func waitsForPermits(lock string, queue []zklock.Contender) (waits []wait) {
	first := slices.IndexFunc(queue, func(c zklock.Contender) bool { return !c.Holder })
	if first < 0 {
		return nil
	}
	for _, holder := range queue[:first] {
		waits = append(waits, wait{lock: lock, waiter: queue[first], ahead: holder, any: true})
	}
	for i := first + 1; i < len(queue); i++ {
		waits = append(waits, wait{lock: lock, waiter: queue[i], ahead: queue[i-1]})
	}
	return waits
}

// process is the beginning of an identity that names a process: the identity of the library and the
// one of run. Process 1 does not tell: each container has one.
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
type graph map[string]waitsFor

// waitsFor are the waits of one actor, by the actor that is waited for.
type waitsFor map[string][]wait

func newGraph(waits []wait) graph {
	actors := actors(waits)
	ends := func(w wait) (from, to string) {
		return actors[w.waiter.SessionID], actors[w.ahead.SessionID]
	}
	// Goroutines of one process may well wait for one another. These wait for permits of which
	// another goroutine has some.
	over := make(map[int64]bool)
	for _, w := range waits {
		if from, to := ends(w); from == to && w.any {
			over[w.waiter.Zxid] = true
		}
	}
	g := make(graph)
	for _, w := range waits {
		from, to := ends(w)
		if from == to || w.any && over[w.waiter.Zxid] {
			continue
		}
		if g[from] == nil {
			g[from] = make(waitsFor)
		}
		g[from][to] = append(g[from][to], w)
	}
	return g
}

// tell returns the wait that is told of those of one actor for another: one for a holder, if there
// is one.
func tell(waits []wait) wait {
	if i := slices.IndexFunc(waits, func(w wait) bool { return w.ahead.Holder }); i >= 0 {
		return waits[i]
	}
	return waits[0]
}

// cycles returns cycles of waits, each actor in one at most. The cycles that are left out have an
// actor in common with one of them.
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
			cycle = append(cycle, tell(g[from][path[(i+1)%len(path)]]))
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// trim removes those that wait only for such as do not wait, or for one of several of which one does
// not: most, as a rule.
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
			if to, ok := g[from]; ok && to.isOver(last) {
				delete(g, from)
				idle = append(idle, from)
			}
		}
		delete(waiters, last)
	}
}

// isOver removes the waits for one that does not wait, and those that are over with them. It is true
// if none is left.
func (to waitsFor) isOver(idle string) bool {
	over := to[idle]
	delete(to, idle)
	for _, w := range over {
		for other, waits := range to {
			if !w.any {
				break
			}
			waits = slices.DeleteFunc(waits, func(o wait) bool {
				return o.any && o.waiter.Zxid == w.waiter.Zxid
			})
			if to[other] = waits; len(waits) == 0 {
				delete(to, other)
			}
		}
	}
	return len(to) == 0
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
