package zktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An Ensemble is one ZooKeeper server, or several that form a quorum. Its methods are safe for
// concurrent use.
type Ensemble struct {
	connect string // host:port,host:port/chroot
	addrs   []string
	chroot  string
	servers []*Server
	janitor *janitor   // nil with a server of the user's
	ports   *portBlock // likewise
	stop    func() error
}

// Start starts an ensemble that is stopped by tb.Cleanup. It returns when the ensemble serves
// clients, which takes a third of a second for one server and a second for three. If that fails,
// Start ends the test with tb.Fatal.
//
// With ZKLOCK_CONNECT in the environment, and without options that need servers of the test's own,
// Start uses the server that the variable names; see the package documentation.
func Start(tb testing.TB, opts ...Option) *Ensemble {
	tb.Helper()
	return start(tb, opts, func(err error) { tb.Helper(); tb.Fatal(err) })
}

// StartOrSkip is like [Start], but skips the test if there is no ZooKeeper or Java and neither can
// be downloaded. Other errors end the test with tb.Fatal. In CI use Start: a test that is skipped
// has not passed.
func StartOrSkip(tb testing.TB, opts ...Option) *Ensemble {
	tb.Helper()
	return start(tb, opts, func(err error) {
		tb.Helper()
		if errors.As(err, new(notProvided)) {
			tb.Skip(err)
		}
		tb.Fatal(err)
	})
}

// start starts an ensemble for Start and StartOrSkip. failed does not return.
func start(tb testing.TB, opts []Option, failed func(error)) *Ensemble {
	tb.Helper()
	opts = append([]Option{WithLogf(tb.Logf)}, opts...)
	e, err := Run(tb.Context(), opts...)
	if err != nil {
		failed(err)
	}
	tb.Cleanup(func() {
		if err := e.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// Run starts an ensemble for a program, which stops it by [Ensemble.Stop]. If the program dies
// before, the servers end too. ctx bounds the start, downloads included, and has no effect after
// Run has returned. If Run fails it leaves nothing running.
//
// Run treats ZKLOCK_CONNECT as [Start] does.
func Run(ctx context.Context, opts ...Option) (*Ensemble, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if connect := os.Getenv("ZKLOCK_CONNECT"); connect != "" && !c.owned {
		return attach(ctx, connect)
	}
	inst, err := provision(ctx, c.logf)
	if err == nil && c.tls != nil {
		inst, err = inst.withNetty(ctx, c.logf)
	}
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		e, err := launch(ctx, c, inst)
		// Another process took a port after it was found free and before the server took it.
		if errors.Is(err, errPortTaken) && c.port == 0 && attempt < 5 {
			c.logf("zktest: %v; trying other ports", err)
			continue
		}
		return e, err
	}
}

// attach returns an ensemble for a server that runs already.
func attach(ctx context.Context, connect string) (*Ensemble, error) {
	hosts, chroot := splitConnect(connect)
	e := &Ensemble{connect: connect, addrs: hosts, chroot: chroot, stop: func() error {
		return nil
	}}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var failed error
	for _, addr := range e.addrs {
		err := checkServing(ctx, addr)
		if err == nil {
			return e, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil,
		fmt.Errorf("zktest: ZKLOCK_CONNECT=%s: no ZooKeeper answers there; start it, or unset the variable to have one started: %w", connect, failed)
}

// splitConnect takes a connect string apart: host:port,host:port/chroot.
func splitConnect(connect string) (hosts []string, chroot string) {
	list, chroot, found := strings.Cut(connect, "/")
	if found {
		chroot = strings.TrimSuffix("/"+chroot, "/")
	}
	return strings.Split(list, ","), chroot
}

// Connect returns the connect string, host:port,host:port. It names all servers, whether they run
// or not, and never changes.
func (e *Ensemble) Connect() string { return e.connect }

// Servers returns the servers in the order of Connect. It returns none if ZKLOCK_CONNECT names the
// server, which this package does not control.
func (e *Ensemble) Servers() []*Server { return slices.Clone(e.servers) }

// Stop kills every server, paused or not, removes their data, and returns when both are done.
// Calling it again has no effect. It leaves the server that ZKLOCK_CONNECT names running.
func (e *Ensemble) Stop() error { return e.stop() }

// WaitLeader waits until a server leads, and returns it; a standalone server leads itself. It fails
// when ctx ends, and at once if the ensemble has no servers of its own.
func (e *Ensemble) WaitLeader(ctx context.Context) (*Server, error) {
	if len(e.servers) == 0 {
		return nil,
			errors.New("zktest: ZKLOCK_CONNECT is set: use WithServers where a test controls servers")
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		found := make(chan *Server, len(e.servers))
		round, cancel := context.WithTimeout(ctx, time.Second)
		var asking sync.WaitGroup // each ends with its answer or with round
		for _, s := range e.servers {
			if running, paused := s.state(); !running || paused {
				continue
			}
			asking.Go(func() {
				reply, err := s.command(round, "srvr")
				if err == nil && leads(reply) {
					found <- s
				}
			})
		}
		asking.Wait()
		cancel()
		select {
		case s := <-found:
			return s, nil
		default:
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("zktest: no leader: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// quorumRunning reports whether enough servers run, unpaused, to serve.
func (e *Ensemble) quorumRunning() bool {
	n := 0
	for _, s := range e.servers {
		if running, paused := s.state(); running && !paused {
			n++
		}
	}
	return n > len(e.servers)/2
}
