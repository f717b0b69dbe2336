package recipe

import (
	"slices"
	"sync"
)

// Slot is a handle's room for one hold. A hold that was lost keeps its place until it is unlocked,
// so that within the process a handle excludes as a sync.Mutex does.
type Slot struct {
	mu      sync.Mutex    // guards the fields below
	hold    *Hold         // that is in it; nil if it is free
	waiting []*Hold       // holds that wait for it, in order of arrival
	changed chan struct{} // closed when the slot may have become free; nil if no hold waits for that
}

// take puts a hold into the slot, unless another is there or has come earlier. Then it returns the
// one that is there, which may be nil, and a channel that closes when it is worth while to try
// again. The caller does so, or calls giveUp.
func (s *Slot) take(h *Hold) (other *Hold, changed <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold == nil && (len(s.waiting) == 0 || s.waiting[0] == h) {
		s.hold = h
		s.dropLocked(h)
		return nil, nil, true
	}
	if !slices.Contains(s.waiting, h) {
		s.waiting = append(s.waiting, h)
	}
	return s.hold, s.changedLocked(), false
}

// giveUp forgets a hold that has asked for the slot in vain.
func (s *Slot) giveUp(h *Hold) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropLocked(h); s.hold == nil { // the next may have waited for this one
		s.tellLocked()
	}
}

// leave frees the slot.
func (s *Slot) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = nil
	s.tellLocked()
}

// blocked returns a channel that closes when the hold in the slot leaves, if that hold is lost or
// is the one given; otherwise nil.
func (s *Slot) blocked(known *Hold) <-chan struct{} {
	s.mu.Lock()
	h := s.hold
	s.mu.Unlock()
	if h == nil || h != known && !h.isLost() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold != h {
		return nil
	}
	return s.changedLocked()
}

func (s *Slot) dropLocked(h *Hold) {
	s.waiting = slices.DeleteFunc(s.waiting, func(other *Hold) bool { return other == h })
}

func (s *Slot) changedLocked() <-chan struct{} {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func (s *Slot) tellLocked() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
