package otelzklock_test

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/otelzklock"
)

// fromTheBeginning is what is told before there is any acquisition.
func fromTheBeginning() map[string]string {
	return map[string]string{
		"zklock.hold.revoked{}":                       "0 {hold}",
		"zklock.hold.lost{reason=lease}":              "0 {hold}",
		"zklock.hold.lost{reason=expired}":            "0 {hold}",
		"zklock.hold.lost{reason=removed}":            "0 {hold}",
		"zklock.hold.lost{reason=closed}":             "0 {hold}",
		"zklock.session.count{state=connected}":       "1 {session}",
		"zklock.session.count{state=suspended}":       "0 {session}",
		"zklock.session.count{state=expired}":         "0 {session}",
		"zklock.session.transitions{state=connected}": "1 {transition}",
		"zklock.session.transitions{state=suspended}": "0 {transition}",
		"zklock.session.transitions{state=expired}":   "0 {transition}",
		"zklock.session.transitions{state=closed}":    "0 {transition}",
	}
}

func TestMetrics(t *testing.T) {
	const (
		acquired = "zklock.acquire.duration{kind=lock result=acquired}"
	)
	for name, c := range map[string]struct {
		run  func(t *testing.T, p *place)
		want map[string]string // beside those from the beginning
	}{
		"nothing": {func(*testing.T, *place) {}, nil},
		"held and released": {
			func(t *testing.T, p *place) {
				p.hold(p.m, 2*time.Second)
				p.m.Unlock()
			},
			map[string]string{
				acquired:                             "1 of 0 s",
				"zklock.acquire.active{kind=lock}":   "0 {acquisition}",
				"zklock.hold.active{kind=lock}":      "0 {hold}",
				"zklock.hold.duration{kind=lock}":    "1 of 2 s",
				"zklock.release.duration{kind=lock}": "1 of 0 s",
			},
		},
		"held by a reader": {
			func(t *testing.T, p *place) {
				rw, err := p.s.RWMutex("rw")
				require.NoError(t, err)
				rw.RLock()
			},
			map[string]string{
				"zklock.acquire.duration{kind=read result=acquired}": "1 of 0 s",
				"zklock.acquire.active{kind=read}":                   "0 {acquisition}",
				"zklock.hold.active{kind=read}":                      "1 {hold}",
			},
		},
		"waiting": {
			func(t *testing.T, p *place) {
				p.hold(p.theirs, 0)
				p.m.LockAsync(t.Context())
			},
			map[string]string{"zklock.acquire.active{kind=lock}": "1 {acquisition}"},
		},
		"refused": {
			func(t *testing.T, p *place) {
				p.hold(p.theirs, 0)
				assert.False(t, p.m.TryLock())
			},
			map[string]string{
				"zklock.acquire.duration{kind=lock result=refused}": "1 of 0 s",
				"zklock.acquire.active{kind=lock}":                  "0 {acquisition}",
			},
		},
		"gave up behind another": {
			func(t *testing.T, p *place) {
				p.hold(p.theirs, 0)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				_, err := p.m.LockContext(ctx)
				require.Error(t, err)
			},
			map[string]string{
				"zklock.acquire.duration{kind=lock result=failed type=timeout}": "1 of 3 s",
				"zklock.acquire.active{kind=lock}":                              "0 {acquisition}",
			},
		},
		"gave up without a server": {
			func(t *testing.T, p *place) {
				p.network.Cut()
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				_, err := p.m.LockContext(ctx)
				require.Error(t, err)
			},
			map[string]string{
				"zklock.acquire.duration{kind=lock result=failed type=unavailable}": "1 of 3 s",
				"zklock.acquire.active{kind=lock}":                                  "0 {acquisition}",
				"zklock.session.count{state=connected}":                             "0 {session}",
				"zklock.session.count{state=suspended}":                             "1 {session}",
				"zklock.session.transitions{state=suspended}":                       "1 {transition}",
			},
		},
		"released without a server": {
			func(t *testing.T, p *place) {
				p.hold(p.m, 0)
				p.network.Blackhole()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.Error(t, p.m.UnlockContext(ctx))
			},
			map[string]string{
				acquired:                                              "1 of 0 s",
				"zklock.acquire.active{kind=lock}":                    "0 {acquisition}",
				"zklock.hold.active{kind=lock}":                       "0 {hold}",
				"zklock.hold.duration{kind=lock}":                     "1 of 0 s",
				"zklock.release.duration{kind=lock type=unavailable}": "1 of 1 s",
			},
		},
		"asked to release, and removed by force": {
			func(t *testing.T, p *place) {
				p.hold(p.m, 2*time.Second)
				_, err := p.theirs.RevokeAll(t.Context())
				require.NoError(t, err)
				pause(time.Second)
				_, err = p.theirs.Clear(t.Context())
				require.NoError(t, err)
				<-p.m.Lost()
			},
			map[string]string{
				acquired:                                       "1 of 0 s",
				"zklock.acquire.active{kind=lock}":             "0 {acquisition}",
				"zklock.hold.active{kind=lock}":                "0 {hold}",
				"zklock.hold.duration{kind=lock type=removed}": "1 of 3 s",
				"zklock.hold.revoked{}":                        "1 {hold}",
				"zklock.hold.lost{reason=removed}":             "1 {hold}",
			},
		},
		"lost with the lease, and the session after it": {
			func(t *testing.T, p *place) {
				p.hold(p.m, 2*time.Second)
				p.network.Cut()
				pause(20 * time.Second)
				p.network.Heal()
				pause(10 * time.Second)
				p.m.Unlock()
			},
			map[string]string{
				acquired:                                      "1 of 0 s",
				"zklock.acquire.active{kind=lock}":            "0 {acquisition}",
				"zklock.hold.active{kind=lock}":               "0 {hold}",
				"zklock.hold.duration{kind=lock type=lease}":  "1 of 7 s",
				"zklock.hold.lost{reason=lease}":              "1 {hold}",
				"zklock.session.transitions{state=connected}": "2 {transition}",
				"zklock.session.transitions{state=suspended}": "1 {transition}",
				"zklock.session.transitions{state=expired}":   "1 {transition}",
			},
		},
		"closed": {
			func(t *testing.T, p *place) {
				p.hold(p.m, time.Second)
				require.NoError(t, p.s.Close())
			},
			map[string]string{
				acquired:                                      "1 of 0 s",
				"zklock.acquire.active{kind=lock}":            "0 {acquisition}",
				"zklock.hold.active{kind=lock}":               "0 {hold}",
				"zklock.hold.duration{kind=lock type=closed}": "1 of 1 s",
				"zklock.hold.lost{reason=closed}":             "1 {hold}",
				"zklock.session.count{state=connected}":       "0 {session}",
				"zklock.session.transitions{state=closed}":    "1 {transition}",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			observed(t, nil, func(t *testing.T, p *place) {
				c.run(t, p)
				want := fromTheBeginning()
				maps.Copy(want, c.want)
				got := p.measured()
				delete(got, leastLeft) // see TestObserveStats
				assert.Equal(t, want, got)
			})
		})
	}
}

