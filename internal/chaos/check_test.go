//go:build unix

package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// script makes a history by hand: each line is one event, a second after the one before.
func script(events ...Event) *history {
	h := newHistory()
	for i, ev := range events {
		ev.At = int64(i+1) * int64(time.Second)
		h.add(ev)
	}
	return h
}

// on completes an event of the mutex: which worker, which operation.
func on(worker, op int, ev Event) Event {
	ev.Worker, ev.Op, ev.Lock = worker, op, mutexName
	return ev
}

func lock(worker, op int) Event   { return on(worker, op, Event{Kind: kindLock}) }
func unlock(worker, op int) Event { return on(worker, op, Event{Kind: kindUnlock}) }
func lost(worker, op int, why string) Event {
	return on(worker, op, Event{Kind: kindLost, Result: why})
}
func granted(worker, op, token int) Event {
	return on(worker, op, Event{Kind: kindGranted, Token: text(token)})
}
func zooky(ev Event) Event       { ev.How = "zooky"; return ev }
func alive(worker, op int) Event { return on(worker, op, Event{Kind: kindAlive}) }
func read(ev Event) Event        { ev.Shared = true; return ev }

// gap is when a worker finds that it had got no processor for so long.
func gap(worker int, d time.Duration) Event {
	return Event{Kind: kindGap, Worker: worker, Gap: int64(d)}
}

func text(token int) string { return fmt.Sprintf("%016x.%08x", token, 0) }

// judge checks a history and returns how many violations of a kind it has; any other kind is a
// failure.
func judge(t *testing.T, kind string, h *history, logs map[registerName][]applied) int {
	t.Helper()
	r := newReport(Config{})
	r.lastTokens[mutexName] = text(1000)
	r.check(h, logs)
	assert.Equal(t, r.Count(kind), len(r.Violations), "%v", r.Violations)
	return r.Count(kind)
}

func TestOverlapsAreFound(t *testing.T) {
	harness := func(kind Kind, worker int) Event { return Event{Kind: kind, Worker: worker} }
	for name, test := range map[string]struct {
		want   int
		events []Event
	}{
		"one after the other": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), unlock(1, 1), granted(2, 1, 6),
			unlock(2, 1)}},
		"both at once": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), unlock(1, 1),
			unlock(2, 1)}},
		"recorded the other way round": {1, []Event{
			lock(1, 1), lock(2, 1), granted(2, 1, 6), granted(1, 1, 5), unlock(1, 1),
			unlock(2, 1)}},
		"told before": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), lost(1, 1, "lease"), granted(2, 1, 6),
			unlock(1, 1)}},
		"told after": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), lost(1, 1, "lease"),
			unlock(1, 1)}},
		"never released": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6)}},
		"killed before": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindKill, 1), granted(2, 1, 6)}},
		"stopped": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindStop, 1),
			granted(2, 1, 6), unlock(2, 1),
			harness(kindCont, 1), lost(1, 1, "lease")}},
		"zooky stopped, and its command ended": {0, []Event{
			lock(1, 1), lock(2, 1), zooky(granted(1, 1, 5)), alive(1, 1),
			harness(kindStopZooky, 1), alive(1, 1),
			granted(2, 1, 6), unlock(2, 1)}},
		"zooky stopped, and its command goes on": {1, []Event{
			lock(1, 1), lock(2, 1), zooky(granted(1, 1, 5)), harness(kindStopZooky, 1),
			granted(2, 1, 6), alive(1, 1),
			unlock(2, 1)}},
		"stopped, but not when it mattered": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindStop, 1), harness(kindCont, 1),
			granted(2, 1, 6),
			lost(1, 1, "lease")}},
		"another was stopped": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindStop, 3), granted(2, 1, 6),
			unlock(1, 1)}},
		"without a processor": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), gap(1, 3*time.Second/2),
			lost(1, 1, "lease")}},
		"without a processor, but not when it mattered": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), gap(1, time.Second/2),
			lost(1, 1, "lease")}},
		"another was without a processor": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), gap(3, 3*time.Second/2),
			lost(1, 1, "lease")}},
		"without a processor when it was stopped": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindStop, 1), gap(1, time.Second/2),
			granted(2, 1, 6),
			harness(kindCont, 1), lost(1, 1, "lease")}},
		"ended by the harness": {0, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), harness(kindExpire, 1), granted(2, 1, 6),
			lost(1, 1, "expired")}},
		"ended by the harness too late to explain it": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), harness(kindExpire, 1),
			lost(1, 1, "expired")}},
		"removed by force": {0, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(1, 1, 5),
			granted(2, 1, 6), lost(1, 1, "removed")}},
		"removed, and nobody forced": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), granted(2, 1, 6), lost(1, 1, "removed")}},
		"removed by force, and not told why": {0, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(1, 1, 5),
			granted(2, 1, 6), lost(1, 1, "lease")}},
		"removed by force before the grant was recorded": {0, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(2, 1, 6),
			granted(1, 1, 5), lost(1, 1, "removed")}},
		"removed by force before the grant was recorded, found when it was unlocked": {0, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(2, 1, 6),
			granted(1, 1, 5), unlock(1, 1),
			on(1, 1, Event{Kind: kindUnlocked, Err: "lost", Result: "removed"})}},
		"not removed, though somebody forced before": {1, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(2, 1, 6),
			granted(1, 1, 5), lost(1, 1, "lease")}},
		"released in order, though somebody forced": {1, []Event{
			lock(1, 1), on(2, 1, Event{Kind: kindLock, How: "force"}), granted(1, 1, 5),
			granted(2, 1, 6), unlock(1, 1),
			on(1, 1, Event{Kind: kindUnlocked})}},
		"two readers": {0, []Event{
			lock(1, 1), lock(2, 1), read(granted(1, 1, 5)), read(granted(2, 1, 6)), unlock(1, 1),
			unlock(2, 1)}},
		"a reader and a writer": {1, []Event{
			lock(1, 1), lock(2, 1), read(granted(1, 1, 5)), granted(2, 1, 6), unlock(1, 1),
			unlock(2, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "overlap", script(test.events...), nil))
		})
	}
}

