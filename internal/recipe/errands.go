package recipe

import (
	"context"
	"sync"
)

// errands are done on a goroutine that exists only while there are some, so that what mostly waits
// has none. The zero value has nothing to do.
type errands struct {
	mu   sync.Mutex         // guards the fields below; no other of ours is taken while it is held
	due  errand             // what is to be done
	over bool               // nothing is done any more
	stop context.CancelFunc // ends the context of the goroutine; nil if there is none
	done chan struct{}      // closed when the goroutine has ended; nil if there is none
}

// errand is a set of things to do.
type errand uint8

// add has something done, after what is being done now: by a call of do on a goroutine that start
// starts. If start is false nothing is done. add does not block.
func (e *errands) add(what errand, start func(func()) bool, do func(context.Context, errand)) {
	e.mu.Lock()
	if e.over {
		e.mu.Unlock()
		return
	}
	e.due |= what
	if e.done != nil {
		e.mu.Unlock()
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	e.stop, e.done = stop, make(chan struct{})
	e.mu.Unlock()
	if !start(func() { e.run(ctx, do) }) { // what the goroutine would do at its end is done here
		e.end()
		e.next()
	}
}

func (e *errands) run(ctx context.Context, do func(context.Context, errand)) {
	for what := e.next(); what != 0; what = e.next() {
		do(ctx, what)
	}
}

// next returns what is to be done next. If that is nothing the goroutine has ended.
func (e *errands) next() (what errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.due != 0 && !e.over {
		what, e.due = e.due, 0
		return what
	}
	e.stop()
	close(e.done)
	e.stop, e.done = nil, nil
	return 0
}

// end has nothing more begun, and ends the context of what is being done. It returns what is closed
// when that has ended; nil if nothing is being done.
func (e *errands) end() (done <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	if e.done != nil {
		e.stop()
	}
	return e.done
}
