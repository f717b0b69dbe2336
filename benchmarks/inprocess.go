package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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
			sessions[i], err = c.open(ctx, p)
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
	if l.locks > 0 {
		return l.chains(s)
	}
	if l.permits == 0 {
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
		paths[i] = fmt.Sprintf("%s-%d", l.path, i)
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
	counts := r.start(all)
	elapsed, err := r.run(l.warm, l.measure)
	return tally{elapsed, counts()}, err
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

// The phases of a race.
const (
	warming int32 = iota
	measuring
	over
)

// race has workers loop until it is over, and counts what they acquire while it is measured.
type race struct {
	ctx   context.Context
	phase atomic.Int32
	work  *errgroup.Group
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
	r.phase.Store(measuring)
	sleep(r.ctx, measure)
	r.phase.Store(over)
	elapsed := time.Since(start)
	return elapsed, r.work.Wait()
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// hold acquires n locks on one session.
func (c inProcess) hold(ctx context.Context, p place, n int,
	opened func()) (release func() error, err error) {
	s, err := c.open(ctx, p)
	if err != nil {
		return nil, err
	}
	opened()
	locked := make([]locker, n)
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error {
			l, err := s.lockers(fmt.Sprintf("%s-%d", p.path, i), 1)
			if err != nil {
				return err
			}
			locked[i] = l[0]
			return l[0].lock(ctx)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return func() error {
		defer func() { locked = nil }() // until here they are in use
		return s.close()
	}, nil
}

// threads is a queue with a goroutine for each contender, for libraries whose locks block.
type threads struct {
	session  session
	acquired chan error    // one value for each hold
	permits  chan struct{} // one value for each release
	end      chan struct{} // closed by leave
}

func (c inProcess) queue(ctx context.Context, p place, n int) (queued, error) {
	s, err := c.open(ctx, p)
	if err != nil {
		return nil, err
	}
	return newThreads(ctx, s, p, n)
}

func newThreads(ctx context.Context, s session, p place, n int) (*threads, error) {
	lockers, err := s.lockers(p.path, n)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	q := &threads{session: s, acquired: make(chan error, n), permits: make(chan struct{}),
		end: make(chan struct{})}
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
	return q, q.next(ctx)
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

// wait has n contenders wait, each in a goroutine of its own; the first holds the lock.
func (c inProcess) wait(ctx context.Context, p place, n int,
	opened func()) (leave func() error, err error) {
	s, err := c.open(ctx, p)
	if err != nil {
		return nil, err
	}
	opened()
	q, err := newThreads(ctx, s, p, n)
	if err != nil {
		return nil, err
	}
	return q.leave, nil
}

// leave does not wait for the contenders: now and then a closed go-zookeeper keeps one or more of
// thousands, forever.
func (q *threads) leave() error {
	close(q.end)
	return q.session.close()
}

func (c inProcess) loopWithRemote(ctx context.Context, l loop) (_ remoteTally, err error) {
	sessions, closeAll, err := c.openAll(ctx, l.place, 2)
	if err != nil {
		return remoteTally{}, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	lockers, err := sessions[0].lockers(l.path, l.workers)
	if err != nil {
		return remoteTally{}, err
	}
	remote, err := sessions[1].lockers(l.path, 1)
	if err != nil {
		return remoteTally{}, err
	}
	var holds atomic.Int64 // of the local contenders
	for i := range lockers {
		lockers[i] = counted{lockers[i], &holds}
	}
	watched := &patient{locker: remote[0], holds: &holds}
	r := newRace(ctx)
	localCounts, remoteCounts := r.start(lockers), r.start([]locker{watched})
	elapsed, err := r.run(l.warm, l.measure)
	if err != nil {
		return remoteTally{}, err
	}
	return remoteTally{tally{elapsed, localCounts()}, tally{elapsed, remoteCounts()},
		int(watched.longest)}, nil
}

// counted counts holds.
type counted struct {
	locker
	holds *atomic.Int64
}

func (c counted) lock(ctx context.Context) error {
	err := c.locker.lock(ctx)
	c.holds.Add(1)
	return err
}

// queueTeller is a locker that can say when it has queued.
type queueTeller interface {
	lockTelling(ctx context.Context, queued func()) error
}

// patient counts how many holds of others it has to wait for. It counts from when it queues, if its
// library tells that, and else from when it asks.
type patient struct {
	locker
	holds   *atomic.Int64
	longest int64
}

func (p *patient) lock(ctx context.Context) error {
	from := p.holds.Load()
	var err error
	if t, ok := p.locker.(queueTeller); ok {
		err = t.lockTelling(ctx, func() { from = p.holds.Load() })
	} else {
		err = p.locker.lock(ctx)
	}
	p.longest = max(p.longest, p.holds.Load()-from)
	return err
}