func TestBadTokensAreFound(t *testing.T) {
	turns := func(tokens ...int) (events []Event) {
		for i, token := range tokens {
			events = append(events, lock(1, i), granted(1, i, token), unlock(1, i))
		}
		return events
	}
	for name, test := range map[string]struct {
		want   int
		tokens []int
	}{
		"increasing": {0, []int{1, 2, 7}},
		"none":       {1, []int{0, 1}},
		"twice":      {1, []int{1, 2, 2}},
		"smaller":    {2, []int{1, 9, 7, 8, 10}},
		"after all":  {1, []int{1, 1001, 1002}}, // the run's end was granted 1000
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "token", script(turns(test.tokens...)...), nil))
		})
	}
}

// write is what a worker did to the guarded register.
func write(worker, op, token int) Event {
	return on(worker, op,
		Event{Kind: kindWrite, How: guarded, Token: text(token), Value: value(worker, op)})
}

func wrote(worker, op int, result string) Event {
	return on(worker, op, Event{Kind: kindWrote, How: guarded, Result: result})
}

func value(worker, op int) string { return fmt.Sprintf("%d.%d", worker, op) }

// got is a read between this event and the one before.
func got(worker, op, token int, value string) []Event {
	return []Event{
		on(worker, op, Event{Kind: kindRead, How: guarded}),
		on(worker, op,
			Event{Kind: kindGot, How: guarded, Result: resultOK, Token: text(token), Value: value}),
	}
}

