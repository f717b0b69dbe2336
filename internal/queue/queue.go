// Package queue has the rules of a lock's queue: which names are candidates, their order, and which
// candidate blocks which.
//
// It is pure: names in, answers out, no I/O. A lock is a znode; its queue are the children whose
// names are names of candidates, in the order of the sequence number that ZooKeeper appended to
// each.
package queue

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Kind is what a candidate asks for.
type Kind uint8

// The kinds of candidate. Lock and Write both exclude all others; they differ only in the name of
// the znode, which shows whether it is a mutex or the writer of a read/write lock.
const (
	Lock Kind = iota + 1
	Read
	Write
)

// Exclusive reports whether a candidate of kind k excludes all others.
func (k Kind) Exclusive() bool { return k != Read }

// blockedBy reports whether a candidate of kind k waits for one of kind ahead that stands before
// it.
func (k Kind) blockedBy(ahead Kind) bool { return k.Exclusive() || ahead.Exclusive() }

// Candidate is one name in the queue.
type Candidate struct {
	Name    string
	Kind    Kind
	Seq     int32
	Dialect Dialect
}

// LeavesReader reports whether the candidate can be replaced, while it holds the lock, by a reader
// with its number: Curator's writer is downgraded that way. When it is gone the queue has to be
// listed again.
func (c Candidate) LeavesReader() bool { return c.Dialect == CuratorRW && c.Kind == Write }

// BecomesReader reports whether the candidate can be replaced by a reader with its number in one
// transaction, as zklock's writers are (RWMutex.Downgrade). That changes the writer's data before
// it removes the znode, so that a client that watches it gets the event of a change. A client that
// gets the event of the removal knows that there is no such reader.
func (c Candidate) BecomesReader() bool {
	return c.Kind == Write || c.Dialect == Kazoo && c.Kind.Exclusive()
}

// Downgraded returns the reader that takes the place of a writer: it has the writer's id and
// number.
func (c Candidate) Downgraded() Candidate {
	head, digits := c.Name[:len(c.Name)-seqDigits], c.Name[len(c.Name)-seqDigits:]
	id := strings.TrimSuffix(head, c.Dialect.marker(c.Kind))
	return Candidate{Name: id + c.Dialect.marker(Read) + digits, Kind: Read, Seq: c.Seq,
		Dialect: c.Dialect}
}

// compare orders by sequence number. Equal numbers happen only when another client reused one of
// its own (Curator downgrades a writer to a reader of the same number), so the name is merely there
// to make the order total.
func compare(a, b Candidate) int {
	if a.Seq != b.Seq {
		return cmp.Compare(a.Seq, b.Seq)
	}
	return cmp.Compare(a.Name, b.Name)
}

// Order returns the children that have the name of a known client's candidate, in queue order.
func Order(children []string) []Candidate { return order(children, Parse) }

// OrderAny is Order for the candidates of all clients, the unknown ones too: all children with a
// number.
func OrderAny(children []string) []Candidate { return order(children, ParseAny) }

// Unknowns returns the children that an unknown client may have made as candidates, in no order.
func Unknowns(children []string) (unknown []Candidate) {
	for _, name := range children {
		if c, ok := ParseAny(name); ok && c.Dialect == Unknown {
			unknown = append(unknown, c)
		}
	}
	return unknown
}

func order(children []string, parse func(string) (Candidate, bool)) []Candidate {
	q := make([]Candidate, 0, len(children))
	for _, name := range children {
		if c, ok := parse(name); ok {
			q = append(q, c)
		}
	}
	slices.SortFunc(q, compare)
	return q
}

// Has reports whether self stands in the queue.
func Has(q []Candidate, self Candidate) bool {
	_, found := slices.BinarySearchFunc(q, self, compare)
	return found
}

// Blockers returns the candidates that self waits for, the nearest first. self itself need not be
// in the queue.
func Blockers(q []Candidate, self Candidate) iter.Seq[Candidate] {
	at, _ := slices.BinarySearchFunc(q, self, compare)
	return func(yield func(Candidate) bool) {
		for _, c := range slices.Backward(q[:at]) {
			if self.Kind.blockedBy(c.Kind) && !yield(c) {
				return
			}
		}
	}
}

// Holders returns how many candidates at the head of the queue hold the lock: one exclusive, or
// every reader that stands before the first exclusive.
func Holders(q []Candidate) int {
	for i, c := range q {
		if c.Kind.Exclusive() {
			return max(i, 1)
		}
	}
	return len(q)
}
