package recipe

import "sync"

// signal is given once and stays. Its channel is made when it is asked for, because thousands of
// holds have signals for which no goroutine waits.
type signal struct {
	mu sync.Mutex    // guards the field below; no other is taken while it is held
	ch chan struct{} // nil until C is called; closedChannel once the signal is given
}

func (s *signal) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil && s.ch != closedChannel {
		close(s.ch)
	}
	s.ch = closedChannel
}

// C returns a channel that is closed when the signal is given.
func (s *signal) C() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) isGiven() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch == closedChannel
}

var closedChannel = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// Closed stands for the channel of what is given already, or of no hold.
var Closed <-chan struct{} = closedChannel
