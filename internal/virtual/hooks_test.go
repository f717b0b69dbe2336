package virtual

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// diary is hooks that write down what they are told, each acquisition by its number.
type diary struct {
	mu     sync.Mutex // guards the fields below
	lines  []string
	last   int // number
	states []string
	events []zklock.StateEvent
}

type diaryKey struct{}

func (d *diary) write(ctx context.Context, lock zklock.LockRef, format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	about := fmt.Sprintf("%v %s %v: ", ctx.Value(diaryKey{}), lock.Name, lock.Kind)
	d.lines = append(d.lines, about+fmt.Sprintf(format, args...))
}

func (d *diary) number(ctx context.Context) context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	return context.WithValue(ctx, diaryKey{}, d.last)
}

// lull is after how long hooks have been told of everything.
const lull = 10 * time.Millisecond

// read returns what was written since the last call.
func (d *diary) read() []string {
	time.Sleep(lull) // sleep ok: virtual
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines, d.last = nil, 0
	return lines
}

// short is the last part of an error.
func short(err error) string {
	if err == nil {
		return "ok"
	}
	parts := strings.Split(err.Error(), ": ")
	return parts[len(parts)-1]
}

// to is a duration without what the network and a watch take.
func to(d time.Duration) time.Duration { return d.Truncate(100 * time.Millisecond) }

func (d *diary) hooks() *zklock.Hooks {
	return &zklock.Hooks{
		AcquireStart: func(ctx context.Context, e zklock.AcquireStartEvent) context.Context {
			ctx = d.number(ctx)
			d.write(ctx, e.Lock, "start, try %v", e.Try)
			return ctx
		},
		Queued: func(ctx context.Context, e zklock.QueuedEvent) {
			d.write(ctx, e.Lock, "queued behind %d", e.Ahead)
		},
		AcquireEnd: func(ctx context.Context, e zklock.AcquireEndEvent) {
			d.write(ctx, e.Lock, "end after %v, token %v, handoff %d, %s", to(e.Wait),
				!e.Token.IsZero(), e.Token.Handoff, short(e.Err))
		},
		Revoked: func(ctx context.Context, e zklock.RevokedEvent) {
			d.write(ctx, e.Lock, "revoked after %v", to(e.Held))
		},
		Lost: func(ctx context.Context, e zklock.LostEvent) {
			d.write(ctx, e.Lock, "lost after %v: %v, %v", to(e.Held), e.Reason,
				errors.Is(e.Err, zklock.ErrLost))
		},
		HoldEnd: func(ctx context.Context, e zklock.HoldEndEvent) {
			d.write(ctx, e.Lock, "held for %v, token %v, %v, error %v", to(e.Held),
				!e.Token.IsZero(), e.Reason, e.Err != nil)
		},
		State: func(e zklock.StateEvent) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.states = append(d.states, fmt.Sprintf("%v→%v after %v", e.From, e.To, to(e.For)))
			d.events = append(d.events, e)
		},
	}
}

