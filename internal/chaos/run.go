//go:build unix

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// Config says what a run does.
type Config struct {
	Duration time.Duration // of the faults; starting, settling and checking come on top
	Seed     uint64
	Timeout  time.Duration // the clients' session timeout, 3 s if zero
	Clients  int           // processes that use the library, 5 if zero; one more runs zooky
	Lease    zklock.Lease
	Unequal  bool      // the servers have different ticks, and grant different session timeouts
	Clocks   bool      // the servers' wall clocks may be stepped
	Only     []string  // no faults but these
	Dir      string    // where the history goes after a violation; a temporary folder if empty
	Keep     bool      // write the history in any case
	Log      io.Writer // what happens, as it happens; nil for nowhere
}

// run is one run under way.
type run struct {
	cfg      Config
	begun    time.Time
	history  *history
	ensemble *ensemble
	store    *store
	clients  []*client
	writes   *collector

	mu     sync.Mutex // guards the fields below, and cfg.Log
	hung   int        // writes without an answer when their session was moved
	faults map[string]int
	failed map[string]int // faults that could not happen, or only in part
}

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
// long enough that the sessions of those that were killed are over. It returns, by worker, the
// goroutines that never were.
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

// compare looks whether the servers agree.
func (r *run) compare(ctx context.Context, report *Report) error {
	disagreements, err := r.ensemble.compare(ctx)
	for _, text := range disagreements {
		report.violate("diverged", "%s", text)
	}
	return err
}

// inspect looks at what the clients have left in the ensemble.
func (r *run) inspect(ctx context.Context, report *Report) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := r.writes.finish()
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for _, text := range r.writes.late {
		report.violate("diverged", "%s", text)
	}
	if compareErr := r.compare(ctx, report); compareErr != nil ||
		err != nil && report.Count("diverged") == 0 {
		return errors.Join(err, compareErr)
	}
	s, err := zklock.Dial(ctx, r.ensemble.Connect(), zklock.WithRoot(lockRoot))
	if err != nil {
		return err
	}
	for _, name := range lockNames {
		m, err := s.Mutex(name)
		if err != nil {
			return err
		}
		left, err := r.left(ctx, m.Path())
		if err != nil {
			return err
		}
		for _, text := range left {
			report.violate("orphan", "%s", text)
		}
		if _, err := m.TryLockContext(ctx); err != nil {
			report.violate("orphan", "%v", err)
			continue
		}
		report.lastTokens[name] = m.Token().String()
	}
	return errors.Join(r.inspectPool(ctx, s, report), s.Close())
}

// inspectPool looks at what the clients have left of the semaphore.
func (r *run) inspectPool(ctx context.Context, s *zklock.Session, report *Report) error {
	pool, err := s.Semaphore(poolName, poolSize)
	if err != nil {
		return err
	}
	for _, dir := range []string{"/locks", "/leases"} {
		left, err := r.left(ctx, pool.Path()+dir)
		if err != nil {
			return err
		}
		for _, text := range left {
			report.violate("orphan", "%s", text)
		}
	}
	if _, err := pool.TryAcquire(ctx, poolSize); err != nil {
		report.violate("orphan", "%v", err)
	}
	return nil
}

// keep writes the history, what each register has executed, every violation, and porcupine's
// pictures of what it refused.
func (r *run) keep(report *Report) (err error) {
	dir := r.cfg.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "chaos-history."); err != nil {
			return err
		}
	} else if err = os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	report.Dir = dir
	if err = r.history.write(filepath.Join(dir, "history.jsonl")); err != nil {
		return err
	}
	for name, log := range report.logs {
		text, err := json.MarshalIndent(log, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name.Register+"-"+name.Lock+".json"), text,
			0o666); err != nil {
			return err
		}
	}
	var list strings.Builder
	for _, v := range report.Violations {
		fmt.Fprintf(&list, "%s: %s\n", v.Kind, v.Text)
		for _, text := range v.Told {
			fmt.Fprintf(&list, "\t%s\n", text)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "violations.txt"), []byte(list.String()),
		0o666); err != nil {
		return err
	}
	for name, picture := range report.pictures {
		file := filepath.Join(dir, name.Register+"-"+name.Lock+".html")
		if err = picture(file); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) since() time.Duration { return time.Since(r.begun) }

func (r *run) count(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed[what]++
	} else {
		r.faults[what]++
	}
}

func (r *run) logf(format string, args ...any) {
	if r.cfg.Log == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.cfg.Log, format+"\n", args...)
}
