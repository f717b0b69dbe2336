package zklock

import "time"

// userPatience is how long Close waits for the user's functions to return.
const userPatience = time.Second

// userCode is the goroutines that call the user's log handler and state function.
type userCode struct {
	over chan struct{} // closed when there is nothing more to call them for
	runs []chan struct{}
}

// run has f run on a goroutine, until over is closed.
func (u *userCode) run(f func()) {
	done := make(chan struct{})
	u.runs = append(u.runs, done)
	go func() { // ends after over, once the user's function returns; end waits for it for a while
		defer close(done)
		f()
	}()
}

// end waits for the goroutines to end, for a while.
func (u *userCode) end() {
	close(u.over)
	patience := time.NewTimer(userPatience)
	defer patience.Stop()
	for _, done := range u.runs {
		select {
		case <-done:
		case <-patience.C:
			return
		}
	}
}

// afterDial is how long the state function is not called after Dial, so that the program has what
// Dial returns.
const afterDial = 10 * time.Millisecond

// callState hands the states to the user's function.
func (s *Session) callState() {
	select {
	case <-time.After(afterDial):
	case <-s.user.over:
	}
	for {
		states, ok := s.states.Take()
		if !ok {
			return
		}
		for _, state := range states {
			s.cfg.stateFunc(state)
		}
	}
}
