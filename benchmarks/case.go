package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Case is a situation that libraries are compared in.
type Case struct {
	Name, Title string
	Table       string        // which table it stands in
	libraries   []string      // who takes part, as far as they are asked for
	rounds      int           // at most; 0 for as many as are asked for
	long        bool          // only if asked for
	timeout     time.Duration // of the sessions; 0 for sessionTimeout

	// pass takes one sample of times. Where count is set it takes another one, of what only a proxy
	// can count.
	pass  func(context.Context, *bench, client, place) (Sample, error)
	count func(context.Context, *bench, client, place) (Sample, error)
}

// Sample is what one pass found, by the name of the figure.
type Sample map[string]float64

// Figures, by their names in results. Times are in milliseconds.
const (
	figureRate     = "acquisitions/s"
	figureFairness = "fewest/most"
	figureRequests = "requests/acquisition"
	figureBytes    = "bytes/acquisition"

	figureRemoteRate  = "remote acquisitions/s"
	figureRemoteWaits = "local holds a remote contender waited for"

	figureWrites       = "writes"
	figureLongestWrite = "longest wait of a writer"

	figureJoinBytes    = "bytes/contender to queue"
	figureJoinRequests = "requests/contender to queue"
	figureHandOff      = "time/hand-off"
	figureHandOffBytes = "bytes/hand-off"
	figureHandOffAsks  = "requests/hand-off"

	figureHeldMemory        = "bytes/held lock"
	figureWaitingStacks     = "stack bytes/waiting lock"
	figureHeldGoroutines    = "goroutines/held lock"
	figureWaitingMemory     = "bytes/waiting lock"
	figureWaitingGoroutines = "goroutines/waiting lock"

	figureCancel        = "cancelled, servers answering"
	figureCancelLongest = "cancelled, servers answering, longest"
	figureHang          = "cancelled, servers hanging"
	figureHangLongest   = "cancelled, servers hanging, longest"

	figurePeak        = "requests in the busiest second"
	figureAllRequests = "requests until quiet"
	figureAllBytes    = "bytes until quiet"
	figureAllTime     = "time until quiet"
)

const (
	sessionTimeout = 10 * time.Second // the default of the library

	// longTimeout is for cases in which thousands wait without a change: nobody is to look after
	// his session, or at the queue again, in the middle of it.
	longTimeout = 30 * time.Second
)

// cases returns all cases. A quick run has fewer contenders in the largest ones.
func cases(quick bool) []Case {
	everybody := []string{nameOurs, nameZkLock, nameCurator, nameKazoo, nameLimit}
	sharing := []string{nameOurs, nameHandoff, nameZkLock, nameCurator, nameKazoo, nameLimit}
	all := []Case{throughput("alone", "alone", everybody, 1, 1, 0)}
	for _, n := range []int{2, 8, 32, 128} {
		all = append(all,
			throughput(fmt.Sprintf("sessions-%d", n), fmt.Sprintf("%d sessions", n),
				everybody, n, 1, 0))
	}
	all = append(all,
		throughput("goroutines-64", "64 goroutines, one session", sharing, 1, 64, 0),
		looping("semaphore-10", "semaphore of 10, 100 sessions",
			[]string{nameOurs, nameCurator, nameKazoo},
			loop{sessions: 100, workers: 1, permits: 10}, 0),
		remoteContender(),
		readers(),
		throughput("delay-1ms", "alone, 1 ms each way", everybody, 1, 1, time.Millisecond),
		throughput("delay-10ms", "alone, 10 ms each way", everybody, 1, 1, 10*time.Millisecond),
		throughput("sessions-8-delay-1ms", "8 sessions, 1 ms each way", everybody, 8, 1,
			time.Millisecond),
		looping("held-5ms", "alone, held for 5 ms", []string{nameOurs, nameZkLock},
			loop{sessions: 1, workers: 1, hold: 5 * time.Millisecond}, 0),
	)
	lengths, waiting := []int{10, 100, 1000, 5000}, 10000
	if quick {
		lengths, waiting = []int{10, 100, 1000}, 1000
	}
	for _, n := range lengths {
		all = append(all, longQueue(n))
	}
	all = append(all, drain(20000), footprint(waiting), cancelling(), reconnecting(waiting))
	return all
}

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
		return perAcquisition(m, b.measure, func(measure time.Duration) (int, error) {
			l.measure = measure
			t, err := c.loop(ctx, l)
			return sum(t.counts), err
		})
	}
	return Case{Name: name, Title: title, Table: tableThroughput, libraries: libraries,
		pass: pass, count: count}
}

// perAcquisition takes the difference between a long pass and a short one: sessions are opened and
// closed, and whoever waits at the end is let through, in both.
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
		if n2 > n1 {
			return Sample{figureRequests: (asks2 - asks1) / (n2 - n1),
				figureBytes: (size2 - size1) / (n2 - n1)}, nil
		}
	}
	return nil, fmt.Errorf("%v acquisitions in a long pass, %v in a short one", n2, n1)
}

// remoteContender has 64 goroutines share a session while somebody else wants the lock too.
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

// readers has 16 goroutines read, and somebody else write once a second.
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

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// idle is how long nothing happens in a queue that has settled.
const idle = time.Second

