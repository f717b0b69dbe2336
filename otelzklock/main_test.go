package otelzklock_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/otelzklock"
	"github.com/zookylock/zklock/zktest"
)

const (
	timeout = 12 * time.Second
	latency = 3 * time.Millisecond
	lock    = "tenants/ann@example.org"
)

// place is an ensemble in virtual time, a Session that is observed, and another that is not.
type place struct {
	*zktest.FakeEnsemble
	t         *testing.T
	s         *zklock.Session
	m, theirs *zklock.Mutex
	network   *zktest.FakeNetwork // of the first Session
	meters    *metric.ManualReader
	spans     *tracetest.SpanRecorder
	opts      []otelzklock.Option // of the hooks
}

var anyToken = regexp.MustCompile(`token=[^ }]+`)

func observed(t *testing.T, opts []otelzklock.Option, f func(t *testing.T, p *place)) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{
			FakeEnsemble: zktest.Fake(t), t: t,
			meters: metric.NewManualReader(), spans: tracetest.NewSpanRecorder(),
		}
		p.network = p.Network()
		p.network.Delay(latency / 2)
		meters := metric.NewMeterProvider(metric.WithReader(p.meters))
		tracers := trace.NewTracerProvider(trace.WithSpanProcessor(p.spans))
		p.opts = append([]otelzklock.Option{
			otelzklock.WithMeterProvider(meters), otelzklock.WithTracerProvider(tracers),
		}, opts...)
		hooks, err := otelzklock.NewHooks(p.opts...)
		require.NoError(t, err)
		p.s = p.dial(p.network, zklock.WithHooks(hooks))
		other := p.dial(p.FakeNetwork)
		observing, err := otelzklock.ObserveStats(p.s, p.opts...)
		require.NoError(t, err)
		p.m, p.theirs = p.mutex(p.s), p.mutex(other, zklock.WithIdentifier("vm/7"))
		f(t, p)
		require.NoError(t, observing.Unregister())
	})
}

func (p *place) dial(network *zktest.FakeNetwork, opts ...zklock.SessionOption) *zklock.Session {
	opts = append(opts, zklock.WithDialer(network.Dial), zklock.WithSessionTimeout(timeout))
	s, err := zklock.Dial(p.t.Context(), p.Connect(), opts...)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { s.Close() })
	return s
}

func (p *place) mutex(s *zklock.Session, opts ...zklock.LockOption) *zklock.Mutex {
	m, err := s.Mutex(lock, opts...)
	require.NoError(p.t, err)
	return m
}

// hold acquires the lock and holds it for some time.
func (p *place) hold(m *zklock.Mutex, d time.Duration) {
	_, err := m.LockContext(p.t.Context())
	require.NoError(p.t, err)
	pause(d)
}

// pause waits in virtual time.
func pause(d time.Duration) { time.Sleep(d) } // sleep ok: virtual

// told waits until the hooks have been told of all that has happened.
func told() {
	pause(10 * time.Millisecond)
	synctest.Wait()
}

// measured returns all metrics by name, unit and attributes: a histogram as how many there are and
// their sum, to the second.
func (p *place) measured() map[string]string {
	told()
	var all metricdata.ResourceMetrics
	require.NoError(p.t, p.meters.Collect(context.Background(), &all))
	values := make(map[string]string)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			note := func(attrs attribute.Set, format string, args ...any) {
				key := m.Name + attributes(attrs.ToSlice())
				values[key] = fmt.Sprintf(format, args...) + " " + m.Unit
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, at := range data.DataPoints {
					note(at.Attributes, "%d", at.Value)
				}
			case metricdata.Gauge[float64]:
				for _, at := range data.DataPoints {
					note(at.Attributes, "%.1f", at.Value)
				}
			case metricdata.Histogram[float64]:
				for _, at := range data.DataPoints {
					note(at.Attributes, "%d of %.0f", at.Count, at.Sum)
				}
			default:
				p.t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	return values
}

// attributes are in braces, without what stands before the last dot of their names.
func attributes(attrs []attribute.KeyValue) string {
	shown := make([]string, len(attrs))
	for i, attr := range attrs {
		key := string(attr.Key)
		shown[i] = key[strings.LastIndex(key, ".")+1:] + "=" + attr.Value.String()
	}
	slices.Sort(shown)
	return "{" + strings.Join(shown, " ") + "}"
}
