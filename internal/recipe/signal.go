package recipe

import "sync"

// signal is given once and stays. Its channel is made when it is asked for, because thousands of
// holds have signals for which no goroutine waits.
type signal struct {
	mu    sync.Mutex // guards the fields below; no other is taken while it is held
	given bool
	ch    chan struct{} // nil until C is called
}

func (s *signal) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil && !s.given {
		close(s.ch)
	}
	s.given = true
}

// C returns the channel that is closed when the signal is given.
func (s *signal) C() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ch != nil:
	case s.given:
		return Closed
	default:
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) isGiven() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}

// Closed stands for the channel of what is given already, or of no hold.
var Closed = func() <-chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()
