// Package mailbox carries messages to one goroutine from others that must never be blocked.
package mailbox

import (
	"sync"
	"time"
)

// Mailbox has no bound, so that no message is lost and no sender waits. One goroutine takes what
// others push.
type Mailbox[T any] struct {
	wake  chan struct{} // has room for one
	timer *time.Timer   // the taker's, see Rest; nil before the first

	mu       sync.Mutex // guards the fields below
	messages []T
	taken    []T // what Take has returned; its memory is used again
	urgent   bool
	closed   bool
	taker    taker
}

// taker is what the goroutine that takes messages does.
type taker uint8

const (
	busy    taker = iota // it will look by itself
	waiting              // for a message
	resting              // until a message is urgent
)

// mostKept is how many messages' memory is kept for later messages.
const mostKept = 1000

// New returns an empty Mailbox.
func New[T any]() *Mailbox[T] {
	return &Mailbox[T]{wake: make(chan struct{}, 1)}
}

// Push adds a message. It does not block.
func (m *Mailbox[T]) Push(message T) { m.push(message, false) }

// PushUrgent adds a message that ends the taker's rest. It does not overtake others.
func (m *Mailbox[T]) PushUrgent(message T) { m.push(message, true) }

func (m *Mailbox[T]) push(message T, urgent bool) {
	m.mu.Lock()
	m.messages = append(m.messages, message)
	m.urgent = m.urgent || urgent
	wake := m.taker == waiting || m.taker == resting && urgent
	if wake {
		m.taker = busy
	}
	m.mu.Unlock()
	if wake {
		m.signal()
	}
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

// Take waits for messages and returns all there are. It is false after Close. What it returns is
// overwritten by the next call.
func (m *Mailbox[T]) Take() ([]T, bool) {
	for {
		m.mu.Lock()
		if len(m.messages) > 0 || m.closed {
			messages := m.swapLocked()
			m.mu.Unlock()
			return messages, len(messages) > 0
		}
		m.taker = waiting
		m.mu.Unlock()
		<-m.wake
	}
}

// swapLocked returns the messages, and keeps later messages in the memory of earlier ones.
func (m *Mailbox[T]) swapLocked() []T {
	clear(m.taken) // for the garbage collector
	next := m.taken[:0]
	if cap(next) > mostKept {
		next = nil
	}
	m.messages, m.taken = next, m.messages
	m.taker, m.urgent = busy, false
	return m.taken
}

// Rest returns after d, or sooner if there is an urgent message or the end. Meanwhile messages
// gather and wake no goroutine: to wake one costs more than most messages.
func (m *Mailbox[T]) Rest(d time.Duration) {
	m.mu.Lock()
	if m.urgent || m.closed {
		m.mu.Unlock()
		return
	}
	m.taker = resting
	m.mu.Unlock()
	if m.timer == nil {
		m.timer = time.NewTimer(d)
	} else {
		m.timer.Reset(d)
	}
	select {
	case <-m.timer.C:
	case <-m.wake:
		m.timer.Stop()
	}
	m.mu.Lock()
	m.taker = busy
	m.mu.Unlock()
}
