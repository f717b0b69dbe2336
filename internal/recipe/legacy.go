package recipe

import (
	"github.com/zookylock/zklock/internal/ensemble"
)

// legacy is what a candidate of ours that has nobody ahead leaves word of to those behind it when it is removed.
type legacy struct {
	next  string             // the name of the one directly behind, if it was read then
	state ensemble.NodeState // of that
}

// note is what stands with a candidate's znode in the table of watches.
type note struct {
	*legacy      // what it leaves word of; nil for nothing
	leaving bool // it is being removed: the word may yet prove false, and candidate.left wakes who waits
}

// legacyOf returns what a candidate of ours has left word of; nil if it was none, or had others ahead.
func legacyOf(w *ensemble.Watcher) (l *legacy, leaving bool) {
	n, _ := w.Note().(note)
	return n.legacy, n.leaving
}

// left tells whoever waits for the candidate how its removal went. Unless we have removed it, so that it was there until now,
// what it has left word of may not be true of the queue that others stand in.
func (c *candidate) left(gone bool) {
	if !c.deleted {
		c.word = nil
	}
	c.zs.Watches.Deleted(c.path, gone, note{c.word, false})
}

// cleared returns up to which number all candidates of a lock are known to be gone, -1 if that is not known.
func cleared(zs *Local, dir string) int32 {
	if number, ok := zs.Watches.Memo(dir).(int32); ok {
		return number
	}
	return -1
}
