package recipe

import "sync/atomic"

// signal is given once and stays. Its channel is made when it is asked for, because thousands of
// holds have signals for which no goroutine waits.
type signal struct {
	// nil until C is called; that of closedChannel once the signal is given
	ch atomic.Pointer[chan struct{}]
}

// give is called by one goroutine at a time, so that the channel is closed when it returns.
func (s *signal) give() {
	if was := s.ch.Swap(&closedChannel); was != nil && was != &closedChannel {
		close(*was)
	}
}

// C returns a channel that is closed when the signal is given.
func (s *signal) C() <-chan struct{} {
	if s.ch.Load() == nil {
		made := make(chan struct{})
		s.ch.CompareAndSwap(nil, &made) // or another goroutine has made one, or given the signal
	}
	return *s.ch.Load()
}

func (s *signal) isGiven() bool { return s.ch.Load() == &closedChannel }

var closedChannel = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// Closed stands for the channel of what is given already, or of no hold.
var Closed <-chan struct{} = closedChannel
