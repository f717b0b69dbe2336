package otelzklock

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/zookylock/zklock"
)

// NewHooks returns hooks for zklock.WithHooks that report acquisitions, holds, states and requests
// to OpenTelemetry. Several Sessions can share them.
func NewHooks(opts ...Option) (*zklock.Hooks, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	in, err := newInstruments(&cfg)
	if err != nil {
		return nil, err
	}
	t := &telemetry{
		config:      cfg,
		instruments: in,
		tracer:      cfg.tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
	}
	return &zklock.Hooks{
		AcquireStart: t.acquireStart,
		Queued:       t.queued,
		AcquireEnd:   t.acquireEnd,
		Revoked:      t.wasRevoked,
		Lost:         t.wasLost,
		HoldEnd:      t.holdEnd,
		State:        t.changed,
		Request:      t.requested,
	}, nil
}

type telemetry struct {
	config
	*instruments
	tracer trace.Tracer
}

// acquisition is what the hooks know of one. AcquireStart makes it, and the others, which are
// called on one goroutine, find it in their context.
type acquisition struct {
	begun   time.Time
	granted time.Time
	span    trace.Span // of the acquisition, and then of the hold
}

type acquisitionKey struct{}

// acquisitionOf returns the acquisition of ctx. If another hook has dropped the value that
// AcquireStart put into the context, it returns one whose span is not recorded.
func acquisitionOf(ctx context.Context) *acquisition {
	if a, ok := ctx.Value(acquisitionKey{}).(*acquisition); ok {
		return a
	}
	return &acquisition{span: noop.Span{}}
}

func (t *telemetry) acquireStart(
	ctx context.Context, e zklock.AcquireStartEvent,
) context.Context {
	attrs := t.about(e.Lock)
	t.acquiring.Add(ctx, 1, metric.WithAttributes(attrs...))
	a := &acquisition{begun: time.Now()}
	ctx, a.span = t.tracer.Start(ctx, "acquire lock", trace.WithTimestamp(a.begun),
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(attrs, keyTry.Bool(e.Try))...))
	return context.WithValue(ctx, acquisitionKey{}, a)
}

func (t *telemetry) queued(ctx context.Context, e zklock.QueuedEvent) {
	a := acquisitionOf(ctx)
	when := trace.WithTimestamp(a.begun.Add(e.Wait))
	a.span.AddEvent("queued", when, trace.WithAttributes(keyAhead.Int(e.Ahead)))
}

// acquireEnd ends the span of the acquisition, and begins the span of the hold. Hooks are called a
// moment after the event, so the time of the event is computed from its durations.
func (t *telemetry) acquireEnd(ctx context.Context, e zklock.AcquireEndEvent) {
	t.acquiring.Add(ctx, -1, metric.WithAttributes(t.about(e.Lock)...))
	how := result(e.Err)
	t.acquire.Record(ctx, e.Wait.Seconds(), metric.WithAttributes(t.about(e.Lock, how...)...))

	a := acquisitionOf(ctx)
	a.granted = a.begun.Add(e.Wait)
	a.span.SetAttributes(how...)
	if e.Err != nil {
		fail(a.span, how)
		a.span.End(trace.WithTimestamp(a.granted))
		return
	}
	token := keyToken.String(e.Token.String())
	a.span.SetAttributes(token)
	a.span.End(trace.WithTimestamp(a.granted))
	_, a.span = t.tracer.Start(ctx, "hold lock", trace.WithTimestamp(a.granted),
		trace.WithAttributes(t.about(e.Lock, token)...))
	t.holds.Add(ctx, 1, metric.WithAttributes(t.about(e.Lock)...))
}

func (t *telemetry) wasRevoked(ctx context.Context, e zklock.RevokedEvent) {
	t.revoked.Add(ctx, 1, metric.WithAttributes(t.with()...))
	a := acquisitionOf(ctx)
	when := trace.WithTimestamp(a.granted.Add(e.Held))
	a.span.AddEvent("revoked", when, trace.WithAttributes(asked(e)...))
}

func (t *telemetry) wasLost(ctx context.Context, e zklock.LostEvent) {
	reason := withReason(e.Reason)
	t.lost.Add(ctx, 1, metric.WithAttributes(t.with(reason)...))
	a := acquisitionOf(ctx)
	when := trace.WithTimestamp(a.granted.Add(e.Held))
	a.span.AddEvent("lost", when, trace.WithAttributes(reason))
}

func (t *telemetry) holdEnd(ctx context.Context, e zklock.HoldEndEvent) {
	a := acquisitionOf(ctx)
	ctx = trace.ContextWithSpan(ctx, a.span)
	t.holds.Add(ctx, -1, metric.WithAttributes(t.about(e.Lock)...))

	var how []attribute.KeyValue // the hold ended
	if e.Reason != zklock.NotLost {
		how = append(how, semconv.ErrorTypeKey.String(e.Reason.String()))
	}
	t.hold.Record(ctx, e.Held.Seconds(), metric.WithAttributes(t.about(e.Lock, how...)...))
	if e.Reason == zklock.NotLost && e.Err != nil {
		how = append(how, failure(e.Err))
	}
	if e.Release > 0 { // a caller has waited for it
		attrs := metric.WithAttributes(t.about(e.Lock, how...)...)
		t.release.Record(ctx, e.Release.Seconds(), attrs)
	}
	a.span.SetAttributes(how...)
	fail(a.span, how)
	a.span.End(trace.WithTimestamp(a.granted.Add(e.Held + e.Release)))
}

func (t *telemetry) changed(e zklock.StateEvent) {
	ctx := context.Background()
	to := metric.WithAttributes(t.with(withState(e.To))...)
	t.transitions.Add(ctx, 1, to)
	if e.From != 0 {
		t.sessions.Add(ctx, -1, metric.WithAttributes(t.with(withState(e.From))...))
	}
	if e.To != zklock.StateClosed { // which is to count as none
		t.sessions.Add(ctx, 1, to)
	}
}

func (t *telemetry) requested(e zklock.RequestEvent) {
	attrs := append(t.with(keyOp.String(e.Operation)), server(e.Server)...)
	if e.Err != nil {
		attrs = append(attrs, failure(e.Err))
	}
	t.request.Record(context.Background(), e.Duration.Seconds(), metric.WithAttributes(attrs...))
}

// fail marks a span whose attributes have an error.
func fail(span trace.Span, how []attribute.KeyValue) {
	for _, attr := range how {
		if attr.Key == semconv.ErrorTypeKey {
			span.SetStatus(codes.Error, attr.Value.AsString())
		}
	}
}
