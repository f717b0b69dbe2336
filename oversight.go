package zklock

import (
	"context"
	"errors"
	"sync"
	"time"
)

// This is how a hold is watched for marks and for its removal by others.

// firstLook is when a hold that was granted begins to be watched. Many are over by then, and need not be.
const firstLook = 20 * time.Millisecond

// young keeps the acquisitions that were granted the lock lately. One timer serves all, so that a hold that is soon over costs
// none.
type young struct {
	mu   sync.Mutex // guards the fields below
	born map[*acquisition]time.Time
	due  bool // the timer runs
}

func (y *young) add(a *acquisition) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.born == nil {
		y.born = make(map[*acquisition]time.Time)
	}
	y.born[a] = time.Now()
	if !y.due {
		y.due = true
		time.AfterFunc(firstLook, y.growUp)
	}
}

// drop forgets an acquisition whose hold is over.
func (y *young) drop(a *acquisition) {
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.born, a)
}

// growUp has those watched that are not young any more.
func (y *young) growUp() {
	y.mu.Lock()
	defer y.mu.Unlock()
	now := time.Now()
	for a, born := range y.born {
		if now.Sub(born) >= firstLook/2 {
			delete(y.born, a)
			a.beginWatch()
		}
	}
	if y.due = len(y.born) > 0; y.due {
		time.AfterFunc(firstLook, y.growUp)
	}
}

// beginWatch has a goroutine watch over the hold. It is called with the young's mutex held, which whoever removes the candidate
// takes first.
func (a *acquisition) beginWatch() {
	over := a.hold.lasting()
	watched := make(chan struct{})
	if a.s.start(func() { // ends with the hold; whoever removes the candidate, and Close, wait for it
		defer close(watched)
		a.watchOver(over)
	}) {
		a.watched = watched
	}
}

// watchOver follows the hold until it is released or lost.
func (a *acquisition) watchOver(over context.Context) {
	c, h := a.candidate, a.hold
	for over.Err() == nil {
		if err := a.lookAtSelf(over, c, h); errors.Is(err, errVanished) {
			h.lose(errRemoved)
		}
		select {
		case <-c.changed():
		case <-over.Done():
		}
	}
}