func TestBadRegistersAreFound(t *testing.T) {
	w := func(worker, op, token int) applied { return applied{text(token), value(worker, op)} }
	join := func(events []Event, more ...Event) []Event { return append(events, more...) }
	for name, test := range map[string]struct {
		kind   string
		want   int
		log    []applied
		events []Event
	}{
		"in order": {"fence", 0, []applied{w(1, 1, 5), w(2, 1, 6)}, []Event{
			write(1, 1, 5), wrote(1, 1, resultOK), write(2, 1, 6), wrote(2, 1, resultOK)}},
		"confirmed, not executed": {"lost", 1, nil, []Event{write(1, 1, 5), wrote(1, 1, resultOK)}},
		"refused, and executed":   {"register", 1, []applied{w(1, 1, 5)}, []Event{write(1, 1, 5), wrote(1, 1, resultRefused)}},
		"written by nobody":       {"register", 1, []applied{w(1, 1, 5)}, nil},
		"executed twice": {"register", 1, []applied{w(1, 1, 5), w(1, 1, 5)}, []Event{
			write(1, 1, 5), wrote(1, 1, resultOK)}},
		"unknown, not executed": {"fence", 0, nil, []Event{write(1, 1, 5), wrote(1, 1, resultUnknown)}},
		"unknown, executed": {"fence", 0, []applied{w(1, 1, 5)}, []Event{
			write(1, 1, 5)}},
		"read of an unknown write, late": {"linearizability", 0,
			[]applied{w(1, 1, 5), w(2, 1, 6)}, join(
				[]Event{write(1, 1, 5), wrote(1, 1, resultUnknown)},
				append(got(3, 1, 5, value(1, 1)),
					write(2, 1, 6), wrote(2, 1, resultOK))...)},
		"read of an older value": {"linearizability", 1, []applied{w(1, 1, 5), w(2, 1, 6)}, join(
			[]Event{write(1, 1, 5), wrote(1, 1, resultOK), write(2, 1, 6), wrote(2, 1, resultOK)},
			got(3, 1, 5, value(1, 1))...)},
		"read of a value that a later write had covered": {"linearizability", 1,
			[]applied{w(1, 1, 5), w(2, 1, 6)}, join(
				[]Event{write(1, 1, 5), write(2, 1, 6), wrote(2, 1, resultOK)},
				got(3, 1, 5, value(1, 1))...)},
	} {
		t.Run(name, func(t *testing.T) {
			logs := map[registerName][]applied{{guarded, mutexName}: test.log}
			assert.Equal(t, test.want, judge(t, test.kind, script(test.events...), logs))
		})
	}
	t.Run("a stale write", func(t *testing.T) {
		r := newReport(Config{})
		r.check(script(write(1, 1, 5), write(2, 1, 6), wrote(2, 1, resultOK),
			wrote(1, 1, resultOK)),
			map[registerName][]applied{{guarded, mutexName}: {w(2, 1, 6), w(1, 1, 5)}})
		assert.Equal(t, 1, r.Count("fence"))
	})
}

func TestOtherTroubleIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		kind   string
		events []Event
	}{
		"an error nobody expects": {"error", []Event{lock(1, 1), on(1, 1, Event{Kind: kindFailed, Result: "error"})}},
		"a worker that ended":     {"worker", []Event{{Kind: kindStart, Worker: 1}}},
		"a leak":                  {"worker", []Event{{Kind: kindStart, Worker: 1}, {Kind: kindClosed, Worker: 1, Err: "leaked"}}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, 1, judge(t, test.kind, script(test.events...), nil))
		})
	}
}

func TestLateReturnsAreFound(t *testing.T) {
	failed := func(late time.Duration) Event {
		return on(1, 1, Event{Kind: kindFailed, Result: "context", Late: int64(late)})
	}
	for name, test := range map[string]struct {
		want   int
		events []Event
	}{
		"soon":                           {0, []Event{lock(1, 1), failed(lateness)}},
		"late":                           {1, []Event{lock(1, 1), failed(time.Second)}},
		"without a processor":            {0, []Event{lock(1, 1), failed(time.Second), gap(1, 3*time.Second/2)}},
		"and then without a processor":   {1, []Event{lock(1, 1), failed(time.Second), gap(1, time.Second)}},
		"another without a processor":    {1, []Event{lock(1, 1), failed(time.Second), gap(2, 2*time.Second)}},
		"without a processor for a part": {1, []Event{lock(1, 1), gap(1, time.Second), failed(1700 * time.Millisecond)}},
		"stopped":                        {0, []Event{{Kind: kindStop, Worker: 1}, failed(time.Second), {Kind: kindCont, Worker: 1}}},
		"stopped, and then late": {1, []Event{
			{Kind: kindStop, Worker: 1}, {Kind: kindCont, Worker: 1}, gap(1, 2*time.Second), failed(3 * time.Second)}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "late", script(test.events...), nil))
		})
	}
}

func TestAPlanFollowsFromItsSeed(t *testing.T) {
	cfg := Config{Duration: 10 * time.Minute, Timeout: 3 * time.Second, Clients: 5,
		Seed: 7, Clocks: true}
	plan := newPlan(cfg)
	assert.Equal(t, plan, newPlan(cfg))
	seen := make(map[string]bool)
	for _, f := range append(plan.Servers, plan.Clients...) {
		seen[f.What] = true
	}
	for _, what := range append(serverFaults, clientFaults...) {
		assert.True(t, seen[what], what)
	}
	cfg.Clocks = false
	for _, f := range newPlan(cfg).Servers {
		assert.NotEqual(t, stepClocks, f.What)
	}
	cfg.Seed = 8
	assert.NotEqual(t, plan, newPlan(cfg))
}

