package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock/zktest"
)

// Options says what to run.
type Options struct {
	Cases     *regexp.Regexp // of those to run; nil for all
	Libraries *regexp.Regexp // likewise
	Quick     bool           // to see that everything works, in a minute
	Long      bool           // with the cases that take minutes each
	Peers     bool           // with kazoo, Curator and etcd, which are fetched if need be
	Rounds    int            // 0 for 5, or 1 in a quick run

	Warm, Measure time.Duration // of a pass; 0 for what suits the above

	Logf func(format string, args ...any) // progress
}

// Run measures. A pass that fails is noted in the report and leaves the others alone; if ctx ends,
// the report has the cases that were finished.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	b := &bench{warm: o.Warm, measure: o.Measure, quick: o.Quick, logf: o.Logf, clients: make(map[string]client)}
	if b.logf == nil {
		b.logf = func(string, ...any) {}
	}
	b.idle = time.Second
	if o.Quick {
		b.idle /= 2
		b.defaults(50*time.Millisecond, 400*time.Millisecond)
	} else {
		b.defaults(500*time.Millisecond, 3*time.Second)
	}
	if o.Rounds == 0 {
		o.Rounds = 5
		if o.Quick {
			o.Rounds = 1
		}
	}
	if b.dir, err = os.MkdirTemp("", "zklock-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.server, err = startServer(ctx, b.logf); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	defer func() {
		if b.three != nil {
			err = errors.Join(err, b.three.Stop())
		}
	}()
	defer func() {
		for _, c := range b.clients {
			err = errors.Join(err, c.close())
		}
	}()
	r := &Report{Quick: o.Quick, Rounds: o.Rounds}
	if r.Machine, err = newMachine(b.server); err != nil {
		return nil, err
	}
	if err := b.startClients(ctx, o); err != nil {
		return nil, err
	}
	r.Machine.Peers = b.versions
	if err := b.warmUp(ctx, b.server.ensemble); err != nil {
		return nil, err
	}
	for _, c := range cases(o.Quick) {
		if o.Cases != nil && !o.Cases.MatchString(c.Name) || c.long && !o.Long {
			continue
		}
		results, failures := b.run(ctx, c, o.Rounds)
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		r.Results = append(r.Results, results...)
		r.Failures = append(r.Failures, failures...)
	}
	return r, nil
}

func (b *bench) defaults(warm, measure time.Duration) {
	if b.warm == 0 {
		b.warm = warm
	}
	if b.measure == 0 {
		b.measure = measure
	}
}

func (b *bench) startClients(ctx context.Context, o Options) error {
	for _, l := range libraries() {
		if !o.Peers && l.peer ||
			o.Libraries != nil && !o.Libraries.MatchString(l.Name) {
			continue
		}
		c, err := l.start(ctx, b)
		if errors.Is(err, errUnsupported) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		b.clients[l.Name] = c
	}
	return nil
}

// warmUp makes servers, and clients in Java, compile what they need.
func (b *bench) warmUp(ctx context.Context, e *zktest.Ensemble) error {
	for name, c := range b.clients {
		p := b.place("warm", 0)
		p.connect = e.Connect()
		_, err := c.loop(ctx, loop{place: p, sessions: 2, workers: 2, measure: 4 * b.warm})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// place returns a lock that no client has used yet. All are equally deep: the servers check rights
// on every level.
func (b *bench) place(name string, timeout time.Duration) place {
	b.passes++
	if timeout == 0 {
		timeout = sessionTimeout
	}
	return place{connect: b.server.ensemble.Connect(), timeout: timeout,
		path: fmt.Sprintf("%s/%s-%d", root, name, b.passes)}
}

// run takes the passes of one case.
func (b *bench) run(ctx context.Context, c Case, rounds int) (results []Result, failures []string) {
	for _, name := range c.libraries {
		if _, there := b.clients[name]; there {
			results = append(results,
				Result{Case: c.Name, Title: c.Title, Table: c.Table, Library: name,
					Values: make(map[string][]float64)})
		}
	}
	if c.rounds > 0 {
		rounds = min(rounds, c.rounds)
	}
	passAll := func(what string,
		pass func(context.Context, *bench, client, place) (Sample, error)) {
		for i := range results {
			r := &results[i]
			s, err := b.pass(ctx, c, r.Library, pass)
			title := fmt.Sprintf("%s, %s, %s", c.Name, r.Library, what)
			if err != nil {
				failures = append(failures, fmt.Sprintf("%s: %v", title, err))
				b.logf("%s failed: %v", title, err)
				continue
			}
			r.add(s)
			b.logf("%s: %s", title, s)
		}
	}
	for round := 1; round <= rounds && ctx.Err() == nil; round++ {
		passAll(fmt.Sprintf("round %d of %d", round, rounds), c.pass)
	}
	if c.count != nil && ctx.Err() == nil {
		passAll("counting", c.count)
	}
	return results, failures
}

// passLimit is for passes that hang. kazoo needs minutes for its longest.
const passLimit = 4 * time.Minute

func (b *bench) pass(
	ctx context.Context, c Case, library string,
	pass func(context.Context, *bench, client, place) (Sample, error),
) (Sample, error) {
	runtime.GC() // what the last pass has left is not for this one to clear away
	ctx, cancel := context.WithTimeout(ctx, passLimit)
	defer cancel()
	p := b.place(c.Name, c.timeout)
	s, err := pass(ctx, b, b.clients[library], p)
	if err != nil {
		return nil, err
	}
	return s, b.sweep(ctx, p.path)
}

func (s Sample) String() string {
	var parts []string
	for figure, v := range s {
		parts = append(parts, fmt.Sprintf("%s %.4g", figure, v))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
