package monitoring

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/otelzklock"
	"github.com/zookylock/zklock/zktest"
)

// Scene is three servers, programs that share locks on them, zooky export, and a Prometheus that
// scrapes all of them.
type Scene struct {
	ensemble   *zktest.Ensemble
	prometheus *Prometheus
	pages      []Scraped
	programs   []*zklock.Session
	operator   *zklock.Session
	dir        string          // of the data
	ctx        context.Context // ended by Close
	end        context.CancelFunc
	work       sync.WaitGroup
	say        func(format string, args ...any)
}

// sceneTimeout is the session timeout of the programs.
const sceneTimeout = 6 * time.Second

// OpenScene starts everything, until Close. say is told what happens.
func OpenScene(ctx context.Context, say func(format string, args ...any)) (_ *Scene, err error) {
	s := &Scene{say: say}
	s.ctx, s.end = context.WithCancel(context.Background())
	if s.dir, err = os.MkdirTemp("", "zklock-scene-"); err != nil {
		s.end()
		return nil, err
	}
	s.ensemble, err = zktest.Run(ctx, zktest.WithServers(3), zktest.WithTickTime(time.Second),
		zktest.WithLogf(say))
	if err == nil {
		err = s.open(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Scene) open(ctx context.Context) (err error) {
	if s.operator, err = s.dial(ctx, "operator"); err != nil {
		return err
	}
	for _, job := range []string{"reports", "reports", "tenants"} {
		if err := s.program(ctx, job); err != nil {
			return err
		}
	}
	if err := s.export(); err != nil {
		return err
	}
	s.prometheus, err = StartPrometheus(s.ctx, s.dir, s.pages)
	return err
}

func (s *Scene) dial(ctx context.Context, name string,
	opts ...zklock.SessionOption) (*zklock.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	opts = append(opts, zklock.WithSessionTimeout(sceneTimeout))
	session, err := zklock.Dial(ctx, s.ensemble.Connect(), opts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return session, nil
}

// program is one of a job, with a page of its own.
func (s *Scene) program(ctx context.Context, job string) error {
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return err
	}
	to := otelzklock.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(exporter)))
	hooks, err := otelzklock.NewHooks(to)
	if err != nil {
		return err
	}
	session, err := s.dial(ctx, job, zklock.WithHooks(hooks))
	if err != nil {
		return err
	}
	s.programs = append(s.programs, session)
	if _, err := otelzklock.ObserveStats(session, to); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{})}
	s.work.Go(func() { _ = server.Serve(listener) }) // until it is closed
	context.AfterFunc(s.ctx, func() { _ = server.Close() })
	s.pages = append(s.pages, Scraped{job, listener.Addr().String()})
	return nil
}

// export runs zooky export.
func (s *Scene) export() error {
	program := filepath.Join(s.dir, "zooky")
	build := exec.CommandContext(s.ctx, "go", "build", "-o", program, "./cmd/zooky")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(s.ctx, program, "export", "--listen", address, "--every", "1s",
		"--servers", s.ensemble.Connect())
	if err := cmd.Start(); err != nil {
		return err
	}
	s.work.Go(func() { _ = cmd.Wait() }) // it is killed by Close
	s.pages = append(s.pages, Scraped{"zooky", address})
	return nil
}

// freeAddress is one at which a program may listen.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Close ends everything, and removes the data.
func (s *Scene) Close() error {
	s.end()
	s.work.Wait()
	var failed []error
	for _, session := range append(s.programs, s.operator) {
		if session != nil {
			failed = append(failed, session.Close())
		}
	}
	if s.prometheus != nil {
		s.prometheus.Wait()
	}
	if s.ensemble != nil {
		failed = append(failed, s.ensemble.Stop())
	}
	return errors.Join(append(failed, os.RemoveAll(s.dir))...)
}

// sceneLength is how long Play takes.
const sceneLength = 5 * time.Minute

