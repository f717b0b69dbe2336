package otelzklock

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/zookylock/zklock"
)

// scope names the instruments and the tracer.
const scope = "github.com/zookylock/zklock/otelzklock"

// The bounds of the histograms, in seconds. A lock may be waited for and held from a millisecond to
// hours; a release and a request take some milliseconds, unless there is no server.
var (
	longBounds = metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
		0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
	shortBounds = metric.WithExplicitBucketBoundaries(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
		0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)

type instruments struct {
	acquire     metric.Float64Histogram
	acquiring   metric.Int64UpDownCounter
	hold        metric.Float64Histogram
	holds       metric.Int64UpDownCounter
	revoked     metric.Int64Counter
	lost        metric.Int64Counter
	release     metric.Float64Histogram
	sessions    metric.Int64UpDownCounter
	transitions metric.Int64Counter
	request     metric.Float64Histogram
}

func meterOf(cfg *config) metric.Meter {
	return cfg.meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
}

func newInstruments(cfg *config) (*instruments, error) {
	m := meterOf(cfg)
	var failed []error
	histogram := func(name, about string, bounds metric.HistogramOption) metric.Float64Histogram {
		h, err := m.Float64Histogram(name,
			metric.WithUnit("s"), metric.WithDescription(about), bounds)
		failed = append(failed, err)
		return h
	}
	upDown := func(name, unit, about string) metric.Int64UpDownCounter {
		c, err := m.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(about))
		failed = append(failed, err)
		return c
	}
	counter := func(name, unit, about string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(about))
		failed = append(failed, err)
		return c
	}
	in := &instruments{
		acquire: histogram("zklock.acquire.duration",
			"How long acquisitions took, from the call to the grant or the failure.", longBounds),
		acquiring: upDown("zklock.acquire.active", "{acquisition}",
			"Acquisitions that are under way."),
		hold: histogram("zklock.hold.duration",
			"How long holds lasted, from the grant to the release or the loss.", longBounds),
		holds: upDown("zklock.hold.active", "{hold}",
			"Holds that are neither released nor lost."),
		revoked: counter("zklock.hold.revoked", "{hold}", "Holds that were asked to release."),
		lost:    counter("zklock.hold.lost", "{hold}", "Holds that were lost."),
		release: histogram("zklock.release.duration",
			"How long releases took that a caller waited for.", shortBounds),
		sessions: upDown("zklock.session.active", "{session}", "Sessions by their state."),
		transitions: counter("zklock.session.transitions", "{transition}",
			"Changes of the state of a Session, by the new one."),
		request: histogram("zklock.request.duration",
			"How long requests to a server took, pings among them.", shortBounds),
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	in.begin(cfg)
	return in, nil
}

// begin makes the counters begin with 0, because Prometheus sees no increase in a counter that
// first shows as 1.
func (in *instruments) begin(cfg *config) {
	ctx := context.Background()
	in.revoked.Add(ctx, 0, metric.WithAttributes(cfg.with()...))
	for _, reason := range lossReasons {
		in.lost.Add(ctx, 0, metric.WithAttributes(cfg.with(withReason(reason))...))
	}
	for _, state := range states {
		if state != zklock.StateClosed {
			in.sessions.Add(ctx, 0, metric.WithAttributes(cfg.with(withState(state))...))
		}
		in.transitions.Add(ctx, 0, metric.WithAttributes(cfg.with(withState(state))...))
	}
}
