package zklock

import (
	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
)

// dispatch is the event goroutine, one for each Session: it fans ZooKeeper's watches out to the waiting lockers and
// follows the state of the connection. It does no I/O and calls nobody who might block. It ends when Close closes the mailbox.
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
			case zk.EventNotWatching: // the session is over, and its waiters learn that from Session.Ended
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
		ev.Session.Watches.Recheck() // the server has forgotten all watches of the connection
	case zk.StateExpired:
		ev.Session.End(ensemble.ErrExpired)
	default:
		return
	}
	s.updateState()
}
