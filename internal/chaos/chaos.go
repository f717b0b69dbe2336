//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Run makes a run and checks it. The error says that it could not be made; violations are in the
// Report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 3 * time.Second
	}
	if cfg.Clients == 0 {
		cfg.Clients = 5
	}
	r := &run{cfg: cfg, history: newHistory(), faults: make(map[string]int),
		failed: make(map[string]int)}
	report, err := r.make(ctx)
	if err != nil {
		return nil, fmt.Errorf("chaos: seed %d: %w", cfg.Seed, err)
	}
	if len(report.Violations) > 0 || cfg.Keep {
		err = r.keep(report)
	}
	return report, err
}

func (r *run) make(ctx context.Context) (_ *Report, err error) {
	special := ensembleConfig{clocks: r.cfg.Clocks}
	if r.cfg.Unequal {
		special.each = unequal(r.cfg.Timeout)
	}
	if r.ensemble, err = startEnsemble(ctx, special); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "chaos-names.")
	if err != nil {
		return nil, errors.Join(err, r.ensemble.stop())
	}
	stopped := false
	defer func() {
		for _, c := range r.clients {
			if !stopped {
				c.kill()
			}
			for _, l := range c.links {
				err = errors.Join(err, l.close())
			}
		}
		err = errors.Join(err, r.ensemble.stop(), os.RemoveAll(dir))
	}()
	if r.store, err = newStore(); err != nil {
		return nil, err
	}
	defer r.store.close()
	if r.writes, err = newCollector(ctx, r.ensemble.Connect()); err != nil {
		return nil, err
	}
	defer r.writes.close()
	zooky, remove, err := buildZooky(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	for i := range r.cfg.Clients {
		if err := r.addClient(i, filepath.Join(dir, fmt.Sprint(i)), ""); err != nil {
			return nil, err
		}
	}
	if err := r.addClient(r.cfg.Clients, "", zooky); err != nil {
		return nil, err
	}
	if err := r.allStarted(ctx); err != nil {
		return nil, err
	}

	r.begun = time.Now()
	r.history.record(Event{Kind: kindBegun, Worker: -1})
	plan := newPlan(r.cfg)
	var tracks sync.WaitGroup
	// both end with their plan or ctx; waited for below
	tracks.Go(func() { r.inject(ctx, plan.Servers) })
	tracks.Go(func() { r.inject(ctx, plan.Clients) })
	tracks.Wait()
	r.until(ctx, r.cfg.Duration)
	if err := errors.Join(ctx.Err(), r.heal()); err != nil {
		return nil, err
	}
	r.history.record(Event{Kind: kindHealed, Worker: -1})
	r.logf("%7.2fs  healed", r.since().Seconds())

	report := newReport(r.cfg)
	report.ZooKeeper = r.ensemble.version()
	report.Faults, report.FailedFaults, report.Moved = r.faults, r.failed, r.hung
	stuck := r.settle(ctx)
	if len(stuck) > 0 {
		if err := r.compare(ctx, report); err != nil {
			return nil, err
		}
	}
	var finishing sync.WaitGroup
	for i, c := range r.clients {
		if idle := stuck[i]; idle != nil {
			report.violate("stuck",
				"worker %d: goroutines %v were not granted their locks after all was well:\n%s", i,
				idle, c.stacks())
			continue
		}
		finishing.Go(func() { // bounded by finish's patience; waited for below
			if err := c.finish(4*r.cfg.Timeout + 10*time.Second); err != nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				report.violate("worker", "%v", err)
			}
		})
	}
	finishing.Wait()
	stopped = true
	if len(stuck) > 0 {
		// they were killed: what they leave is gone once their sessions are
		r.sleep(ctx, 2*r.cfg.Timeout)
	}
	if err := r.inspect(ctx, report); err != nil {
		return nil, err
	}
	logs := r.store.close()
	maps.Copy(logs, r.writes.logs())
	report.check(r.history, logs)
	report.logs = logs
	return report, nil
}

// addClient adds a worker: one that has a file of its own with its servers' names, or one that runs
// zooky, which gets their addresses.
func (r *run) addClient(i int, file, zooky string) (err error) {
	c := &client{h: r.history, cfg: workerConfig{
		Worker:  i,
		Seed:    r.cfg.Seed,
		Store:   r.store.listener.Addr().String(),
		Timeout: r.cfg.Timeout,
		Lease:   r.cfg.Lease,
		Zooky:   zooky,
	}}
	if file != "" {
		if c.names, err = newNames(file, loopback); err != nil {
			return err
		}
		c.cfg.Names = file
	}
	var addrs []string
	for n, s := range r.ensemble.Servers() {
		l, err := newLink(s.Addr(), 0)
		if err != nil {
			return err
		}
		l.granted = func(session int64, timeout time.Duration) {
			r.history.record(Event{Kind: kindTimeout, Worker: i, Session: session,
				Timeout: int64(timeout)})
		}
		c.links = append(c.links, l)
		addr := l.addr()
		if file != "" {
			addr = net.JoinHostPort(serverName(n), port(l))
		}
		addrs = append(addrs, addr)
	}
	k := i % servers // each prefers another server
	c.cfg.Connect = strings.Join(append(addrs[k:len(addrs):len(addrs)], addrs[:k]...), ",")
	if err := c.start(); err != nil {
		return err
	}
	r.clients = append(r.clients, c)
	return nil
}

// allStarted waits until every client has a session.
func (r *run) allStarted(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("clients did not start"))
	defer cancel()
	for _, c := range r.clients {
		for !r.history.hasStarted(c.cfg.Worker, c.cfg.Life) {
			if r.sleep(ctx, 10*time.Millisecond); ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// settle lets the clients work undisturbed until every goroutine has been granted its lock, and for
// long enough that the sessions of killed clients are over. It returns, by worker, the goroutines
// that never were.
func (r *run) settle(ctx context.Context) map[int][]int {
	before := r.grants()
	limit := time.After(30*time.Second + 5*r.cfg.Timeout)
	r.sleep(ctx, 2*r.cfg.Timeout)
	for {
		idle := make(map[int][]int)
		after := r.grants()
		for _, c := range r.clients {
			for g := range c.cfg.jobs() {
				if who := [2]int{c.cfg.Worker, g}; after[who] == before[who] {
					idle[who[0]] = append(idle[who[0]], g)
				}
			}
		}
		if len(idle) == 0 || ctx.Err() != nil {
			return nil
		}
		select {
		case <-limit:
			return idle
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (r *run) grants() map[[2]int]uint64 {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	grants := make(map[[2]int]uint64)
	for who, n := range r.history.granted {
		grants[who] = n
	}
	return grants
}