// TestVirtualHooks has hooks be told of acquisitions and holds, in the order in which it happens.
func TestVirtualHooks(t *testing.T) {
	const (
		timeout = 12 * time.Second
		start   = "1 m lock: start, try false"
		granted = "1 m lock: end after 0s, token true, handoff 0, ok"
		second  = 1000 * time.Millisecond
	)
	pause := time.Sleep // sleep ok: virtual
	type scene struct {
		*world
		s         *zklock.Session
		m, theirs *zklock.Mutex
		client    *fakezk.Client
	}
	for name, c := range map[string]struct {
		opts []zklock.LockOption
		run  func(t *testing.T, sc *scene)
		want []string
	}{
		"granted at once": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				sc.m.Unlock()
			},
			want: []string{start, granted,
				"1 m lock: held for 1s, token true, not lost, error false"},
		},
		"granted after a wait": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.theirs, 0)
				p := sc.m.LockAsync(t.Context())
				pause(5 * second)
				sc.theirs.Unlock()
				<-p.Done()
				pause(second)
				p.Cancel()
			},
			want: []string{start, "1 m lock: queued behind 1",
				"1 m lock: end after 5s, token true, handoff 0, ok",
				"1 m lock: held for 1s, token true, not lost, error false"},
		},
		"gave up": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.theirs, 0)
				ctx, cancel := context.WithTimeout(t.Context(), 2*second)
				defer cancel()
				_, err := sc.m.LockContext(ctx)
				require.Error(t, err)
			},
			want: []string{start, "1 m lock: queued behind 1",
				"1 m lock: end after 2s, token false, handoff 0, context deadline exceeded"},
		},
		"try refused": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.theirs, 0)
				assert.False(t, sc.m.TryLock())
			},
			want: []string{"1 m lock: start, try true",
				"1 m lock: end after 0s, token false, handoff 0, lock is taken"},
		},
		"its context had ended": {
			run: func(t *testing.T, sc *scene) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_, err := sc.m.LockContext(ctx)
				require.Error(t, err)
			},
			want: []string{start,
				"1 m lock: end after 0s, token false, handoff 0, context canceled"},
		},
		"revoked": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				_, err := sc.theirs.RevokeAll(t.Context())
				require.NoError(t, err)
				pause(2 * second)
				sc.m.Unlock()
			},
			want: []string{start, granted, "1 m lock: revoked after 1s",
				"1 m lock: held for 3s, token true, not lost, error false"},
		},
		"revoked while it waits": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.theirs, 0)
				p := sc.m.LockAsync(t.Context())
				pause(second)
				_, err := sc.theirs.RevokeAll(t.Context())
				require.NoError(t, err)
				pause(second)
				sc.theirs.Unlock()
				<-p.Done()
				sc.m.Unlock()
			},
			want: []string{start, "1 m lock: queued behind 1",
				"1 m lock: end after 2s, token true, handoff 0, ok",
				"1 m lock: revoked after 0s", "1 m lock: held for 0s, token true, not lost, error false"},
		},
		"lost by removal": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				_, err := sc.theirs.Clear(t.Context())
				require.NoError(t, err)
				<-sc.m.Lost()
				pause(second)
				sc.m.Unlock()
			},
			want: []string{start, granted, "1 m lock: lost after 1s: removed, true",
				"1 m lock: held for 1s, token true, removed, error true"},
		},
		"lost by removal, noticed by the release": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, 0)
				_, err := sc.theirs.Clear(t.Context())
				require.NoError(t, err)
				assert.ErrorIs(t, sc.m.UnlockContext(t.Context()), zklock.ErrLost)
			},
			want: []string{start, granted, "1 m lock: lost after 0s: removed, true",
				"1 m lock: held for 0s, token true, removed, error true"},
		},
		"lost by expiry": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				sc.expireCutOff(sc.s, sc.client)
				<-sc.m.Lost()
				sc.m.Unlock()
			},
			want: []string{start, granted, "1 m lock: lost after 1s: expired, true",
				"1 m lock: held for 1s, token true, expired, error true"},
		},
		"lost with the lease": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, 1500*time.Millisecond)
				sc.client.Blackhole()
				<-sc.m.Lost()
				sc.client.Heal()
				sc.m.Unlock()
			},
			want: []string{start, granted, "1 m lock: lost after 5.8s: lease, true",
				"1 m lock: held for 5.8s, token true, lease, error true"},
		},
		"lost by Close": {
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				require.NoError(t, sc.s.Close())
			},
			want: []string{start, granted, "1 m lock: lost after 1s: closed, true",
				"1 m lock: held for 1s, token true, closed, error true"},
		},
		"handed off": {
			opts: []zklock.LockOption{zklock.WithLocalHandoff(5)},
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.m, second)
				p := sc.m.LockAsync(t.Context())
				pause(second)
				sc.m.Unlock()
				<-p.Done()
				sc.m.Unlock()
			},
			want: []string{start, granted, "2 m lock: start, try false",
				"2 m lock: queued behind 1",
				"2 m lock: end after 1s, token true, handoff 1, ok",
				"1 m lock: held for 2s, token true, not lost, error false",
				"2 m lock: held for 0s, token true, not lost, error false"},
		},
		"a cohort behind others": {
			opts: []zklock.LockOption{zklock.WithLocalHandoff(5)},
			run: func(t *testing.T, sc *scene) {
				lockFor(t, sc.theirs, 0)
				p := sc.m.LockAsync(t.Context())
				pause(second)
				sc.theirs.Unlock()
				<-p.Done()
				sc.expireCutOff(sc.s, sc.client)
				<-sc.m.Lost()
				sc.m.Unlock()
			},
			want: []string{start, "1 m lock: queued behind 1",
				"1 m lock: end after 1s, token true, handoff 0, ok",
				"1 m lock: lost after 0s: expired, true", "1 m lock: held for 0s, token true, expired, error true"},
		},
		"readers": {
			run: func(t *testing.T, sc *scene) {
				rw := rwMutex(t, sc.s, "m")
				rw.RLock()
				pause(second) // AcquireStart is called at once, the others are a moment later
				rw.RLock()
				//lint:ignore SA2001 what the hooks are told is tested
				rw.RUnlock()
				rw.RUnlock()
			},
			want: []string{
				"1 m read: start, try false", "1 m read: end after 0s, token true, handoff 0, ok",
				"2 m read: start, try false", "2 m read: end after 0s, token true, handoff 0, ok",
				"1 m read: held for 1s, token true, not lost, error false",
				"2 m read: held for 0s, token true, not lost, error false",
			},
		},
		"Do": {
			run: func(t *testing.T, sc *scene) {
				require.NoError(t, sc.m.Do(t.Context(), func(context.Context) error {
					pause(second)
					return nil
				}))
			},
			want: []string{start, granted,
				"1 m lock: held for 1s, token true, not lost, error false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				var d diary
				s, client := w.dial("", timeout, zklock.WithHooks(d.hooks()))
				other, _ := w.dial("", timeout)
				m, theirs := mutex(t, s, "m", c.opts...), mutex(t, other, "m")
				c.run(t, &scene{w, s, m, theirs, client})
				assert.Equal(t, c.want, d.read())
			})
		})
	}
}

