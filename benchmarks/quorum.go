package benchmarks

// These are the cases on three servers that wait for the disk.

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/zookylock/zklock/zktest"
)

// ensembleOfThree starts three servers, which the run stops at its end.
func (b *bench) ensembleOfThree(ctx context.Context) (*zktest.Ensemble, error) {
	if b.three != nil {
		return b.three, nil
	}
	e, err := zktest.Run(ctx, zktest.WithServers(3), zktest.WithTickTime(tick), zktest.WithFsync(),
		zktest.WithLogf(b.logf))
	if err != nil {
		return nil, err
	}
	b.three = e
	return e, b.warmUp(ctx, e)
}

// quorum makes n sessions take a lock in turns. Each session has one server, the next one the next.
func quorum(n int, delay time.Duration) Case {
	name, title := delayed(delay, fmt.Sprintf("quorum-%d", n),
		fmt.Sprintf("%d sessions, three servers", n))
	return Case{
		Name: name, Title: title, Table: tableQuorum,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			e, err := b.ensembleOfThree(ctx)
			if err != nil {
				return nil, err
			}
			p.connect, p.spread = e.Connect(), true
			if delay > 0 {
				m := meterOf(e)
				defer m.close()
				m.Delay(delay)
				p.connect = m.Addr()
			}
			var mu sync.Mutex
			var releases []time.Duration
			var before, after time.Duration
			t, err := c.loop(ctx, loop{
				place: p, sessions: n, workers: 1, warm: b.warm, measure: b.measure,
				begin: func() (err error) { before, err = serverCPU(e.Servers()...); return err },
				end:   func() (err error) { after, err = serverCPU(e.Servers()...); return err },
				released: func(took time.Duration) {
					mu.Lock()
					defer mu.Unlock()
					releases = append(releases, took)
				},
			})
			if err != nil {
				return nil, err
			}
			ms := inMilliseconds(releases)
			s := Sample{
				figureRate: t.rate(), figureFairness: Fairness(t.counts),
				figureRelease: Percentile(ms, 50), figureLongRelease: Percentile(ms, 99),
			}
			if after >= 0 {
				s[figureServerCPU] = milliseconds(after-before) / float64(sum(t.counts))
			}
			return s, nil
		},
		count: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			e, err := b.ensembleOfThree(ctx)
			if err != nil {
				return nil, err
			}
			m := meterOf(e)
			defer m.close()
			p.connect, p.spread = m.Addr(), true
			return perAcquisition(m, b.measure, func(measure time.Duration) (int, error) {
				t, err := c.loop(ctx, loop{place: p, sessions: n, workers: 1, measure: measure})
				return sum(t.counts), err
			})
		},
	}
}
