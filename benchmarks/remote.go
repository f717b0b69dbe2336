package benchmarks

import (
	"context"
	"errors"
	"sync/atomic"
)

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