const leastLeft = "zklock.lease.least_left{}"

// TestObserveStats has the least time that was left to a hold shrink, and not grow again.
func TestObserveStats(t *testing.T) {
	observed(t, nil, func(t *testing.T, p *place) {
		left := func() float64 {
			value, err := strconv.ParseFloat(strings.TrimSuffix(p.measured()[leastLeft], " s"), 64)
			require.NoError(t, err)
			return value
		}
		assert.Equal(t, timeout.Seconds(), left(), "before the first hold")
		p.hold(p.m, 5*time.Second)
		untroubled := left()
		assert.Less(t, untroubled, timeout.Seconds()/2)
		assert.Greater(t, untroubled, timeout.Seconds()/4)
		p.network.Blackhole()
		pause(3 * time.Second)
		p.network.Heal()
		pause(5 * time.Second)
		assert.Less(t, left(), untroubled-1)
		assert.Positive(t, left())
		p.network.Blackhole()
		<-p.m.Lost()
		p.network.Heal()
		assert.Zero(t, left())
	})
}

// TestWithLockName has the user's function name locks, or not.
func TestWithLockName(t *testing.T) {
	name := func(lock zklock.LockRef) string {
		first, _, found := strings.Cut(lock.Name, "/")
		if !found {
			return ""
		}
		return first
	}
	opts := []otelzklock.Option{
		otelzklock.WithLockName(name), otelzklock.WithAttributes(attribute.String("app", "billing")),
	}
	observed(t, opts, func(t *testing.T, p *place) {
		p.hold(p.m, time.Second)
		p.m.Unlock()
		plain, err := p.s.Mutex("plain")
		require.NoError(t, err)
		p.hold(plain, 0)
		got := p.measured()
		for key, value := range map[string]string{
			"zklock.hold.duration{app=billing kind=lock name=tenants}": "1 of 1 s",
			"zklock.hold.active{app=billing kind=lock name=tenants}":   "0 {hold}",
			"zklock.hold.active{app=billing kind=lock}":                "1 {hold}",
			"zklock.hold.revoked{app=billing}":                         "0 {hold}",
			"zklock.session.count{app=billing state=connected}":        "1 {session}",
		} {
			assert.Equal(t, value, got[key], key)
		}
		for key := range got {
			assert.Contains(t, key, "app=billing")
		}
		for _, span := range p.spans.Ended()[:2] {
			shown := attributes(span.Attributes())
			assert.Contains(t, shown, "app=billing")
			assert.Contains(t, shown, "name=tenants")
		}
	})
}

// TestMetricsAreDocumented compares the table in the package's documentation with what is told.
func TestMetricsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var documented []string
	rows := regexp.MustCompile(`(?m)^//\t(zklock\.\S+) +(?:histogram|up-down counter|counter|gauge)`)
	for _, row := range rows.FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, row[1])
	}
	observed(t, nil, func(t *testing.T, p *place) {
		p.hold(p.m, time.Second)
		p.m.Unlock()
		told := make(map[string]bool)
		for key := range p.measured() {
			name, _, _ := strings.Cut(key, "{")
			told[name] = true
		}
		assert.ElementsMatch(t, documented, slices.Collect(maps.Keys(told)))
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]otelzklock.Option{
		"option": nil, "meter provider": otelzklock.WithMeterProvider(nil),
		"tracer provider": otelzklock.WithTracerProvider(nil), "function": otelzklock.WithLockName(nil),
	} {
		_, err := otelzklock.NewHooks(opt)
		assert.ErrorContains(t, err, name)
	}
	_, err := otelzklock.ObserveStats(nil)
	assert.ErrorContains(t, err, "session is nil")
}

// TestGlobalProviders is without any option, and nothing set up: it must work, and tell nobody.
func TestGlobalProviders(t *testing.T) {
	hooks, err := otelzklock.NewHooks()
	require.NoError(t, err)
	ctx := hooks.AcquireStart(t.Context(), zklock.AcquireStartEvent{})
	hooks.AcquireEnd(ctx, zklock.AcquireEndEvent{})
	hooks.HoldEnd(ctx, zklock.HoldEndEvent{})
	hooks.AcquireEnd(t.Context(), zklock.AcquireEndEvent{}) // as when another's hook drops the context
	hooks.HoldEnd(t.Context(), zklock.HoldEndEvent{})
}
