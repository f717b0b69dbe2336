package demo

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/zookylock/zklock"
)

// board is what is known of the run so far. The director writes on it and the display reads it.
type board struct {
	begin time.Time
	goal  int // updates

	mu     sync.Mutex // guards the fields below
	acked  []string   // ids of the updates that workers said they made
	turns  []turn     // in no certain order: each worker's events come by a pipe of its own
	killed map[string]bool
	proved []string // workers whose writes were refused though nothing was wrong with their holds
	late   []string // workers whose late write was accepted
}

// turn is one hold.
type turn struct {
	worker string
	token  zklock.Token
	wait   time.Duration // for the lock
	begin  time.Time
	end    time.Time // when the release began; zero if it never did
}

func newBoard(goal int) *board {
	return &board{begin: time.Now(), goal: goal, killed: make(map[string]bool)}
}

// record takes note of an event.
func (b *board) record(e event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.What {
	case held:
		b.turns = append(b.turns, turn{worker: e.Worker, token: e.Token, wait: e.Wait, begin: e.At})
	case releasing:
		for i := range b.turns {
			if b.turns[i].token == e.Token {
				b.turns[i].end = e.At
			}
		}
	case wrote:
		b.acked = append(b.acked, e.Write)
	case accepted:
		// The worker believes that its update was made, so the file must have it.
		b.acked = append(b.acked, e.Write)
		b.late = append(b.late, e.Worker)
	case refused:
		if e.Proved {
			b.proved = append(b.proved, e.Worker)
		}
	}
}

func (b *board) kill(worker string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.killed[worker] = true
}

// updates is how many updates have been acknowledged.
func (b *board) updates() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acked)
}

// holds returns the turns in the order of their tokens.
func (b *board) holds() []turn {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(slices.Values(b.turns), func(a, b turn) int {
		return a.token.Compare(b.token)
	})
}

// longestWait returns the turn that was waited for longest.
func longestWait(turns []turn) turn {
	return slices.MaxFunc(turns, func(a, b turn) int { return cmp.Compare(a.wait, b.wait) })
}

// handover is the usual time from one worker's release to the next one's hold: the median.
func handover(turns []turn) time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(turns); i++ {
		if end := turns[i-1].end; !end.IsZero() {
			gaps = append(gaps, turns[i].begin.Sub(end))
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// handoverAfter is the first hand-over that began after the given time.
func handoverAfter(turns []turn, at time.Time) (time.Duration, bool) {
	for i := 1; i < len(turns); i++ {
		if end := turns[i-1].end; end.After(at) {
			return turns[i].begin.Sub(end), true
		}
	}
	return 0, false
}

func (b *board) wasKilled(worker string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.killed[worker]
}
