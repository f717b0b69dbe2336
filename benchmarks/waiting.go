package benchmarks

// These are the cases with many contenders that wait: queues, giving up, and reconnections.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// longQueue makes n wait on one session while the lock is passed on.
func longQueue(n int) Case {
	c := queueing(n, func(contenders int) (sessions, each int) { return 1, contenders },
		(*server).received)
	c.Name, c.Title = fmt.Sprintf("queue-%d", n), fmt.Sprintf("queue of %d", n)
	if n >= 5000 {
		c.rounds = 3
	}
	return c
}

// queueOfSessions makes n wait, each on a session of its own. The server counts the pings of so
// many sessions as requests, so it is quiet when no more watches are set: with every library that
// is the last that a contender does before it waits.
func queueOfSessions(n int) Case {
	c := queueing(n, func(contenders int) (sessions, each int) { return contenders, 1 },
		(*server).watches)
	c.Name, c.Title = fmt.Sprintf("queue-sessions-%d", n), fmt.Sprintf("queue of %d sessions", n)
	if n >= 1000 {
		c.rounds = 3
	}
	return c
}

// queueing makes n contenders wait on average, and waits until what the server counts is quiet.
func queueing(n int, spread func(contenders int) (sessions, each int),
	count func(*server) (int64, error)) Case {
	handOffs := min(max(4, n/2), 100)
	contenders := n + handOffs/2
	sessions, each := spread(contenders)
	return Case{
		Table: tableQueue, timeout: longTimeout,
		libraries: []string{nameOurs, nameZkLock, nameCurator, nameKazoo},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			qr, ok := c.(queuer)
			if !ok {
				return nil, errUnsupported
			}
			var begin time.Time
			q, err := qr.queue(ctx, p, sessions, each, func() { begin = time.Now() })
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			joined, err := quiet(ctx, 10*time.Millisecond, b.idle,
				func() (int64, error) { return count(b.server) })
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
			var size, asks int64
			q, err := qr.queue(ctx, p, sessions, each,
				func() { size, asks = m.bytes(), m.requests.Load() })
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			if err := m.quiet(ctx, b.idle); err != nil {
				return nil, err
			}
			s := Sample{
				figureJoinBytes:    float64(m.bytes()-size) / float64(contenders),
				figureJoinRequests: float64(m.requests.Load()-asks) / float64(contenders),
			}
			in := m.in.Load()
			asks = m.requests.Load()
			if _, err := q.handOff(ctx, handOffs); err != nil {
				return nil, err
			}
			if err := m.quiet(ctx, b.idle); err != nil {
				return nil, err
			}
			s[figureHandOffBytes] = float64(m.in.Load()-in) / float64(handOffs)
			s[figureHandOffAsks] = float64(m.requests.Load()-asks) / float64(handOffs)
			return s, nil
		},
	}
}

// quiet waits until no request and no answer has come for a moment.
func (m *meter) quiet(ctx context.Context, idle time.Duration) error {
	_, err := quiet(ctx, 10*time.Millisecond, idle, func() (int64, error) { return m.bytes(), nil })
	return err
}

// drain makes n wait on one session and lets them all through. The servers refuse to list so many
// to the other clients.
func drain(n int) Case {
	return Case{
		Name: fmt.Sprintf("drain-%d", n), Title: fmt.Sprintf("queue of %d, let through", n),
		Table: tableQueue, timeout: longTimeout,
		libraries: []string{nameOurs}, rounds: 1, long: true,
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			var begin time.Time
			q, err := c.(queuer).queue(ctx, p, 1, n, func() { begin = time.Now() })
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, q.leave()) }()
			joined, err := quiet(ctx, 10*time.Millisecond, b.idle, b.server.received)
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
			if err := m.quiet(ctx, b.idle); err != nil {
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
