// Package mailbox carries messages to one goroutine from others that must never be blocked.
package mailbox

import "sync"

// Mailbox has no bound, so that no message is lost and no sender waits.
type Mailbox[T any] struct {
	wake chan struct{} // has room for one

	mu       sync.Mutex // guards the fields below
	messages []T
	closed   bool
}

// New returns an empty Mailbox.
func New[T any]() *Mailbox[T] {
	return &Mailbox[T]{wake: make(chan struct{}, 1)}
}

// Push adds a message. It does not block.
func (m *Mailbox[T]) Push(message T) {
	m.mu.Lock()
	m.messages = append(m.messages, message)
	m.mu.Unlock()
	m.signal()
}

// Close has Take report the end once it has handed out everything.
func (m *Mailbox[T]) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.signal()
}

func (m *Mailbox[T]) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Take waits for messages and returns all there are. It is false after Close.
func (m *Mailbox[T]) Take() ([]T, bool) {
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
