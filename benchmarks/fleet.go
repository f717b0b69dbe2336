package benchmarks

// These are the cases with many locks that are held while their sessions do nothing else, as those
// of leaders.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// settling is how long holders of zklock take to write down since when they hold their locks.
const settling = 12 * time.Second

// fleetOf makes n sessions hold so many locks each.
func fleetOf(n, each int) Case {
	name, title := fmt.Sprintf("fleet-%d", n), fmt.Sprintf("%d sessions that hold a lock each", n)
	if each > 1 {
		name += fmt.Sprintf("-of-%d", each)
		title = fmt.Sprintf("%d sessions that hold %d locks each", n, each)
	}
	return Case{
		Name: name, Title: title,
		Table: tableFleet, rounds: 3,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			h, ok := c.(holder)
			if !ok {
				return nil, errUnsupported
			}
			release, err := h.hold(ctx, p, n, each, func() {})
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, release()) }()
			return b.resting(ctx, p)
		},
	}
}

// mostOfOne is how many locks with names of this length one session of zklock may hold: servers
// would refuse the end of a session that owns more. See zklock.WithFootprint.
const mostOfOne = 10_000

// heldBy makes one process hold n locks, on as few sessions as may own them.
func heldBy(n int) Case {
	sessions := (n + mostOfOne - 1) / mostOfOne
	title := fmt.Sprintf("%d locks on one session", n)
	if sessions > 1 {
		title = fmt.Sprintf("%d locks on %d sessions", n, sessions)
	}
	return Case{
		Name: fmt.Sprintf("held-%d", n), Title: title,
		Table: tableHeld, rounds: 1, long: n > mostOfOne,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			h, ok := c.(holder)
			if !ok {
				return nil, errUnsupported
			}
			before := use()
			release, err := h.hold(ctx, p, sessions, n/sessions, func() {})
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, release()) }()
			s, err := b.resting(ctx, p)
			if err != nil {
				return nil, err
			}
			held := use().per(before, n)
			s[figureHeldMemory], s[figureHeldGoroutines] = held.memory, held.goroutines
			return s, nil
		},
	}
}

// hold implements holder.
func (c inProcess) hold(ctx context.Context, p place, n, each int,
	opened func()) (release func() error, err error) {
	sessions, closeAll, err := c.openAll(ctx, p, n)
	if err != nil {
		return nil, err
	}
	opened()
	locked := make([]locker, n*each)
	var g errgroup.Group
	g.SetLimit(16)
	for i := range locked {
		g.Go(func() error {
			l, err := sessions[i%n].lockers(fmt.Sprintf("%s/%d", p.path, i), 1)
			if err != nil {
				return err
			}
			locked[i] = l[0]
			return l[0].lock(ctx)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return func() error {
		var g errgroup.Group
		g.SetLimit(64)
		for _, l := range locked { // a Close waits two seconds at most for the removal of its locks
			g.Go(func() error { return l.unlock(context.WithoutCancel(ctx)) })
		}
		return errors.Join(g.Wait(), closeAll())
	}, nil
}