// TestVirtualHooksSayHowLong looks at the times of events, and at what the context of AcquireStart
// is for: it goes through all hooks that were given, in their order, and then to all of them.
func TestVirtualHooksSayHowLong(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		const (
			second = 1000 * time.Millisecond
			trip   = 6 * time.Millisecond
		)
		type key struct{ hooks int }
		var told []string
		hooks := func(n int) zklock.SessionOption {
			tell := func(ctx context.Context, what string, times ...time.Duration) {
				told = append(told, fmt.Sprint(n, " ", what, " ", times, " of ",
					ctx.Value(key{1}), " and ", ctx.Value(key{2})))
			}
			return zklock.WithHooks(&zklock.Hooks{
				AcquireStart: func(ctx context.Context,
					_ zklock.AcquireStartEvent) context.Context {
					tell(ctx, "start")
					return context.WithValue(ctx, key{n}, fmt.Sprint("span ", n))
				},
				Queued: func(ctx context.Context, e zklock.QueuedEvent) {
					tell(ctx, "queued", to(e.Wait))
					assert.GreaterOrEqual(t, e.Wait, trip)
				},
				AcquireEnd: func(ctx context.Context, e zklock.AcquireEndEvent) {
					tell(ctx, "end", to(e.Wait))
				},
				Revoked: func(ctx context.Context, e zklock.RevokedEvent) {
					tell(ctx, "revoked", to(e.Held))
				},
				HoldEnd: func(ctx context.Context, e zklock.HoldEndEvent) {
					tell(ctx, "over", to(e.Held), e.Release)
				},
			})
		}
		s, _ := w.dial("", 12*second, hooks(1), hooks(2))
		other, _ := w.dial("", 12*second)
		m, theirs := mutex(t, s, "m"), mutex(t, other, "m")
		lockFor(t, theirs, 0)
		p := m.LockAsync(t.Context())
		time.Sleep(3 * second) // sleep ok: virtual
		theirs.Unlock()
		<-p.Done()
		time.Sleep(second) // sleep ok: virtual
		_, err := theirs.RevokeAll(t.Context())
		require.NoError(t, err)
		time.Sleep(second) // sleep ok: virtual
		m.Unlock()
		time.Sleep(lull) // sleep ok: virtual
		synctest.Wait()
		want := []string{"1 start [] of <nil> and <nil>", "2 start [] of span 1 and <nil>"}
		for _, event := range []string{"queued [0s]", "end [3s]", "revoked [1s]", "over [2s 6ms]"} {
			for _, n := range []string{"1 ", "2 "} {
				want = append(want, n+event+" of span 1 and span 2")
			}
		}
		assert.Equal(t, want, told)
	})
}

// TestVirtualHooksOfStates goes through all states of a Session.
func TestVirtualHooksOfStates(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var d diary
		s, client := w.dial("", 12*time.Second, zklock.WithHooks(d.hooks()))
		time.Sleep(2 * time.Second) // sleep ok: virtual
		client.Refuse()
		client.Cut()
		time.Sleep(900 * time.Millisecond) // sleep ok: virtual
		client.Heal()
		for s.State() != zklock.StateConnected {
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual
		}
		require.NoError(t, s.Close())
		require.Len(t, d.states, 4)
		assert.Equal(t, "State(0)→connected after 0s", d.states[0])
		assert.Equal(t, "connected→suspended after 2s", d.states[1])
		assert.Contains(t, d.states[2], "suspended→connected after")
		assert.Contains(t, d.states[3], "connected→closed after")
		for _, e := range d.events {
			assert.Equal(t, w.Connect(), e.Server)
			assert.Equal(t, 12*time.Second, e.Timeout)
		}
		assert.NoError(t, d.events[2].Err, "connected")
	})
}

