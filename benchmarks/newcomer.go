package benchmarks

// This is the case of a client that comes to a lock whose last holder keeps it unused.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zookylock/zklock"
)

// newcomer makes a client wait for locks that a session of zklock has released, and for others that
// it keeps.
func newcomer(delay time.Duration) Case {
	name, title := delayed(delay, "newcomer", "a newcomer")
	return Case{
		Name: name, Title: title, Table: tableNewcomer,
		libraries: []string{nameOurs, nameZkLock, nameCurator},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			v, ok := c.(visitor)
			if !ok {
				return nil, errUnsupported
			}
			if delay > 0 {
				m := b.server.meter()
				defer m.close()
				m.Delay(delay)
				p.connect = m.Addr()
			}
			host, err := newOurs().dial(ctx, p)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, host.Close()) }()
			visit, leave, err := v.visits(ctx, p)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, leave()) }()

			locks := 100
			if b.quick {
				locks = 4
			}
			var free, kept []time.Duration
			for i := range locks {
				keep, waits := time.Duration(0), &free
				if i%2 > 0 {
					keep, waits = unused, &kept
				}
				path := fmt.Sprintf("%s/%d", p.path, i)
				if err := host.use(ctx, path, keep); err != nil {
					return nil, err
				}
				wait, err := visit(ctx, path)
				if err != nil {
					return nil, err
				}
				if i > 1 { // the first of each warm up
					*waits = append(*waits, wait)
				}
			}
			return Sample{
				figureFreeWait: Median(inMilliseconds(free)),
				figureKeptWait: Median(inMilliseconds(kept)),
			}, nil
		},
	}
}

// use acquires a lock and releases it until its hold is kept, if it is to be.
func (s oursSession) use(ctx context.Context, path string, keep time.Duration) error {
	m, err := s.Mutex(lockName(path), zklock.WithIdleHold(keep))
	if err != nil {
		return err
	}
	for range 10 {
		if _, err := m.LockContext(ctx); err != nil {
			return err
		}
		token := m.Token()
		if err := m.UnlockContext(ctx); err != nil {
			return err
		}
		if keep == 0 || token.Handoff > 0 {
			return nil
		}
	}
	return fmt.Errorf("%s: the hold is not kept", path)
}

func (c inProcess) visits(ctx context.Context, p place) (
	visit func(context.Context, string) (time.Duration, error), leave func() error, err error) {
	s, err := c.open(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, path string) (time.Duration, error) {
		lockers, err := s.lockers(path, 1)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		if err := lockers[0].lock(ctx); err != nil {
			return 0, err
		}
		took := time.Since(start)
		return took, lockers[0].unlock(ctx)
	}, s.close, nil
}

func (e *external) visits(ctx context.Context, p place) (
	visit func(context.Context, string) (time.Duration, error), leave func() error, err error) {
	if err := e.open(ctx, p, 1); err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, path string) (time.Duration, error) {
			return e.duration(ctx, "visit", path)
		}, func() error {
			_, err := e.ask(context.WithoutCancel(ctx), "leave")
			return err
		}, nil
}
