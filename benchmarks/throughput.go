package benchmarks

// These are the cases in which contenders lock and unlock in a loop.

import (
	"context"
	"fmt"
	"time"
)

// throughput is a case of loop.
func throughput(name, title string, libraries []string, sessions, workers int,
	delay time.Duration) Case {
	return looping(name, title, libraries, loop{sessions: sessions, workers: workers}, delay)
}

// looping is throughput for any loop.
func looping(name, title string, libraries []string, l loop, delay time.Duration) Case {
	pass := func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
		l := l
		l.place, l.warm, l.measure = p, b.warm, b.measure
		if l.sessions*l.workers > 32 {
			// a few dozen holds for each: fewest and most would differ by rounding alone
			l.measure *= 2
		}
		if delay > 0 {
			m := b.server.meter()
			defer m.close()
			m.Delay(delay)
			l.connect = m.Addr()
		}
		t, err := c.loop(ctx, l)
		if err != nil {
			return nil, err
		}
		s := Sample{figureRate: t.rate()}
		if len(t.counts) > 1 {
			s[figureFairness] = Fairness(t.counts)
		}
		return s, nil
	}
	count := func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
		l := l
		l.place = p
		m := b.server.meter()
		defer m.close()
		m.Delay(delay)
		l.connect = m.Addr()
		runs := 0
		return perAcquisition(m, b.measure, func(measure time.Duration) (int, error) {
			l.measure = measure
			if l.names == freshNames { // also to the longer pass
				runs++
				l.path = fmt.Sprintf("%s/%d", p.path, runs)
			}
			t, err := c.loop(ctx, l)
			return sum(t.counts), err
		})
	}
	return Case{Name: name, Title: title, Table: tableThroughput, libraries: libraries,
		pass: pass, count: count}
}

// together makes one worker take n locks at a time, over a slow network.
func together(n int, delay time.Duration) Case {
	c := looping(fmt.Sprintf("together-%d", n),
		fmt.Sprintf("%d locks together, %d ms each way", n, delay.Milliseconds()),
		[]string{nameOurs, nameOneByOne, nameZkLock}, loop{sessions: 1, workers: 1, locks: n},
		delay)
	c.Table = tableTogether
	return c
}

// kept makes sessions lock and unlock that may keep their holds.
func kept(sessions int) Case {
	title := "alone"
	if sessions > 1 {
		title = fmt.Sprintf("%d sessions", sessions)
	}
	return keeping(fmt.Sprintf("idle-%d", sessions), title, loop{sessions: sessions, workers: 1})
}

// keptApart makes the goroutines of a session do so, each with a lock of its own.
func keptApart(workers int) Case {
	return keeping(fmt.Sprintf("idle-%d", workers), fmt.Sprintf("%d goroutines, a lock each", workers),
		loop{sessions: 1, workers: workers, names: ownNames})
}

func keeping(name, title string, l loop) Case {
	c := looping(name, title, []string{nameOurs, nameIdle, nameZkLock, nameLimit}, l, 0)
	c.Table = tableIdle
	return c
}

// apart makes the goroutines of a session take locks that no other takes.
func apart(workers int, which names) Case {
	name, title := fmt.Sprintf("own-%d", workers),
		fmt.Sprintf("%d goroutines, a lock each", workers)
	if which == freshNames {
		name, title = fmt.Sprintf("names-%d", workers),
			fmt.Sprintf("%d goroutines, a new lock each time", workers)
	}
	c := looping(name, title, []string{nameOurs, nameZkLock, nameCurator, nameKazoo, nameLimit},
		loop{sessions: 1, workers: workers, names: which}, 0)
	c.Table = tableApart
	return c
}

// semaphoreOf10 has 100 sessions take a permit each of ten.
func semaphoreOf10() Case {
	c := looping("semaphore-10", "semaphore of 10, 100 sessions",
		[]string{nameOurs, nameCurator, nameKazoo},
		loop{sessions: 100, workers: 1, permits: 10}, 0)
	c.Table = tableSemaphore
	return c
}

// perAcquisition takes the difference between a long pass and a short one: sessions are opened and
// closed, and contenders that wait at the end are let through, in both. It finds nothing for etcd,
// whose server has no proxy.
func perAcquisition(m *meter, long time.Duration,
	pass func(time.Duration) (int, error)) (Sample, error) {
	run := func(measure time.Duration) (acquired, requests, bytes float64, err error) {
		asks, size := m.requests.Load(), m.bytes()
		n, err := pass(measure)
		return float64(n), float64(m.requests.Load() - asks), float64(m.bytes() - size), err
	}
	var n1, n2 float64
	for range 3 { // a server can stand still for most of a pass
		var asks1, size1, asks2, size2 float64
		var err error
		if n1, asks1, size1, err = run(long / 10); err != nil {
			return nil, err
		}
		if n2, asks2, size2, err = run(long); err != nil {
			return nil, err
		}
		if asks2 == 0 {
			return nil, nil
		}
		if n2 > n1 {
			return Sample{figureRequests: (asks2 - asks1) / (n2 - n1),
				figureBytes: (size2 - size1) / (n2 - n1)}, nil
		}
	}
	return nil, fmt.Errorf("%v acquisitions in a long pass, %v in a short one", n2, n1)
}

// remoteContender has 64 goroutines share a session while a contender on another wants the lock
// too.
func remoteContender() Case {
	return Case{
		Name:  "goroutines-64-remote",
		Title: "64 goroutines on one session, and one contender elsewhere", Table: tableRemote,
		libraries: []string{nameOurs, nameHandoff, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			r, ok := c.(remoteLooper)
			if !ok {
				return nil, errUnsupported
			}
			t, err := r.loopWithRemote(ctx,
				loop{place: p, workers: 64, warm: b.warm, measure: b.measure})
			return Sample{
				figureRate: t.local.rate(), figureRemoteRate: t.remote.rate(),
				figureRemoteWaits: float64(t.longest),
			}, err
		},
	}
}

// readers has 16 goroutines read, and another client write once a second.
func readers() Case {
	return Case{
		Name:  "readers-16",
		Title: "16 readers on one session, and a writer elsewhere once a second",
		Table: tableReaders,
		// kazoo takes no part. Its readers wait for writers behind them too (recipe/lock.py,
		// _get_predecessor: a reader's name is not among those it compares), and then both wait for
		// ever.
		libraries: []string{nameOurs, nameHandoff, nameMany, nameCurator},
		pass: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			r, ok := c.(readWriter)
			if !ok {
				return nil, errUnsupported
			}
			every := min(time.Second, b.measure/2)
			t, err := r.readWrite(ctx,
				readWrite{place: p, readers: 16, every: every, warm: b.warm, measure: b.measure})
			return Sample{
				figureRate: t.rate(), figureFairness: Fairness(t.counts),
				figureWrites: float64(t.writes), figureLongestWrite: milliseconds(t.longestWrite),
			}, err
		},
	}
}
