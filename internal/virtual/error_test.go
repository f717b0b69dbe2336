package virtual

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// for1s is a context that ends after a second.
func for1s(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestVirtualAGivenUpLockSaysWhoIsAhead has acquisitions end with their contexts while others hold
// the lock.
func TestVirtualAGivenUpLockSaysWhoIsAhead(t *testing.T) {
	who := zklock.WithIdentifier("vm/19359")
	for name, c := range map[string]struct {
		ahead func(t *testing.T, w *world, other, own *zklock.Session)
		want  string
	}{
		"one": {want: "gave up after 1s: 1 ahead of it, the holder is vm/19359: ",
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				lock(t, mutex(t, other, "m", who))
			}},
		"two": {want: "gave up after 1s: 2 ahead of it, the holder is vm/19359: ",
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				lock(t, mutex(t, other, "m", who))
				queued(t, mutex(t, other, "m"))
			}},
		"many": {want: "gave up after 1s: 3 or more ahead of it: ",
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				lock(t, mutex(t, other, "m", who))
				for range 5 {
					queued(t, mutex(t, other, "m"))
				}
			}},
		"its own session's": {want: "gave up after 1s: 1 ahead of it, the holder is vm/19359, in this session: ", ahead: func(t *testing.T, w *world, _, own *zklock.Session) {
			lock(t, mutex(t, own, "m", who))
		}},
		"behind its own session's": {want: "gave up after 1s: 4 ahead of it, the holder is vm/19359: ", ahead: func(t *testing.T, w *world, other, own *zklock.Session) {
			lock(t, mutex(t, other, "m", who))
			for range 3 {
				queued(t, mutex(t, own, "m"))
			}
		}},
		"asked": {want: "gave up after 1s: 1 ahead of it, the holder is vm/19359: ",
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				m := mutex(t, other, "m", who)
				lock(t, m)
				time.AfterFunc(100*time.Millisecond, func() {
					go m.RevokeAll(context.Background())
				})
			}},
		"asked by another library": {want: "gave up after 1s: 1 ahead of it, the holder is vm/19359: ",
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				lock(t, mutex(t, other, "m", who))
				znode := w.Ephemerals()[0]
				time.AfterFunc(100*time.Millisecond, func() {
					w.Stranger().Set(znode, []byte("unlock")) // in place of the identity
				})
			}},
		"unreadable": {want: `gave up after 1s: 1 ahead of it, the holder is "a\nb": `,
			ahead: func(t *testing.T, w *world, other, _ *zklock.Session) {
				lock(t, mutex(t, other, "m", zklock.WithIdentifier("a\nb")))
			}},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				other, _ := w.dial("", 10*time.Second)
				own, _ := w.dial("", 10*time.Second)
				c.ahead(t, w, other, own)
				for _, m := range []*zklock.Mutex{mutex(t, own, "m"),
					mutex(t, own, "m", zklock.WithLocalHandoff(1))} {
					begun := time.Now()
					_, err := m.LockContext(for1s(t))
					assert.LessOrEqual(t, time.Since(begun), 1100*time.Millisecond)
					assert.EqualError(t, err,
						"lock "+m.Path()+": "+c.want+context.DeadlineExceeded.Error())
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.NotErrorIs(t, err, zklock.ErrUnavailable)
				}
			})
		})
	}
}

// TestVirtualAGivenUpCallTellsOfAnOutage has calls end with their contexts while no server can be
// asked.
func TestVirtualAGivenUpCallTellsOfAnOutage(t *testing.T) {
	calls := map[string]func(context.Context, *zklock.Session, *zklock.Mutex) error{
		"lock": func(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
			_, err := mutex(t, s, "other").LockContext(ctx)
			return err
		},
		"unlock": func(ctx context.Context, _ *zklock.Session, m *zklock.Mutex) error { return m.UnlockContext(ctx) },
		"look at": func(ctx context.Context, _ *zklock.Session, m *zklock.Mutex) error {
			_, err := m.Contenders(ctx)
			return err
		},
		"list": func(ctx context.Context, s *zklock.Session, _ *zklock.Mutex) error {
			_, err := s.Locks(ctx)
			return err
		},
	}
	for op, call := range calls {
		t.Run(op, func(t *testing.T) {
			for _, hung := range []bool{false, true} {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 10*time.Second)
					m := mutex(t, s, "m")
					lock(t, m)
					want := []string{op + " /ZktoolsLocks",
						"gave up after 1s: not connected for 1.4s (",
						"connection refused): context deadline exceeded"}
					if hung {
						w.Server(0).Hang()
						want = []string{op + " /ZktoolsLocks",
							"gave up after 1s: no answer from the server: context deadline exceeded"}
					} else {
						client.Refuse()
						client.Cut()
						time.Sleep(400 * time.Millisecond) // sleep ok: virtual
					}
					err := call(for1s(t), s, m)
					for _, part := range want {
						assert.ErrorContains(t, err, part)
					}
					assert.ErrorIs(t, err, zklock.ErrUnavailable)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, !hung, errors.Is(err, syscall.ECONNREFUSED))
					assert.NotContains(t, err.Error(), "\n")
					w.Server(0).Resume()
					client.Heal()
					m.UnlockContext(context.Background())
				})
			}
		})
	}
}

