package zklock

import (
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
)

// dispatch is the event goroutine, one for each Session. It passes ZooKeeper's watch events on to
// the acquisitions that wait for them and follows the state of the connection. It does no I/O and
// calls nothing that might block. It ends when Close closes the mailbox.
func (s *Session) dispatch() {
	for {
		events, ok := s.client.Events()
		if !ok {
			return
		}
		for _, ev := range events {
			switch ev.Type {
			case zk.EventSession:
				s.onSessionEvent(ev)
			case zk.EventNotWatching:
				// the session is over, and its waiters learn that from Session.Ended
			default:
				ev.Session.Watches.Wake(ev.Path)
			}
		}
	}
}

func (s *Session) onSessionEvent(ev ensemble.Event) {
	switch ev.State {
	case zk.StateHasSession:
		ev.Session.SetUp(true)
	case zk.StateDisconnected:
		ev.Session.SetUp(false)
		ev.Session.Watches.WakeAll() // the server has forgotten all watches of the connection
	case zk.StateExpired:
		ev.Session.End(ensemble.ErrExpired)
	default:
		return
	}
	s.updateState()
}

// userPatience is how long Close waits for the user's functions to return.
const userPatience = time.Second

// userCode is the goroutines that call the user's log handler and state function.
type userCode struct {
	over chan struct{} // closed when there is nothing more to call them for
	runs []chan struct{}
}

// run starts a goroutine that calls f. f must return after over is closed.
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

// afterDial delays the first call of the state function, so that the program has received the
// Session from Dial by then.
const afterDial = 10 * time.Millisecond

// callState calls the user's state function with each state.
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
