package otelzklock

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/zookylock/zklock"
)

// ObserveStats adds the metric zklock.lease.least_left of a Session, which hooks cannot tell, until
// the Registration is unregistered. Each further Session of a process needs attributes of its own: see
// WithAttributes.
func ObserveStats(s *zklock.Session, opts ...Option) (metric.Registration, error) {
	if s == nil {
		return nil, errors.New("otelzklock: session is nil")
	}
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	m := meterOf(&cfg)
	least, err := m.Float64ObservableGauge("zklock.lease.least_left", metric.WithUnit("s"),
		metric.WithDescription("The least time that was left to a hold when the ensemble confirmed it."))
	if err != nil {
		return nil, err
	}
	attrs := metric.WithAttributes(cfg.with()...)
	return m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveFloat64(least, s.Stats().LeastLeaseLeft.Seconds(), attrs)
		return nil
	}, least)
}