// TestVirtualServersErrorsHaveNames has servers refuse requests with codes that go-zookeeper does
// not know.
func TestVirtualServersErrorsHaveNames(t *testing.T) {
	for code, want := range map[int32]string{
		-120: "ephemeral znodes are not allowed in a local session (error -120)",
		-125: "quota exceeded (error -125)",
		-999: "unknown error (error -999)",
	} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			m := mutex(t, s, "m")
			w.Answer(wire.OpCreate2, code)
			_, err := m.LockContext(t.Context())
			assert.EqualError(t, err, "lock "+m.Path()+": zookeeper: "+want)
			w.Answer(wire.OpGetChildren2, code)
			_, err = s.Locks(t.Context())
			assert.ErrorContains(t, err, want, "by zk.Conn")
		})
	}
}

// TestVirtualEnforcedAuthentication dials servers that want credentials, without any and with some.
func TestVirtualEnforcedAuthentication(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		w.DemandCredentials()
		begun := time.Now()
		_, err := zklock.Dial(t.Context(), w.Connect(), zklock.WithDialer(w.Client().Dial))
		require.ErrorContains(t, err, "requires authentication")
		assert.ErrorContains(t, err, "WithAuth")
		assert.Less(t, time.Since(begun), 5*time.Second)
		s, _ := w.dial("", 10*time.Second, zklock.WithAuth("digest", []byte("ann:secret")))
		m := mutex(t, s, "m")
		lock(t, m)
		m.Unlock()
		time.Sleep(20 * time.Second) // sleep ok: virtual; the session of the first has ended
	})
}

// TestVirtualDoTellsTheReasonOnce ends holds under functions that return all sorts of errors.
func TestVirtualDoTellsTheReasonOnce(t *testing.T) {
	own := errors.New("own")
	for name, fn := range map[string]func(context.Context) error{
		"nil":             func(context.Context) error { return nil },
		"its own error":   func(context.Context) error { return own },
		"ctx.Err":         func(ctx context.Context) error { return ctx.Err() },
		"the cause":       func(ctx context.Context) error { return context.Cause(ctx) },
		"the cause, more": func(ctx context.Context) error { return errors.Join(own, context.Cause(ctx)) },
	} {
		for _, how := range []string{"asked", "forced", "expired", "asked and expired"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, _ := w.dial("", 10*time.Second)
					other, _ := w.dial("", 10*time.Second)
					m := mutex(t, s, "m")
					err := m.Do(t.Context(), func(ctx context.Context) error {
						if strings.HasPrefix(how, "asked") {
							_, err := mutex(t, other, "m").RevokeAll(t.Context())
							require.NoError(t, err)
							<-ctx.Done()
						}
						switch {
						case how == "forced":
							_, err := mutex(t, other, "m").Clear(t.Context())
							require.NoError(t, err)
						case strings.HasSuffix(how, "expired"):
							w.Expire(s.ID())
						}
						<-ctx.Done()
						if how != "asked" {
							<-m.Lost()
						}
						return fn(ctx)
					})
					if name == "nil" && how == "asked" {
						assert.NoError(t, err, "it has made way")
						return
					}
					require.Error(t, err)
					assert.Equal(t, how != "expired", errors.Is(err, zklock.ErrRevoked), err)
					assert.Equal(t, how != "asked", errors.Is(err, zklock.ErrLost), err)
					if name != "the cause, more" { // what it says about the revocation is its own
						assert.LessOrEqual(t, strings.Count(err.Error(), "lock revoked"), 1, err)
					}
					assert.LessOrEqual(t, strings.Count(err.Error(), "lock lost"), 1, err)
					assert.Equal(t, strings.Contains(name, "more"),
						strings.Contains(err.Error(), "\n"), "its own line break: %v", err)
					switch name {
					case "ctx.Err":
						assert.ErrorIs(t, err, context.Canceled)
					case "its own error", "the cause, more":
						assert.ErrorIs(t, err, own)
					}
				})
			})
		}
	}
}

