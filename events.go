package zklock

import (
	"sync"

	"github.com/go-zookeeper/zk"
)

// event is one of ZooKeeper's, with the session that it came from.
type event struct {
	zs *zkSession
	zk.Event
}

// mailbox carries messages to one goroutine from others that must never be blocked. It has no bound, so that nothing
// gets lost: events are as many as there are watches at most.
type mailbox[T any] struct {
	wake chan struct{} // has room for one

	mu       sync.Mutex // guards the fields below
	messages []T
	closed   bool
}

func newMailbox[T any]() *mailbox[T] {
	return &mailbox[T]{wake: make(chan struct{}, 1)}
}

func (m *mailbox[T]) push(message T) {
	m.mu.Lock()
	m.messages = append(m.messages, message)
	m.mu.Unlock()
	m.signal()
}

// close has take report the end once it has handed out everything.
func (m *mailbox[T]) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.signal()
}

func (m *mailbox[T]) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take waits for messages and returns all there are. It is false after close.
func (m *mailbox[T]) take() ([]T, bool) {
	for {
		m.mu.Lock()
		messages, closed := m.messages, m.closed
		m.messages = nil
		m.mu.Unlock()
		if len(messages) > 0 || closed {
			return messages, len(messages) > 0
		}
		<-m.wake
	}
}

// dispatch is the event goroutine, one for each Session: it fans ZooKeeper's watches out to the waiting lockers and
// follows the state of the connection. It does no I/O and calls nobody who might block. It ends when Close closes the mailbox.
func (s *Session) dispatch() {
	for {
		events, ok := s.events.take()
		if !ok {
			return
		}
		for _, ev := range events {
			switch ev.Type {
			case zk.EventSession:
				s.onSessionEvent(ev)
			case zk.EventNotWatching: // the session is over, and its waiters learn that from zkSession.ended
			default:
				ev.zs.watches.wake(ev.Path)
			}
		}
	}
}

func (s *Session) onSessionEvent(ev event) {
	switch ev.State {
	case zk.StateHasSession:
		ev.zs.setUp(true)
	case zk.StateDisconnected:
		ev.zs.setUp(false)
		ev.zs.watches.recheck() // the server has forgotten all watches of the connection
	case zk.StateExpired:
		ev.zs.end(errExpired)
	default:
		return
	}
	s.updateState()
}
