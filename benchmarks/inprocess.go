package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// locker is a lock as one worker sees it.
type locker interface {
	lock(context.Context) error
	unlock(context.Context) error
}

// session is a session of a library that runs in this process.
type session interface {
	lockers(path string, n int) ([]locker, error) // for n workers of this session
	close() error
}

// inProcess runs the loops of a library for Go.
type inProcess struct {
	open func(context.Context, place) (session, error)
}

func (c inProcess) close() error { return nil }

// openAll opens n sessions.
func (c inProcess) openAll(ctx context.Context, p place, n int) (sessions []session,
	closeAll func() error, err error) {
	sessions = make([]session, n)
	closeAll = func() error {
		var g errgroup.Group
		g.SetLimit(64)
		for _, s := range sessions {
			if s != nil {
				g.Go(s.close)
			}
		}
		return g.Wait()
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range sessions {
		g.Go(func() (err error) {
			sessions[i], err = c.open(ctx, p.of(i))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return sessions, closeAll, nil
}

// semaphores is a session of a library that has semaphores.
type semaphores interface {
	permits(path string, size, n int) ([]locker, error) // for n workers of this session
}

// several is a session of a library that acquires several locks together.
type several interface {
	together(paths []string, n int) ([]locker, error) // for n workers of this session
}

// lockers returns what the workers on a session take.
func (l loop) lockers(s session) ([]locker, error) {
	switch {
	case l.names != oneName:
		return l.apart(s)
	case l.locks > 0:
		return l.chains(s)
	case l.permits == 0:
		return s.lockers(l.path, l.workers)
	}
	with, ok := s.(semaphores)
	if !ok {
		return nil, errUnsupported
	}
	return with.permits(l.path, l.permits, l.workers)
}

// chains returns several locks for each worker.
func (l loop) chains(s session) ([]locker, error) {
	paths := make([]string, l.locks)
	for i := range paths {
		paths[i] = fmt.Sprintf("%s/%d", l.path, i)
	}
	if with, ok := s.(several); ok {
		return with.together(paths, l.workers)
	}
	chains := make([]chain, l.workers)
	for _, path := range paths {
		lockers, err := s.lockers(path, l.workers)
		if err != nil {
			return nil, err
		}
		for i, link := range lockers {
			chains[i] = append(chains[i], link)
		}
	}
	lockers := make([]locker, l.workers)
	for i := range lockers {
		lockers[i] = chains[i]
	}
	return lockers, nil
}

// chain is several locks that are acquired one by one, in an order that all have.
type chain []locker

func (c chain) lock(ctx context.Context) error {
	for i, link := range c {
		if err := link.lock(ctx); err != nil {
			return errors.Join(err, c[:i].unlock(ctx))
		}
	}
	return nil
}

func (c chain) unlock(ctx context.Context) (err error) {
	for _, link := range c {
		err = errors.Join(err, link.unlock(ctx))
	}
	return err
}

func (c inProcess) loop(ctx context.Context, l loop) (_ tally, err error) {
	sessions, closeAll, err := c.openAll(ctx, l.place, l.sessions)
	if err != nil {
		return tally{}, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	var all []locker
	for _, s := range sessions {
		lockers, err := l.lockers(s)
		if err != nil {
			return tally{}, err
		}
		all = append(all, lockers...)
	}
	if l.hold > 0 {
		for i := range all {
			all[i] = holding{all[i], l.hold}
		}
	}
	r := newRace(ctx)
	r.begin, r.end = l.begin, l.end
	if l.released != nil {
		for i := range all {
			all[i] = timed{all[i], r, l.released}
		}
	}
	counts := r.start(all)
	elapsed, err := r.run(l.warm, l.measure)
	return tally{elapsed, counts()}, err
}

// timed is a locker that tells how long its releases take.
type timed struct {
	locker
	r        *race
	released func(time.Duration)
}

func (t timed) unlock(ctx context.Context) error {
	start := time.Now()
	err := t.locker.unlock(ctx)
	if t.r.phase.Load() == measuring {
		t.released(time.Since(start))
	}
	return err
}

// holding is a locker that holds the lock for some time.
type holding struct {
	locker
	hold time.Duration
}

func (h holding) lock(ctx context.Context) error {
	err := h.locker.lock(ctx)
	if err == nil {
		time.Sleep(h.hold)
	}
	return err
}
