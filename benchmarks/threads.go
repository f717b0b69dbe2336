package benchmarks

import (
	"context"
	"errors"
	"time"
)

// threads is a queue with a goroutine for each contender, for libraries whose locks block.
type threads struct {
	closeAll func() error  // the sessions
	acquired chan error    // one value for each hold
	permits  chan struct{} // one value for each release
	end      chan struct{} // closed by leave
}

func (c inProcess) queue(ctx context.Context, p place, sessions, n int,
	opened func()) (queued, error) {
	all, closeAll, err := c.openAll(ctx, p, sessions)
	if err != nil {
		return nil, err
	}
	opened()
	q := &threads{closeAll: closeAll, acquired: make(chan error, sessions*n),
		permits: make(chan struct{}), end: make(chan struct{})}
	for _, s := range all {
		lockers, err := s.lockers(p.path, n)
		if err != nil {
			return nil, errors.Join(err, q.leave())
		}
		q.start(ctx, lockers)
	}
	return q, q.next(ctx)
}

// start makes contenders ask for the lock, each in a goroutine of its own.
func (q *threads) start(ctx context.Context, lockers []locker) {
	for _, l := range lockers {
		go func() { // ends with its release, or with the session; see leave
			err := l.lock(ctx)
			q.acquired <- err
			if err != nil {
				return
			}
			select {
			case <-q.permits:
				_ = l.unlock(ctx) // its failure shows in the next one's wait
			case <-q.end:
			}
		}()
	}
}

// next waits for the next contender to hold the lock.
func (q *threads) next(ctx context.Context) error {
	select {
	case err := <-q.acquired:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *threads) handOff(ctx context.Context, n int) (time.Duration, error) {
	start := time.Now()
	for range n {
		select {
		case q.permits <- struct{}{}:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if err := q.next(ctx); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// wait makes n contenders wait on one session; the first holds the lock.
func (c inProcess) wait(ctx context.Context, p place, n int,
	opened func()) (leave func() error, err error) {
	q, err := c.queue(ctx, p, 1, n, opened)
	if err != nil {
		return nil, err
	}
	return q.leave, nil
}

// leave does not wait for the contenders: now and then a closed go-zookeeper keeps one or more of
// thousands, forever.
func (q *threads) leave() error {
	close(q.end)
	return q.closeAll()
}
