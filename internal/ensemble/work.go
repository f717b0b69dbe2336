package ensemble

import (
	"maps"
	"slices"
	"sync"
)

// Canceler is work under way whose context Close has to end.
type Canceler interface{ Cancel(cause error) }

// work is what Close waits for: goroutines, and what callers have begun by Enter.
type work struct {
	all sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	closed bool       // by Close: nothing is added any more
	// that Close has to call off: their contexts are not derived from Closing
	bound map[Canceler]struct{}
}

// end is called by Close. It returns what has to be canceled, and whether it is the first call.
func (w *work) end() (bound []Canceler, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first = !w.closed
	w.closed = true
	return slices.Collect(maps.Keys(w.bound)), first
}

// Closed reports whether Close was called.
func (w *work) Closed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// Enter makes Close wait until the caller has called Leave, and cancel b unless that is nil. It is
// false after Close.
func (w *work) Enter(b Canceler) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.all.Add(1)
	if b != nil {
		w.bound[b] = struct{}{}
	}
	return true
}

// Leave ends what Enter began.
func (w *work) Leave() { w.all.Done() }

// Unbind undoes what Enter has arranged for b: Close does not cancel it any more.
func (w *work) Unbind(b Canceler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.bound, b)
}

// Go runs f on a goroutine that Close waits for. The caller is one that Close waits for, too.
func (w *work) Go(f func()) { w.all.Go(f) }

// Start runs f on a goroutine that Close waits for. It is false after Close. f must end soon after
// Client.Closing does.
func (w *work) Start(f func()) bool {
	if !w.Enter(nil) {
		return false
	}
	go func() {
		defer w.Leave()
		f()
	}()
	return true
}
