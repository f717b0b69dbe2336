//go:build unix

package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// run is one run under way.
type run struct {
	cfg      Config
	begun    time.Time
	history  *history
	ensemble *ensemble
	store    *store
	clients  []*client
	writes   *collector

	mu     sync.Mutex // guards the fields below, and cfg.Log
	hung   int        // writes without an answer when their session was moved
	faults map[string]int
	failed map[string]int // faults that could not happen, or only in part
}

func (r *run) since() time.Duration { return time.Since(r.begun) }

func (r *run) count(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed[what]++
	} else {
		r.faults[what]++
	}
}

func (r *run) logf(format string, args ...any) {
	if r.cfg.Log == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.cfg.Log, format+"\n", args...)
}

// until waits for a moment of the plan. It is false if the run is given up.
func (r *run) until(ctx context.Context, at time.Duration) bool {
	select {
	case <-time.After(at - r.since()):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// soon waits until something is so, and reports whether it is.
func (r *run) soon(ctx context.Context, patience time.Duration, is func() bool) bool {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for limit := time.After(patience); !is(); {
		select {
		case <-poll.C:
		case <-limit:
			return is()
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (r *run) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
