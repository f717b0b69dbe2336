package otelzklock

import (
	"errors"
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/zookylock/zklock"
)

// Option is an option of NewHooks and ObserveStats, which return an error if its value is invalid.
type Option func(*config) error

type config struct {
	meters   metric.MeterProvider
	tracers  trace.TracerProvider
	lockName func(zklock.LockRef) string // nil: no lock is named
	always   []attribute.KeyValue
}

func newConfig(opts []Option) (config, error) {
	cfg := config{meters: otel.GetMeterProvider(), tracers: otel.GetTracerProvider()}
	for _, opt := range opts {
		if opt == nil {
			return config{}, errors.New("otelzklock: option is nil")
		}
		if err := opt(&cfg); err != nil {
			return config{}, err
		}
	}
	return cfg, nil
}

// WithMeterProvider sets the provider of the metrics. The default is the global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(cfg *config) error {
		if p == nil {
			return errors.New("otelzklock: meter provider is nil")
		}
		cfg.meters = p
		return nil
	}
}

// WithTracerProvider sets the provider of the spans. The default is the global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(cfg *config) error {
		if p == nil {
			return errors.New("otelzklock: tracer provider is nil")
		}
		cfg.tracers = p
		return nil
	}
}

// WithLockName adds the attribute zklock.lock.name to the metrics and spans of a lock. Its value is
// what name returns; the empty string adds nothing. Without WithLockName no lock is named. Each
// value makes new time series, so there should be few values: the first part of LockRef.Name, for
// example. name is called by several goroutines, and several times for each acquisition.
func WithLockName(name func(zklock.LockRef) string) Option {
	return func(cfg *config) error {
		if name == nil {
			return errors.New("otelzklock: function for lock names is nil")
		}
		cfg.lockName = name
		return nil
	}
}

// WithAttributes adds attributes to all metrics and spans, for example to distinguish the Sessions
// of a process. It can be given several times.
func WithAttributes(attrs ...attribute.KeyValue) Option {
	return func(cfg *config) error {
		cfg.always = append(slices.Clone(cfg.always), attrs...)
		return nil
	}
}
