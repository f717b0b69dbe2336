package recipe

import "github.com/zookylock/zklock/internal/ensemble"

// handoff is what a candidate of this session that is first leaves to the candidates behind it when
// it is removed. Its existence says that the candidate was first.
type handoff struct {
	next  string             // the name of the one directly behind, if it was read then
	state ensemble.NodeState // of that
}

// departing is a hand-off of a candidate that is being removed: it may yet prove false, and
// announceGone wakes the waiters.
type departing handoff

// handoffFrom returns what a candidate of this session has left, and whether that is being removed;
// nil if it was none, or had others ahead.
func handoffFrom(w *ensemble.Watcher) (h *handoff, leaving bool) {
	switch n := w.Note().(type) {
	case *departing:
		return (*handoff)(n), true
	case *handoff:
		return n, false
	default:
		return nil, false
	}
}
