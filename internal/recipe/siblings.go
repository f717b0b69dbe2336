package recipe

import (
	"sync"

	"github.com/zookylock/zklock/internal/queue"
)

// siblings are the exclusive candidates of one ZooKeeper session that stand in queues, usually of
// goroutines of one process. No candidate stands between two siblings with consecutive numbers,
// because every candidate takes a number. The second need not ask a server to report when the first
// leaves.
type siblings struct {
	mu     sync.Mutex // guards the fields below
	seats  map[seat]*spot
	number map[string]int // of them, for each lock
}

type seat struct {
	dir    string
	number int32
}

func newSiblings() *siblings {
	return &siblings{seats: make(map[seat]*spot), number: make(map[string]int)}
}

// join adds a candidate that was created.
func (s *siblings) join(c *spot) {
	if !c.place.Kind.Exclusive() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := seat{c.dir, c.place.Seq}
	if s.seats[at] == nil { // otherwise the number was given again, in another znode of that name
		s.number[c.dir]++
	}
	s.seats[at] = c
}

// leave drops one that is about to be deleted, or that is gone.
func (s *siblings) leave(c *spot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := seat{c.dir, c.place.Seq}
	if s.seats[at] != c {
		return // it has not joined, or another has its number
	}
	delete(s.seats, at)
	if s.number[c.dir]--; s.number[c.dir] == 0 {
		delete(s.number, c.dir)
	}
}

// count returns how many of them stand in a lock's queue.
func (s *siblings) count(dir string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number[dir]
}

// directlyAhead returns the one that stands directly ahead of c, if c too is exclusive, and if they
// read the queue alike.
func (s *siblings) directlyAhead(c *spot) (other queue.Candidate, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead := s.seats[seat{c.dir, c.place.Seq - 1}]
	if ahead == nil || ahead.voice != c.voice || !c.place.Kind.Exclusive() {
		return queue.Candidate{}, false
	}
	return ahead.place, true
}

// directlyBehind returns the one that stands directly behind c.
func (s *siblings) directlyBehind(c *spot) (other queue.Candidate, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	behind := s.seats[seat{c.dir, c.place.Seq + 1}]
	if behind == nil {
		return queue.Candidate{}, false
	}
	return behind.place, true
}

// path returns the path of a candidate of the lock dir. Thousands may wait, each of which watches the
// one ahead: that of a sibling is the same string.
func (s *siblings) path(dir string, other queue.Candidate) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.atLocked(dir, other); c != nil {
		return c.path
	}
	return dir + "/" + other.Name
}

// have reports whether another candidate is one of them, and not about to leave.
func (s *siblings) have(dir string, other queue.Candidate) bool { return s.at(dir, other) != nil }

// at returns the one that another candidate is, if it is not about to leave; nil if it is none of
// them.
func (s *siblings) at(dir string, other queue.Candidate) *spot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.atLocked(dir, other)
}

func (s *siblings) atLocked(dir string, other queue.Candidate) *spot {
	if c := s.seats[seat{dir, other.Seq}]; c != nil && c.place.Name == other.Name {
		return c
	}
	return nil
}
