package recipe

import (
	"sync"
	"time"
)

// delayed calls a function for what was added to it some time ago and not dropped since. One timer
// serves all, and is stopped once nothing is left, so that entries which are dropped soon wake no
// goroutine. A nil one does nothing.
type delayed[T comparable] struct {
	after time.Duration // and up to half as much again, but no more than a second
	call  func(T)       // must not block

	mu    sync.Mutex // guards the fields below; held during calls
	added map[T]time.Time
	timer *time.Timer // calls tick; runs while something is there
}

func newDelayed[T comparable](after time.Duration, call func(T)) *delayed[T] {
	return &delayed[T]{after: after, call: call, added: make(map[T]time.Time)}
}

func (l *delayed[T]) add(x T) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.added[x] = time.Now()
	switch {
	case len(l.added) > 1:
	case l.timer == nil:
		l.timer = time.AfterFunc(l.after, l.tick)
	default:
		l.timer.Reset(l.after)
	}
}

// drop forgets x. Nothing is called for it after.
func (l *delayed[T]) drop(x T) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if delete(l.added, x); len(l.added) == 0 && l.timer != nil {
		l.timer.Stop()
	}
}

func (l *delayed[T]) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for x, added := range l.added {
		if now.Sub(added) >= l.after {
			delete(l.added, x)
			l.call(x)
		}
	}
	if len(l.added) > 0 {
		l.timer.Reset(min(l.after/2, time.Second))
	} else {
		l.added = make(map[T]time.Time) // a map keeps the size that it once had
	}
}

// ownLook is when a candidate that waits begins to be watched.
const ownLook = 200 * time.Millisecond

// firstLook is when a hold begins to be watched.
const firstLook = 20 * time.Millisecond

// noted is when, about, a hold says in its candidate's data since when it is one.
const noted = 10 * time.Second
