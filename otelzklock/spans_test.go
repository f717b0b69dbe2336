package otelzklock_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/otelzklock"
)

// tree shows spans below their parents, with when they began and ended since the first one, in
// tenths of a second.
func tree(spans []trace.ReadOnlySpan) (lines []string) {
	var begun time.Time
	for _, span := range spans {
		if begun.IsZero() || span.StartTime().Before(begun) {
			begun = span.StartTime()
		}
	}
	at := func(t time.Time) time.Duration { return t.Sub(begun).Round(100 * time.Millisecond) }
	var show func(indent string, parent [8]byte)
	show = func(indent string, parent [8]byte) {
		for _, span := range spans {
			if span.Parent().SpanID() != parent {
				continue
			}
			begins, ends := at(span.StartTime()), at(span.EndTime())
			line := fmt.Sprintf("%s%s %v–%v", indent, span.Name(), begins, ends)
			if code := span.Status(); code.Code != 0 {
				line += " " + code.Code.String() + ":" + code.Description
			}
			line += " " + attributes(span.Attributes())
			lines = append(lines, line)
			for _, event := range span.Events() {
				lines = append(lines, fmt.Sprintf("%s  * %s %v %s",
					indent, event.Name, at(event.Time), attributes(event.Attributes)))
			}
			show(indent+"  ", span.SpanContext().SpanID())
		}
	}
	show("", [8]byte{})
	return lines
}