// longQueue has n wait on one session while the lock is passed on.
func longQueue(n int) Case {
	handOffs := min(max(4, n/2), 100)
	contenders := n + handOffs/2 // n on average
	c := Case{
		Name: fmt.Sprintf("queue-%d", n), Title: fmt.Sprintf("queue of %d", n), Table: tableQueue,
		timeout:   longTimeout,
		libraries: []string{nameOurs, nameZkLock, nameCurator, nameKazoo},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			qr, ok := c.(queuer)
			if !ok {
				return nil, errUnsupported
			}
			begin := time.Now()
			q, err := qr.queue(ctx, p, contenders)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			joined, err := quiet(ctx, 10*time.Millisecond, idle, b.server.received)
			if err != nil {
				return nil, err
			}
			took, err := q.handOff(ctx, handOffs)
			return Sample{
				figureAllTime: milliseconds(joined.Sub(begin)),
				figureHandOff: milliseconds(took) / float64(handOffs),
			}, err
		},
		count: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			qr, ok := c.(queuer)
			if !ok {
				return nil, errUnsupported
			}
			m := b.server.meter()
			defer m.close()
			p.connect = m.Addr()
			q, err := qr.queue(ctx, p, contenders)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			if err := m.quiet(ctx); err != nil {
				return nil, err
			}
			in, size, asks := m.BytesIn(), m.bytes(), m.requests.Load()
			s := Sample{
				figureJoinBytes:    float64(size) / float64(contenders),
				figureJoinRequests: float64(asks) / float64(contenders),
			}
			if _, err := q.handOff(ctx, handOffs); err != nil {
				return nil, err
			}
			if err := m.quiet(ctx); err != nil {
				return nil, err
			}
			s[figureHandOffBytes] = float64(m.BytesIn()-in) / float64(handOffs)
			s[figureHandOffAsks] = float64(m.requests.Load()-asks) / float64(handOffs)
			return s, nil
		},
	}
	if n >= 5000 {
		c.rounds = 3
	}
	return c
}

// quiet waits until no request and no answer has come for a moment.
func (m *meter) quiet(ctx context.Context) error {
	_, err := quiet(ctx, 10*time.Millisecond, idle, func() (int64, error) { return m.bytes(), nil })
	return err
}

// drain has n wait on one session and lets them all through. The servers refuse to list so many to
// the other clients.
func drain(n int) Case {
	return Case{
		Name: fmt.Sprintf("drain-%d", n), Title: fmt.Sprintf("queue of %d, let through", n),
		Table: tableQueue, timeout: longTimeout,
		libraries: []string{nameOurs}, rounds: 1, long: true,
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			begin := time.Now()
			q, err := c.(queuer).queue(ctx, p, n)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			joined, err := quiet(ctx, 10*time.Millisecond, idle, b.server.received)
			if err != nil {
				return nil, err
			}
			took, err := q.handOff(ctx, n-1)
			return Sample{
				figureAllTime: milliseconds(joined.Sub(begin)),
				figureHandOff: milliseconds(took) / float64(n-1),
			}, err
		},
	}
}

// cancelling measures how long a call takes to return once its context ends.
func cancelling() Case {
	return Case{
		Name: "cancel", Title: "from the end of a context to the return of the call",
		Table:     tableCancel,
		libraries: []string{nameOurs}, rounds: 3,
		pass: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			canceller, ok := c.(canceller)
			if !ok {
				return nil, errUnsupported
			}
			// All of it is over within a part of the session timeout.
			answering, hanging, err := canceller.cancel(ctx, p, 30, func() (func() error, error) {
				return b.server.Resume, b.server.Pause()
			})
			if err != nil {
				return nil, err
			}
			a, h := inMilliseconds(answering), inMilliseconds(hanging)
			return Sample{
				figureCancel: Median(a), figureCancelLongest: slices.Max(a),
				figureHang: Median(h), figureHangLongest: slices.Max(h),
			}, nil
		},
	}
}

func inMilliseconds(durations []time.Duration) []float64 {
	ms := make([]float64, len(durations))
	for i, d := range durations {
		ms[i] = milliseconds(d)
	}
	return ms
}

// reconnecting breaks the connection of a session with n contenders.
func reconnecting(n int) Case {
	return Case{
		Name:  fmt.Sprintf("reconnect-%d", n),
		Title: fmt.Sprintf("reconnection with %d waiting on one session", n),
		Table: tableReconnect, timeout: longTimeout, rounds: 1,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			w, ok := c.(waiter)
			if !ok {
				return nil, errUnsupported
			}
			m := b.server.meter()
			defer m.close()
			p.connect = m.Addr()
			leave, err := w.wait(ctx, p, n, func() {})
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, leave()) }()
			if err := m.quiet(ctx); err != nil {
				return nil, err
			}

			asks, size := m.requests.Load(), m.bytes()
			begin := time.Now()
			var curve []int64 // requests so far, at every tick
			m.Break()
			last, changed := asks, 0
			for last == asks || len(curve)-changed < ticksPerSecond {
				sleep(ctx,
					time.Until(begin.Add(time.Duration(len(curve)+1)*time.Second/ticksPerSecond)))
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				now := m.requests.Load()
				curve = append(curve, now-asks)
				if now != last {
					last, changed = now, len(curve)
				}
			}
			return Sample{
				figurePeak: busiestSecond(curve), figureAllRequests: float64(last - asks),
				figureAllBytes: float64(m.bytes() - size),
				figureAllTime:  float64(changed) * 1000 / ticksPerSecond,
			}, nil
		},
	}
}

const ticksPerSecond = 50

// busiestSecond returns the most that a count grew by within a second. curve has its value at every
// tick.
func busiestSecond(curve []int64) float64 {
	var most int64
	for i, n := range curve {
		var before int64
		if i >= ticksPerSecond {
			before = curve[i-ticksPerSecond]
		}
		most = max(most, n-before)
	}
	return float64(most)
}