// recorder is a buffer for several goroutines.
type recorder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var _ io.Writer = writerFunc(nil)

// TestVirtualNilIsAnError passes nil where there should be a context or an option.
func TestVirtualNilIsAnError(t *testing.T) {
	_, err := zklock.Dial(t.Context(), "localhost", nil)
	assert.EqualError(t, err, "dial: option is nil")
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		_, err := s.Mutex("m", nil)
		assert.ErrorContains(t, err, "option is nil")
		_, err = s.RWMutex("m", nil)
		assert.ErrorContains(t, err, "option is nil")
		rw, err := s.RWMutex("m")
		require.NoError(t, err)
		campaign := election(t, s, "a")
		m, shared := mutex(t, s, "m"), mutex(t, s, "m", zklock.WithLocalHandoff(1))
		var none context.Context
		for name, call := range map[string]func() error{
			"Dial":           func() error { _, err := zklock.Dial(none, w.Connect(), zklock.WithDialer(w.Client().Dial)); return err },
			"LockContext":    func() error { _, err := m.LockContext(none); return err },
			"hand-off":       func() error { _, err := shared.LockContext(none); return err },
			"TryLockContext": func() error { _, err := m.TryLockContext(none); return err },
			"LockRevoking":   func() error { _, err := m.LockRevoking(none, zklock.Force); return err },
			"LockAsync":      func() error { p := m.LockAsync(none); <-p.Done(); return p.Err() },
			"RLockContext":   func() error { _, err := rw.RLockContext(none); return err },
			"Do":             func() error { return m.Do(none, func(context.Context) error { panic("no lock") }) },
			"Contenders":     func() error { _, err := m.Contenders(none); return err },
			"RevokeAll":      func() error { _, err := m.RevokeAll(none); return err },
			"Clear":          func() error { _, err := m.Clear(none); return err },
			"RevokeHolder":   func() error { _, err := m.RevokeHolder(none); return err },
			"Run":            func() error { return campaign.Run(none, func(context.Context) error { panic("no leader") }) },
			"Leader":         func() error { _, err := campaign.Leader(none); return err },
			"Locks":          func() error { _, err := s.Locks(none); return err },
			"Remove":         func() error { return s.Remove(none, "m") },
			"UnlockContext":  func() error { lock(t, m); return m.UnlockContext(none) },
			"Held":           func() error { lock(t, m); defer m.Unlock(); _, err := m.Held(none); return err },
		} {
			var op *zklock.OpError
			err := call()
			if assert.ErrorAs(t, err, &op, name) {
				assert.ErrorContains(t, err, "context is nil", name)
			}
		}
	})
}

// TestVirtualNoFunction passes nil where there should be a function. No lock is asked for.
func TestVirtualNoFunction(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m, pool := mutex(t, s, "m"), semaphore(t, s, "pool", 1)
		lock(t, mutex(t, s, "m"))
		assert.EqualError(t, m.Do(t.Context(), nil), "lock /ZktoolsLocks/m: function is nil")
		assert.EqualError(t, pool.Do(t.Context(), 1, nil),
			"acquire /ZktoolsLocks/pool: function is nil")
		assert.EqualError(t, election(t, s, "m").Run(t.Context(), nil),
			"lead /ZktoolsLocks/e: function is nil")
	})
}

// TestVirtualErrorsAreOpErrors looks at the errors of what comes before any request.
func TestVirtualErrorsAreOpErrors(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		for want, call := range map[string]func() error{
			"dial: connect string":  func() error { _, err := zklock.Dial(t.Context(), "a:b"); return err },
			"dial: session timeout": func() error { _, err := zklock.Dial(t.Context(), "a", zklock.WithSessionTimeout(0)); return err },
			"dial: credentials": func() error {
				_, err := zklock.Dial(t.Context(), "a", zklock.WithAuth("digest", []byte("ann")))
				return err
			},
			"open: invalid lock name": func() error { _, err := s.Mutex("a//b"); return err },
			"open /ZktoolsLocks/a: id": func() error {
				_, err := s.RWMutex("a", zklock.WithIdentifier(""))
				return err
			},
			"remove: invalid lock name": func() error { return s.Remove(t.Context(), "") },
			"remove /ZktoolsLocks/none": func() error { return s.Remove(t.Context(), "none") },
		} {
			var op *zklock.OpError
			err := call()
			if assert.ErrorAs(t, err, &op, want) {
				assert.True(t, strings.HasPrefix(err.Error(), want), err)
			}
		}
		assert.ErrorIs(t, s.Remove(t.Context(), "none"), zk.ErrNoNode)
	})
}