// TestAViolationTellsTheEventsThatMatter has two holds at once, in the middle of what others do.
func TestAViolationTellsTheEventsThatMatter(t *testing.T) {
	harness := func(ev Event) Event { ev.Worker = -1; return ev }
	r := newReport(Config{})
	r.check(script(
		harness(Event{Kind: kindFault, How: "an earlier one"}),
		harness(Event{Kind: kindMended, How: "an earlier one"}),
		lock(1, 1), lock(2, 1), lock(3, 1), lock(1, 0), lock(4, 7), lock(4, 8),
		harness(Event{Kind: kindFault, How: "cut"}),
		Event{Kind: kindTimeout, Worker: 1, Session: 9, Timeout: int64(time.Second)},
		granted(1, 1, 5), gap(1, time.Millisecond), gap(3, time.Millisecond), granted(2, 1, 6),
		on(3, 1, Event{Kind: kindFailed, Result: "context"}),
		unlock(1, 1), unlock(2, 1), harness(Event{Kind: kindMended, How: "cut"}),
		harness(Event{Kind: kindFault, How: "a later one"}),
		harness(Event{Kind: kindMended, How: "a later one"}),
	), nil)
	var overlap Violation
	for _, v := range r.Violations {
		if v.Kind == "overlap" {
			overlap = v
		}
	}
	token := func(n int) string { return " token " + text(n) }
	assert.Equal(t, []string{
		"    3.000s client 1, op 1: lock mutex",
		"    4.000s client 2, op 1: lock mutex",
		"    9.000s fault cut",
		"   10.000s client 1: timeout session 0x9 for 1s",
		"   11.000s client 1, op 1: granted mutex" + token(5),
		"   12.000s client 1: gap without a processor for 1ms",
		"   14.000s client 2, op 1: granted mutex" + token(6),
		"   16.000s client 1, op 1: unlock mutex",
		"   17.000s client 2, op 1: unlock mutex",
		"   18.000s mended cut",
	}, overlap.Told)
}

func TestPermitsAreCounted(t *testing.T) {
	pool := func(ev Event) Event { ev.Lock, ev.Shared = poolName, true; return ev }
	permits := func(worker, token, n int) Event {
		ev := pool(granted(worker, 1, token))
		ev.Count = n
		return ev
	}
	want := func(worker int) Event { return pool(lock(worker, 1)) }
	for name, test := range map[string]struct {
		want   int
		events []Event
	}{
		"as many as there are": {0, []Event{
			want(1), want(2), permits(1, 5, 1), permits(2, 6, poolSize-1)}},
		"one too many": {1, []Event{
			want(1), want(2), permits(1, 5, 2), permits(2, 6, poolSize-1)}},
		"one after the other": {0, []Event{
			want(1), want(2), permits(1, 5, 2), pool(unlock(1, 1)), permits(2, 6, poolSize)}},
		"told before": {0, []Event{
			want(1), want(2), permits(1, 5, 2), pool(lost(1, 1, "lease")), permits(2, 6, poolSize)}},
		"stopped": {0, []Event{
			want(1), want(2), permits(1, 5, 2), {Kind: kindStop, Worker: 1}, permits(2, 6, poolSize)}},
		"the later one was stopped": {1, []Event{
			want(1), want(2), permits(1, 5, 2), {Kind: kindStop, Worker: 2}, permits(2, 6, poolSize)}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "room", script(test.events...), nil))
		})
	}
}

func TestADowngradeSharesTheLock(t *testing.T) {
	downgrade := on(1, 1, Event{Kind: kindDowngrade})
	for name, test := range map[string]struct {
		want   int
		events []Event
	}{
		"a reader afterwards": {0, []Event{
			lock(1, 1), read(lock(2, 1)), granted(1, 1, 5), downgrade, read(granted(2, 1, 6))}},
		"a reader before": {1, []Event{
			lock(1, 1), read(lock(2, 1)), granted(1, 1, 5), read(granted(2, 1, 6)), downgrade}},
		"a writer afterwards": {1, []Event{
			lock(1, 1), lock(2, 1), granted(1, 1, 5), downgrade, granted(2, 1, 6)}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "overlap", script(test.events...), nil))
		})
	}
}