// TestVirtualHooksThatBlock has a hook not return: neither locks nor losses wait for it. One whose
// fields are nil is not called.
func TestVirtualHooksThatBlock(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		blocked := make(chan struct{})
		s, _ := w.dial("", 10*time.Second, zklock.WithHooks(new(zklock.Hooks)),
			zklock.WithHooks(&zklock.Hooks{
				AcquireStart: func(context.Context, zklock.AcquireStartEvent) context.Context {
					return nil
				},
				AcquireEnd: func(context.Context, zklock.AcquireEndEvent) { <-blocked },
			}))
		m := mutex(t, s, "m")
		begun := time.Now()
		lock(t, m)
		m.Unlock()
		lock(t, m)
		w.Expire(s.ID())
		receive(t, m.Lost(), "loss")
		assert.Less(t, time.Since(begun), 100*time.Millisecond)
		require.NoError(t, s.Close())
		assert.LessOrEqual(t, time.Since(begun), 5*time.Second)
		close(blocked)
	})
}

// TestVirtualUrgentHooks has hooks be told of a revocation, a loss and a state at once, though what
// was told a moment ago lets events gather, and of all that was before.
func TestVirtualUrgentHooks(t *testing.T) {
	for name, c := range map[string]struct {
		urgent string
		do     func(t *testing.T, client *fakezk.Client, m, theirs *zklock.Mutex)
	}{
		"revoked": {"revoked", func(t *testing.T, _ *fakezk.Client, m, theirs *zklock.Mutex) {
			_, err := theirs.RevokeAll(t.Context())
			require.NoError(t, err)
			<-m.Revoked()
		}},
		"lost": {"lost", func(t *testing.T, _ *fakezk.Client, m, theirs *zklock.Mutex) {
			_, err := theirs.Clear(t.Context())
			require.NoError(t, err)
			<-m.Lost()
		}},
		"state": {"state", func(_ *testing.T, client *fakezk.Client, _, _ *zklock.Mutex) {
			client.Cut()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
				var told []string
				tell := func(what string) { told = append(told, what) }
				s, client := w.dial("", 12*time.Second, zklock.WithHooks(&zklock.Hooks{
					AcquireEnd: func(context.Context, zklock.AcquireEndEvent) { tell("end") },
					Revoked:    func(context.Context, zklock.RevokedEvent) { tell("revoked") },
					Lost:       func(context.Context, zklock.LostEvent) { tell("lost") },
					State:      func(zklock.StateEvent) { tell("state") },
				}))
				other, _ := w.dial("", 12*time.Second)
				m, theirs := mutex(t, s, "m"), mutex(t, other, "m")
				lockFor(t, m, time.Second) // it is watched, and told of at once
				lockFor(t, mutex(t, s, "n"), 0)
				synctest.Wait()
				lockFor(t, mutex(t, s, "o"), 0)
				synctest.Wait()
				require.Equal(t, []string{"state", "end", "end"}, told, "o is told of later")
				began := time.Now()
				c.do(t, client, m, theirs)
				synctest.Wait()
				require.Less(t, time.Since(began), lull)
				require.GreaterOrEqual(t, len(told), 5)
				assert.Equal(t, []string{"end", c.urgent}, told[3:5])
			})
		})
	}
}

// TestVirtualHooksAllocateNothing compares what a lock and its release allocate without hooks and
// with all of them set. What the servers allocate is in both.
func TestVirtualHooksAllocateNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	calls := 0
	empty := &zklock.Hooks{
		AcquireStart: func(ctx context.Context, _ zklock.AcquireStartEvent) context.Context {
			return ctx
		},
		Queued:     func(context.Context, zklock.QueuedEvent) {},
		AcquireEnd: func(context.Context, zklock.AcquireEndEvent) {},
		Revoked:    func(context.Context, zklock.RevokedEvent) {},
		Lost:       func(context.Context, zklock.LostEvent) {},
		HoldEnd:    func(context.Context, zklock.HoldEndEvent) {},
		State:      func(zklock.StateEvent) {},
		Request:    func(zklock.RequestEvent) { calls++ },
	}
	const runs = 100
	allocated := func(opts ...zklock.SessionOption) (each float64) {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 12*time.Second, opts...)
			m := mutex(t, s, "m")
			each = testing.AllocsPerRun(runs, func() {
				m.Lock()
				//lint:ignore SA2001 the pair is what is measured
				m.Unlock()
			})
		})
		return each
	}
	unset, set := allocated(), allocated(zklock.WithHooks(empty))
	assert.Equal(t, unset, set)
	assert.Greater(t, calls, 2*runs)
}