func TestSpans(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(t *testing.T, ctx context.Context, p *place)
		want []string // TOKEN stands for the token
	}{
		"granted at once": {
			func(t *testing.T, ctx context.Context, p *place) {
				require.NoError(t, p.m.Do(ctx, func(context.Context) error {
					pause(2 * time.Second)
					return nil
				}))
			},
			[]string{
				"work 0s–2s {}",
				"  acquire lock 0s–0s {kind=lock result=acquired token=TOKEN try=false}",
				"    hold lock 0s–2s {kind=lock token=TOKEN}",
			},
		},
		"granted after a wait, asked to release, and removed": {
			func(t *testing.T, ctx context.Context, p *place) {
				p.hold(p.theirs, 0)
				pending := p.m.LockAsync(ctx)
				pause(3 * time.Second)
				p.theirs.Unlock()
				<-pending.Done()
				pause(time.Second)
				_, err := p.theirs.RevokeAll(ctx, zklock.WithReason("ops/77"))
				require.NoError(t, err)
				pause(time.Second)
				_, err = p.theirs.Clear(ctx)
				require.NoError(t, err)
				<-p.m.Lost()
				pause(5 * time.Second)
				p.m.Unlock()
			},
			[]string{
				"work 0s–10s {}",
				"  acquire lock 0s–3s {kind=lock result=acquired token=TOKEN try=false}",
				"    * queued 0s {ahead=1}",
				"    hold lock 3s–5s Error:removed {kind=lock token=TOKEN type=removed}",
				"      * revoked 4s {by=vm/7 reason=ops/77}",
				"      * lost 5s {reason=removed}",
			},
		},
		"gave up": {
			func(t *testing.T, ctx context.Context, p *place) {
				p.hold(p.theirs, 0)
				ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
				_, err := p.m.LockContext(ctx)
				require.Error(t, err)
			},
			[]string{
				"work 0s–2s {}",
				"  acquire lock 0s–2s Error:timeout " +
					"{kind=lock result=failed try=false type=timeout}",
				"    * queued 0s {ahead=1}",
			},
		},
		"refused": {
			func(t *testing.T, ctx context.Context, p *place) {
				p.hold(p.theirs, 0)
				never := func(context.Context) error { panic("the lock is taken") }
				require.ErrorIs(t, p.m.Do(ctx, never, zklock.NoWait()), zklock.ErrLocked)
			},
			[]string{
				"work 0s–0s {}",
				"  acquire lock 0s–0s {kind=lock result=refused try=true}",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			observed(t, nil, func(t *testing.T, p *place) {
				tracer := trace.NewTracerProvider(trace.WithSpanProcessor(p.spans)).Tracer("test")
				ctx, work := tracer.Start(t.Context(), "work")
				c.run(t, ctx, p)
				told()
				work.End()
				var got []string
				for _, line := range tree(p.spans.Ended()) {
					got = append(got, anyToken.ReplaceAllString(line, "token=TOKEN"))
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}

// TestSpansSayWhoAsksAsFarAsTheRequestDoes asks without a reason, and as clients of other libraries
// do. No metric says who.
func TestSpansSayWhoAsksAsFarAsTheRequestDoes(t *testing.T) {
	for name, c := range map[string]struct {
		ask  func(ctx context.Context, p *place) error
		want string
	}{
		"without a reason": {func(ctx context.Context, p *place) error {
			_, err := p.theirs.RevokeHolder(ctx)
			return err
		}, "{by=vm/7}"},
		"by another library": {func(ctx context.Context, p *place) error {
			contenders, err := p.theirs.Contenders(ctx)
			if err != nil {
				return err
			}
			_, err = p.s.Conn().Set(p.theirs.Path()+"/"+contenders[0].Znode, []byte("unlock"), -1)
			return err
		}, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			observed(t, nil, func(t *testing.T, p *place) {
				p.hold(p.m, time.Second)
				require.NoError(t, c.ask(t.Context(), p))
				<-p.m.Revoked()
				p.m.Unlock()
				pause(time.Second)
				spans := p.spans.Ended()
				events := spans[len(spans)-1].Events()
				require.Len(t, events, 1)
				assert.Equal(t, c.want, attributes(events[0].Attributes))
				measured := p.measured()
				assert.Equal(t, "1 {hold}", measured["zklock.hold.revoked{}"])
				assert.NotContains(t, fmt.Sprint(measured), "vm/7")
			})
		})
	}
}

// TestNothingNamesTheLock has a lock's name, its path and the texts of errors be in no metric or
// span.
func TestNothingNamesTheLock(t *testing.T) {
	observed(t, nil, func(t *testing.T, p *place) {
		p.hold(p.theirs, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := p.m.LockContext(ctx)
		require.ErrorContains(t, err, lock)
		p.theirs.Unlock()
		p.hold(p.m, time.Second)
		_, err = p.theirs.Clear(t.Context())
		require.NoError(t, err)
		<-p.m.Lost()
		told()
		spans := tracetest.SpanStubsFromReadOnlySpans(p.spans.Ended())
		all := fmt.Sprintf("%v %+v", p.measured(), spans)
		assert.Contains(t, all, "hold lock")
		assert.NotContains(t, all, "ann@example.org")
	})
}

// TestSpansOfHandoffs has two goroutines share a hold: each has spans of its own.
func TestSpansOfHandoffs(t *testing.T) {
	observed(t, nil, func(t *testing.T, p *place) {
		m, err := p.s.Mutex("shared", zklock.WithLocalHandoff(3))
		require.NoError(t, err)
		p.hold(m, time.Second)
		pending := m.LockAsync(t.Context())
		pause(time.Second)
		m.Unlock()
		<-pending.Done()
		pause(time.Second)
		m.Unlock()
		told()
		assert.Len(t, p.spans.Ended(), 4)
		assert.Equal(t, "2 of 3 s", p.measured()["zklock.hold.duration{kind=lock}"])
	})
}

// TestHooksServeSeveralSessions counts them together.
func TestHooksServeSeveralSessions(t *testing.T) {
	observed(t, nil, func(t *testing.T, p *place) {
		hooks, err := otelzklock.NewHooks(p.opts...)
		require.NoError(t, err)
		p.dial(p.Network(), zklock.WithHooks(hooks))
		p.dial(p.Network(), zklock.WithHooks(hooks))
		assert.Equal(t, "3 {session}", p.measured()["zklock.session.active{state=connected}"])
	})
}
