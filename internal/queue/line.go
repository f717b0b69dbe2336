package queue

import "slices"

// Line is what is known of a candidate's predecessors, and answers whether there are any. The zero
// Line knows nothing. There are five kinds of evidence, from the cheapest to a listing:
//
//   - Following: the numbers of the candidate and of the last of an empty queue follow one another.
//   - Behind: a candidate stands directly ahead.
//   - Without: a predecessor is gone, and perhaps it was the first.
//   - Evicted: the predecessors were removed.
//   - Listed: the queue was listed.
//
// What is known stays true. ZooKeeper gives numbers in the order of creation, and a server that has
// confirmed a creation shows every earlier one. So no candidate appears ahead later, and those that
// are gone do not come back. Downgraded writers are the exception: the reader has the number that
// the writer had. See Candidate.LeavesReader for Curator's. Where one of zklock's may have been
// downgraded (Candidate.BecomesReader), the queue is listed again.
type Line struct {
	Nearest []Candidate // some predecessors, the nearest first
	More    bool        // there may be others, ahead of these
	known   bool        // otherwise nothing is
}

// Answer says whether a candidate is first.
type Answer uint8

// The answers.
const (
	Unclear Answer = iota // the queue has to be listed
	First                 // there are no predecessors
	Blocked               // there are predecessors, as far as is known
)

// Answer returns whether the candidate is first.
func (l Line) Answer() Answer {
	switch {
	case len(l.Nearest) > 0:
		return Blocked
	case !l.known || l.More:
		return Unclear
	default:
		return First
	}
}

// Following returns what is known if all candidates up to a number are gone, by which another may
// have come since; -1 is for no number.
func Following(emptyThrough int32, self Candidate) Line {
	return Line{known: emptyThrough >= 0 && self.Seq == emptyThrough+1}
}

// Behind returns what is known if a candidate stands directly ahead, and both are exclusive.
func Behind(other Candidate) Line {
	return Line{Nearest: []Candidate{other}, More: true, known: true}
}

// Listed returns what a listing shows: the predecessors, or the nearest of them and that there are
// more.
func Listed(nearest []Candidate, more bool) Line {
	return Line{Nearest: nearest, More: more, known: true}
}

// Without returns what is known once the predecessor Nearest[at] is gone. wasFirst says that it was
// the first.
func (l Line) Without(at int, wasFirst bool) Line {
	gone, nearer := l.Nearest[at], l.Nearest[:at]
	switch {
	case wasFirst:
		return Listed(slices.Clone(nearer), false)
	case l.More || gone.LeavesReader():
		return Line{}
	default:
		return Listed(slices.Concat(nearer, l.Nearest[at+1:]), false)
	}
}

// Evicted returns what is known once all predecessors were removed in one transaction.
func (l Line) Evicted() Line {
	if l.More || slices.ContainsFunc(l.Nearest, Candidate.LeavesReader) {
		return Line{}
	}
	return Listed(nil, false)
}
