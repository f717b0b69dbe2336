package monitoring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/otelzklock"
)

// Demo makes two clients, ann and ben, share a lock on an ensemble in memory. It returns what
// OpenTelemetry gets from ann: her spans, as a tree, and the page that Prometheus scrapes. It takes
// some seconds.
func Demo(ctx context.Context) (spans, page string, err error) {
	d, err := newStage(ctx)
	if err != nil {
		return "", "", err
	}
	defer d.cluster.Close()
	err = errors.Join(d.play(ctx), d.ann.Close(), d.ben.Close())
	if err != nil {
		return "", "", err
	}
	page, err = d.page()
	return tree(d.spans.Ended()), page, err
}

// stage is two Sessions, of which ann's is observed.
type stage struct {
	cluster   *fakezk.Cluster
	network   *fakezk.Client // ann's
	ann, ben  *zklock.Session
	hers, his *zklock.Mutex
	spans     *tracetest.SpanRecorder
	tracer    trace.Tracer
	registry  *prometheus.Registry
}

const (
	demoTimeout = time.Second // of the ZooKeeper sessions
	beat        = 100 * time.Millisecond
)

func newStage(ctx context.Context) (*stage, error) {
	d := &stage{
		cluster: fakezk.New(fakezk.Config{
			Tick:    demoTimeout / 2,
			Latency: func() time.Duration { return time.Millisecond },
		}),
		spans:    tracetest.NewSpanRecorder(),
		registry: prometheus.NewRegistry(),
	}
	exporter, err := otelprom.New(otelprom.WithRegisterer(d.registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(d.spans))
	d.tracer = tracers.Tracer("demo")
	options := []otelzklock.Option{
		otelzklock.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(exporter))),
		otelzklock.WithTracerProvider(tracers),
	}
	hooks, err := otelzklock.NewHooks(options...)
	if err != nil {
		return nil, err
	}
	d.network = d.cluster.Client()
	if d.ann, d.hers, err = d.dial(ctx, "ann", d.network, zklock.WithHooks(hooks)); err != nil {
		return nil, err
	}
	if _, err := otelzklock.ObserveStats(d.ann, options...); err != nil {
		return nil, err
	}
	d.ben, d.his, err = d.dial(ctx, "ben", d.cluster.Client())
	return d, err
}

func (d *stage) dial(
	ctx context.Context, name string, network *fakezk.Client, opts ...zklock.SessionOption,
) (*zklock.Session, *zklock.Mutex, error) {
	opts = append(opts, zklock.WithDialer(network.Dial), zklock.WithSessionTimeout(demoTimeout))
	s, err := zklock.Dial(ctx, d.cluster.Connect(), opts...)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.Mutex("report", zklock.WithIdentifier(name))
	return s, m, err
}

// play makes everything happen to ann that can happen to a lock.
func (d *stage) play(ctx context.Context) error {
	acts := []struct {
		name string
		act  func(ctx context.Context) error
	}{
		{"the lock is free", func(ctx context.Context) error {
			return d.hers.Do(ctx, work)
		}},
		{"ben holds it, and wants it back", func(ctx context.Context) error {
			if _, err := d.his.LockContext(ctx); err != nil {
				return err
			}
			time.AfterFunc(beat, d.his.Unlock)
			return d.hers.Do(ctx, func(ctx context.Context) error {
				_, err := d.his.RevokeAll(ctx, zklock.WithReason("ops/77"))
				if err != nil {
					return err
				}
				<-ctx.Done()
				return nil
			})
		}},
		{"ben holds it, and ann does not wait", d.behindBen(func(ctx context.Context) error {
			return expect(zklock.ErrLocked, d.hers.Do(ctx, work, zklock.NoWait()))
		})},
		{"ben holds it for too long", d.behindBen(func(ctx context.Context) error {
			return expect(zklock.ErrWaitTimeout, d.hers.Do(ctx, work, zklock.WaitAtMost(beat)))
		})},
		{"ann's session expires", func(ctx context.Context) error {
			return expect(zklock.ErrLost, d.hers.Do(ctx, func(ctx context.Context) error {
				d.cluster.Expire(d.ann.ID())
				<-d.hers.Lost()
				return nil
			}))
		}},
		{"no server answers", func(ctx context.Context) error {
			d.network.Blackhole()
			defer d.network.Heal()
			defer time.Sleep(2 * demoTimeout) // until the connection is given up
			return expect(zklock.ErrUnavailable, d.hers.Do(ctx, work, zklock.WaitAtMost(beat)))
		}},
	}
	for _, a := range acts {
		ctx, span := d.tracer.Start(ctx, a.name)
		err := a.act(ctx)
		span.End()
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		if err := d.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until all is told, and ann has a session again.
func (d *stage) settle(ctx context.Context) error {
	for {
		select {
		case <-time.After(beat):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if d.ann.State() == zklock.StateConnected {
			return nil
		}
	}
}

// behindBen makes ben hold the lock meanwhile.
func (d *stage) behindBen(act func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := d.his.LockContext(ctx); err != nil {
			return err
		}
		defer d.his.Unlock()
		return act(ctx)
	}
}

func work(context.Context) error {
	time.Sleep(beat)
	return nil
}

// expect returns what an act has failed with, unless it is what is to be shown.
func expect(want, err error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%w expected, and not: %w", want, err)
}

// page is what Prometheus scrapes.
func (d *stage) page() (string, error) {
	families, err := d.registry.Gather()
	if err != nil {
		return "", err
	}
	var page strings.Builder
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&page, family); err != nil {
			return "", err
		}
	}
	return page.String(), nil
}

// tree shows spans below their parents, with when they began since the parent did, how long they
// lasted, what they say, and their events.
func tree(spans []sdktrace.ReadOnlySpan) string {
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int {
		return a.StartTime().Compare(b.StartTime())
	})
	var shown strings.Builder
	var show func(indent string, parent trace.SpanID, begun time.Time)
	show = func(indent string, parent trace.SpanID, begun time.Time) {
		for _, span := range spans {
			if span.Parent().SpanID() != parent {
				continue
			}
			from := span.StartTime()
			if begun.IsZero() {
				begun = from
			}
			fmt.Fprintf(&shown, "%s%s", indent, span.Name())
			if indent != "" {
				fmt.Fprintf(&shown, " at %v", from.Sub(begun).Round(time.Millisecond))
			}
			fmt.Fprintf(&shown, " for %v", span.EndTime().Sub(from).Round(time.Millisecond))
			said := make(map[string]string)
			for _, attr := range span.Attributes() {
				said[string(attr.Key)] = attr.Value.String()
			}
			writeAttributes(&shown, said)
			for _, event := range span.Events() {
				at := event.Time.Sub(from).Round(time.Millisecond)
				fmt.Fprintf(&shown, "%s  * %s at %v", indent, event.Name, at)
				said := make(map[string]string)
				for _, attr := range event.Attributes {
					said[string(attr.Key)] = attr.Value.String()
				}
				writeAttributes(&shown, said)
			}
			show(indent+"    ", span.SpanContext().SpanID(), from)
		}
	}
	show("", trace.SpanID{}, time.Time{})
	return shown.String()
}

// writeAttributes writes the attributes, except tokens and those that are the same in all spans.
func writeAttributes(to io.Writer, said map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(said)) {
		switch key {
		case "zklock.lock.kind", "zklock.acquire.try", "zklock.token":
		default:
			fmt.Fprintf(to, " %s=%s", key, said[key])
		}
	}
	fmt.Fprintln(to)
}
