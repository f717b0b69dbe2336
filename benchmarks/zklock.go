package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zookylock/zklock"
)

// sessionBytes lets 20,000 wait on one session, which is above what the library allows by default.
// The servers read back 2 MB.
const sessionBytes = 1_900_000

func startOurs(context.Context, *bench) (client, error) { return newOurs(), nil }

// ours runs zklock.
type ours struct {
	inProcess
	opts []zklock.LockOption
}

func newOurs(opts ...zklock.LockOption) ours {
	o := ours{opts: opts}
	o.open = func(ctx context.Context, p place) (session, error) { return o.dial(ctx, p) }
	return o
}

type oursSession struct {
	*zklock.Session
	opts []zklock.LockOption
}

func (o ours) dial(ctx context.Context, p place) (oursSession, error) {
	s, err := zklock.Dial(ctx, p.connect, zklock.WithSessionTimeout(p.timeout),
		zklock.WithRoot(root), zklock.WithFootprint(sessionBytes))
	return oursSession{s, o.opts}, err
}

func (s oursSession) close() error { return s.Close() }

func lockName(path string) string { return strings.TrimPrefix(path, root+"/") }

// lockers returns one handle for all: that is how goroutines share a lock.
func (s oursSession) lockers(path string, n int) ([]locker, error) {
	m, err := s.Mutex(lockName(path), s.opts...)
	if err != nil {
		return nil, err
	}
	lockers := make([]locker, n)
	for i := range lockers {
		lockers[i] = oursLocker{m}
	}
	return lockers, nil
}

// permits returns one handle for all.
func (s oursSession) permits(path string, size, n int) ([]locker, error) {
	sem, err := s.Semaphore(lockName(path), size, s.opts...)
	if err != nil {
		return nil, err
	}
	lockers := make([]locker, n)
	for i := range lockers {
		lockers[i] = &oursPermit{sem: sem}
	}
	return lockers, nil
}

// together returns locks that LockAll acquires.
func (s oursSession) together(paths []string, n int) ([]locker, error) {
	lockers := make([]locker, n)
	for i := range lockers {
		l := &oursSeveral{s: s.Session}
		for _, path := range paths {
			m, err := s.Mutex(lockName(path), s.opts...)
			if err != nil {
				return nil, err
			}
			l.locks = append(l.locks, m)
		}
		lockers[i] = l
	}
	return lockers, nil
}

type oursSeveral struct {
	s     *zklock.Session
	locks []*zklock.Mutex
	held  *zklock.Hold
}

func (l *oursSeveral) lock(ctx context.Context) (err error) {
	l.held, err = l.s.LockAll(ctx, l.locks...)
	return err
}

func (l *oursSeveral) unlock(ctx context.Context) error { return l.held.UnlockContext(ctx) }

// startOneByOne runs zklock without LockAll.
func startOneByOne(context.Context, *bench) (client, error) {
	o := newOurs()
	return inProcess{func(ctx context.Context, p place) (session, error) {
		s, err := o.dial(ctx, p)
		return struct{ session }{s}, err
	}}, nil
}

type oursPermit struct {
	sem *zklock.Semaphore
	p   *zklock.Permit
}

func (l *oursPermit) lock(ctx context.Context) (err error) {
	l.p, err = l.sem.Acquire(ctx, 1)
	return err
}

func (l *oursPermit) unlock(ctx context.Context) error { return l.p.ReleaseContext(ctx) }

type oursLocker struct{ m *zklock.Mutex }

func (l oursLocker) lock(ctx context.Context) error {
	_, err := l.m.LockContext(ctx)
	return err
}

func (l oursLocker) unlock(ctx context.Context) error { return l.m.UnlockContext(ctx) }

func (l oursLocker) lockTelling(ctx context.Context, queued func()) error {
	p := l.m.LockAsync(ctx)
	select {
	case <-p.Queued():
		queued()
	case <-p.Done():
	}
	<-p.Done()
	return p.Err()
}

func (o ours) readWrite(ctx context.Context, rw readWrite) (_ readWriteTally, err error) {
	sessions, closeAll, err := o.openAll(ctx, rw.place, 2)
	if err != nil {
		return readWriteTally{}, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	shared, err := sessions[0].(oursSession).RWMutex(lockName(rw.path), o.opts...)
	if err != nil {
		return readWriteTally{}, err
	}
	elsewhere, err := sessions[1].(oursSession).RWMutex(lockName(rw.path), o.opts...)
	if err != nil {
		return readWriteTally{}, err
	}
	readers := make([]locker, rw.readers)
	for i := range readers {
		readers[i] = oursReader{shared}
	}
	r := newRace(ctx)
	counts := r.start(readers)
	var t readWriteTally
	r.work.Go(func() error { // ends when the race is over
		for r.phase.Load() != over {
			asked := time.Now()
			if _, err := elsewhere.LockContext(r.ctx); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			if r.phase.Load() == measuring {
				t.writes++
				t.longestWrite = max(t.longestWrite, time.Since(asked))
			}
			if err := elsewhere.UnlockContext(r.ctx); err != nil {
				return err
			}
			for next := asked.Add(rw.every); r.phase.Load() != over && time.Now().Before(next); {
				sleep(r.ctx, min(time.Until(next), 50*time.Millisecond))
			}
		}
		return nil
	})
	elapsed, err := r.run(rw.warm, rw.measure)
	t.tally = tally{elapsed, counts()}
	return t, err
}

type oursReader struct{ rw *zklock.RWMutex }

func (l oursReader) lock(ctx context.Context) error {
	_, err := l.rw.RLockContext(ctx)
	return err
}

func (l oursReader) unlock(context.Context) error {
	l.rw.RUnlock()
	return nil
}

func (o ours) cancel(ctx context.Context, p place, n int,
	hang func() (resume func() error, err error)) (answering, hanging []time.Duration, err error) {
	sessions, closeAll, err := o.openAll(ctx, p, 2)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	holder, err := sessions[0].(oursSession).Mutex(lockName(p.path), o.opts...)
	if err != nil {
		return nil, nil, err
	}
	if _, err := holder.LockContext(ctx); err != nil {
		return nil, nil, err
	}
	m, err := sessions[1].(oursSession).Mutex(lockName(p.path), o.opts...)
	if err != nil {
		return nil, nil, err
	}
	for range n {
		d, err := giveUp(ctx, m, true)
		if err != nil {
			return nil, nil, err
		}
		answering = append(answering, d)
	}
	resume, err := hang()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, resume()) }() // before the sessions are closed
	for range n {
		d, err := giveUp(ctx, m, false)
		if err != nil {
			return nil, nil, err
		}
		hanging = append(hanging, d)
	}
	return answering, hanging, nil
}

// giveUp begins to lock, cancels, and returns how long the call took to return from then on.
func giveUp(ctx context.Context, m *zklock.Mutex, answering bool) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	returned := make(chan error, 1)
	go func() { // ends with the call, which is waited for below
		_, err := m.LockContext(ctx)
		returned <- err
	}()
	// The call does not report when it waits; a request and its answer take about a millisecond here.
	sleep(ctx, 10*time.Millisecond)
	start := time.Now()
	cancel()
	err := <-returned
	took := time.Since(start)
	if !errors.Is(err, context.Canceled) {
		return 0, fmt.Errorf("a cancelled call (servers answering: %t) returned %v", answering, err)
	}
	return took, nil
}