// Play makes everything happen that can happen to locks, for five minutes. It returns the time in
// which that was.
func (s *Scene) Play(ctx context.Context) (Span, error) {
	began := time.Now()
	s.works()
	for _, act := range []struct {
		at   time.Duration
		what string
		act  func(ctx context.Context) error
	}{
		{75 * time.Second, "an operator wants the report's lock back", s.revoke},
		{110 * time.Second, "the lock is removed by force", s.remove},
		{150 * time.Second, "no server answers for five seconds", s.outage},
		{210 * time.Second, "a server is killed, and is back after 15 s", s.kill},
		{sceneLength, "that is all", func(context.Context) error { return nil }},
	} {
		select {
		case <-time.After(time.Until(began.Add(act.at))):
		case <-ctx.Done():
			return Span{}, context.Cause(ctx)
		}
		s.say("%v: %s", act.at, act.what)
		if err := act.act(ctx); err != nil {
			return Span{}, fmt.Errorf("%s: %w", act.what, err)
		}
	}
	return Span{began, time.Now()}, nil
}

// Ask asks Prometheus for what there was at that time.
func (s *Scene) Ask(of Span) Ask {
	return func(ctx context.Context, expr string) ([]Series, error) {
		return s.prometheus.Range(ctx, expr, of, 2*time.Second)
	}
}

// works makes the programs work, until Close.
func (s *Scene) works() {
	first, second, tenants := s.programs[0], s.programs[1], s.programs[2]
	for _, program := range []*zklock.Session{first, second} {
		s.again(program, "reports/monthly", 300*time.Millisecond, 900*time.Millisecond)
		s.again(program, "reports/index", 5*time.Millisecond, 50*time.Millisecond)
	}
	for _, tenant := range []string{"tenants/1", "tenants/2", "tenants/3"} {
		s.again(tenants, tenant, 10*time.Millisecond, 80*time.Millisecond)
	}
	s.again(tenants, "tenants/1", 0, 20*time.Millisecond, zklock.NoWait())
	s.again(tenants, "reports/monthly", 0, 100*time.Millisecond,
		zklock.WaitAtMost(250*time.Millisecond))
	s.work.Go(func() { // one that hangs with its lock, and two behind it; until Close
		select {
		case <-time.After(40 * time.Second):
		case <-s.ctx.Done():
			return
		}
		for range 3 {
			s.again(second, "reports/stuck", 3*time.Minute, 3*time.Minute)
		}
	})
}

// again makes a program acquire a lock again and again, hold it for so long, and pause for as long.
func (s *Scene) again(program *zklock.Session, lock string,
	least, most time.Duration, opts ...zklock.DoOption) {
	m, err := program.Mutex(lock)
	if err != nil {
		panic(err) // for a bad name only
	}
	work := func(ctx context.Context) error {
		select {
		case <-time.After(least + rand.N(most-least+1)):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	s.work.Go(func() { // until Close
		for s.ctx.Err() == nil {
			_ = m.Do(s.ctx, work, opts...) // the metrics say how it went
			select {
			case <-time.After(20*time.Millisecond + rand.N(100*time.Millisecond)):
			case <-s.ctx.Done():
			}
		}
	})
}

func (s *Scene) revoke(ctx context.Context) error {
	m, err := s.operator.Mutex("reports/monthly")
	for range 10 {
		if err != nil {
			return err
		}
		_, err = m.RevokeHolder(ctx, zklock.WithReason("the machine is drained"))
		time.Sleep(time.Second)
	}
	return err
}

func (s *Scene) remove(ctx context.Context) error {
	m, err := s.operator.Mutex("reports/monthly")
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := m.Clear(ctx); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return nil
}

func (s *Scene) outage(context.Context) error {
	var failed []error
	for _, server := range s.ensemble.Servers() {
		failed = append(failed, server.Pause())
	}
	time.Sleep(5 * time.Second)
	for _, server := range s.ensemble.Servers() {
		failed = append(failed, server.Resume())
	}
	return errors.Join(failed...)
}

// kill kills the server of the first program.
func (s *Scene) kill(ctx context.Context) error {
	at := s.programs[0].Stats().Server
	for _, server := range s.ensemble.Servers() {
		if server.Addr() != at {
			continue
		}
		if err := server.Kill(); err != nil {
			return err
		}
		select {
		case <-time.After(15 * time.Second):
		case <-ctx.Done():
		}
		return server.Start()
	}
	return fmt.Errorf("%s is no server", at)
}
