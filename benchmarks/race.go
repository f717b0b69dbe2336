package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// The phases of a race.
const (
	warming int32 = iota
	measuring
	over
)

// race makes workers loop until it is over, and counts what they acquire while it is measured.
type race struct {
	ctx   context.Context
	phase atomic.Int32
	work  *errgroup.Group

	begin, end func() error // called when measuring begins and ends, unless nil
}

func newRace(ctx context.Context) *race {
	work, ctx := errgroup.WithContext(ctx)
	return &race{ctx: ctx, work: work}
}

// start has a goroutine loop for each locker. It ends when the race is over; run waits for it.
// counts may be called after run.
func (r *race) start(lockers []locker) (counts func() []int) {
	results := make([]int, len(lockers))
	for i, l := range lockers {
		r.work.Go(func() error {
			n := 0
			for r.phase.Load() != over {
				if err := l.lock(r.ctx); err != nil {
					return fmt.Errorf("lock: %w", err)
				}
				if r.phase.Load() == measuring {
					n++
				}
				if err := l.unlock(r.ctx); err != nil {
					return fmt.Errorf("unlock: %w", err)
				}
			}
			results[i] = n
			return nil
		})
	}
	return func() []int { return results }
}

// run lets the race go and returns how long it was measured.
func (r *race) run(warm, measure time.Duration) (time.Duration, error) {
	sleep(r.ctx, warm)
	start := time.Now()
	err := call(r.begin)
	r.phase.Store(measuring)
	sleep(r.ctx, measure)
	r.phase.Store(over)
	elapsed := time.Since(start)
	return elapsed, errors.Join(err, call(r.end), r.work.Wait())
}

func call(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
