package virtual

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// requestsToRelease are the ways to ask.
func requestsToRelease() map[string]func(context.Context, *zklock.Mutex,
	...zklock.RevokeOption) error {
	return map[string]func(context.Context, *zklock.Mutex, ...zklock.RevokeOption) error{
		"RevokeAll": func(ctx context.Context, m *zklock.Mutex, opts ...zklock.RevokeOption) error {
			_, err := m.RevokeAll(ctx, opts...)
			return err
		},
		"RevokeHolder": func(ctx context.Context, m *zklock.Mutex,
			opts ...zklock.RevokeOption) error {
			_, err := m.RevokeHolder(ctx, opts...)
			return err
		},
		"Revoke": func(ctx context.Context, m *zklock.Mutex, opts ...zklock.RevokeOption) error {
			contenders, err := m.Contenders(ctx)
			if err != nil {
				return err
			}
			return m.Revoke(ctx, contenders[0], opts...)
		},
		"LockRevoking": func(ctx context.Context, m *zklock.Mutex,
			opts ...zklock.RevokeOption) error {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := m.LockRevoking(short, zklock.AskThenForce(time.Hour), opts...)
			if !errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("the lock was acquired, or refused: %w", err)
			}
			return nil
		},
	}
}

// TestVirtualARequestSaysWhoAsksAndWhy asks in every way, with a reason and without, and wants the
// holder to learn of it in every way: its Err, its context, its hook, its log, and the queue.
func TestVirtualARequestSaysWhoAsksAndWhy(t *testing.T) {
	for name, ask := range requestsToRelease() {
		for _, reason := range []string{"", `node "7" is drained, see https://ops/77`} {
			t.Run(name+"/"+reason, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					var log recorder
					var told []zklock.RevokedEvent
					hooks := &zklock.Hooks{Revoked: func(_ context.Context, e zklock.RevokedEvent) {
						told = append(told, e)
					}}
					a, _ := w.dial("", 10*time.Second, logAt(slog.LevelInfo, &log),
						zklock.WithHooks(hooks))
					b, _ := w.dial("", 10*time.Second)
					m := mutex(t, a, "m", zklock.WithIdentifier("vm/1"))
					other := mutex(t, b, "m", zklock.WithIdentifier("ops@vm/2"))
					var opts []zklock.RevokeOption
					text := "lock revoked by ops@vm/2"
					if reason != "" {
						opts = append(opts, zklock.WithReason(reason))
						text += ": " + reason
					}
					revoked := lock(t, m)
					ctx, cancel := m.Context(t.Context())
					defer cancel()
					log.take()
					require.NoError(t, ask(t.Context(), other, opts...))
					<-revoked
					synctest.Wait()
					for _, err := range []error{m.Err(), context.Cause(ctx)} {
						require.ErrorIs(t, err, zklock.ErrRevoked)
						var by *zklock.RevokedError
						require.ErrorAs(t, err, &by)
						assert.Equal(t, zklock.RevokedError{By: "ops@vm/2", Reason: reason}, *by)
						assert.EqualError(t, err, text)
					}
					if assert.Len(t, told, 1) {
						assert.Equal(t, "ops@vm/2|"+reason, told[0].By+"|"+told[0].Reason)
					}
					line := log.take()[0]
					assert.Contains(t, line, " by=ops@vm/2")
					assert.Equal(t, reason != "", strings.Contains(line, " reason="), line)
					c := contenders(t, other)[0]
					assert.Equal(t, "vm/1|ops@vm/2|"+reason,
						string(c.Data)+"|"+c.RevokedBy+"|"+c.Reason)

					_, err := other.Clear(t.Context())
					require.NoError(t, err)
					<-m.Lost()
					require.ErrorIs(t, m.Err(), zklock.ErrLost)
					assert.ErrorAs(t, m.Err(), new(*zklock.RevokedError), "a loss makes it forget")
					m.Unlock()
				})
			})
		}
	}
}

// TestVirtualWhoAskedReachesDo has the function of Do end with its context's cause.
func TestVirtualWhoAskedReachesDo(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		err := m.Do(t.Context(), func(ctx context.Context) error {
			if _, err := m.RevokeHolder(ctx, zklock.WithReason("a test")); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})
		require.ErrorIs(t, err, zklock.ErrRevoked)
		var by *zklock.RevokedError
		require.ErrorAs(t, err, &by)
		assert.Equal(t, "a test", by.Reason)
	})
}

// TestVirtualAPartOfAHoldLearnsWhoAsked has a candidate that goroutines share.
func TestVirtualAPartOfAHoldLearnsWhoAsked(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithLocalHandoff(8))
		revoked := lock(t, m)
		_, err := m.RevokeAll(t.Context(), zklock.WithReason("a test"))
		require.NoError(t, err)
		<-revoked
		assert.ErrorAs(t, m.Err(), new(*zklock.RevokedError))
		m.Unlock()
	})
}

// TestVirtualAMarkOfAnotherClientSaysNothing has the bare marks stand for themselves, and what only
// looks like a request of ours count as who is asked.
func TestVirtualAMarkOfAnotherClientSaysNothing(t *testing.T) {
	const long = 1 << 19
	for name, c := range map[string]struct {
		data, who, by, reason string
	}{
		"recipe":        {"unlock", "", "", ""},
		"curator":       {"__REVOKE__", "", "", ""},
		"older":         {"unlock\nvm/1", "vm/1", "", ""},
		"sender":        {"unlock\nvm/1\nasked by \"x\"", "vm/1", "x", ""},
		"reason":        {"unlock\nvm/1\nasked by \"x\": \"y\"", "vm/1", "x", "y"},
		"lines":         {"unlock\na\nasked by \"b\"\nasked by \"x\": \"y\"", "a\nasked by \"b\"", "x", "y"},
		"control":       {`unlock` + "\nvm\nasked by " + `"\x1b[2J": "\u202e\n"`, "vm", "\x1b[2J", "\u202e\n"},
		"no UTF-8":      {`unlock` + "\nvm\nasked by " + `"\xffx": "y"`, "vm", "x", "y"},
		"not quoted":    {"unlock\nvm/1\nasked by x", "vm/1\nasked by x", "", ""},
		"half a string": {"unlock\nvm/1\nasked by \"x", "vm/1\nasked by \"x", "", ""},
		"more":          {"unlock\nvm/1\nasked by \"x\": \"y\" z", "vm/1\nasked by \"x\": \"y\" z", "", ""},
		"no colon":      {"unlock\nvm/1\nasked by \"x\" \"y\"", "vm/1\nasked by \"x\" \"y\"", "", ""},
		"too long":      {"unlock\nvm/1\nasked by \"" + strings.Repeat("x", long) + "\"", "", "", ""},
		"cut":           {"unlock\nvm/1\nasked by \"x\": \"" + strings.Repeat("é", 1000) + "\"", "vm/1", "x", strings.Repeat("é", 512)},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				m := mutex(t, s, "m")
				revoked := lock(t, m)
				_, err := s.Conn().Set(m.Path()+"/"+contenders(t, m)[0].Znode, []byte(c.data), -1)
				require.NoError(t, err)
				<-revoked
				shown := contenders(t, m)[0]
				assert.True(t, shown.Revoked)
				if len(c.data) < long {
					assert.Equal(t, c.who, string(shown.Data))
				}
				assert.Equal(t, c.by+"|"+c.reason, shown.RevokedBy+"|"+shown.Reason)
				require.ErrorIs(t, m.Err(), zklock.ErrRevoked)
				var by *zklock.RevokedError
				if assert.Equal(t, c.by != "", errors.As(m.Err(), &by)); by != nil {
					assert.Equal(t, c.by+"|"+c.reason, by.By+"|"+by.Reason)
				}
				assert.NotContains(t, m.Err().Error(), "\x1b")
				assert.NotContains(t, m.Err().Error(), "\n")
				assert.True(t, utf8.ValidString(m.Err().Error()))
				assert.Less(t, len(m.Err().Error()), 400)
				m.Unlock()
			})
		})
	}
}

// TestVirtualReasonsThatAreRefused gives reasons that could not be shown, and an option that is
// nil. Nothing is asked.
func TestVirtualReasonsThatAreRefused(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m, other := mutex(t, s, "m"), mutex(t, s, "m")
		lock(t, m)
		for _, opt := range []zklock.RevokeOption{
			zklock.WithReason(""), zklock.WithReason("two\nlines"), zklock.WithReason("\xff"),
			zklock.WithReason("\x1b[m"),
			zklock.WithReason(strings.Repeat("x", 1025)), nil,
		} {
			for name, ask := range requestsToRelease() {
				if name == "LockRevoking" {
					_, err := other.LockRevoking(t.Context(), zklock.Force, opt)
					assert.ErrorAs(t, err, new(*zklock.OpError), name)
					continue
				}
				assert.ErrorAs(t, ask(t.Context(), other, opt), new(*zklock.OpError), name)
			}
		}
		time.Sleep(time.Second) // sleep ok: virtual; a mark would have been seen
		assert.NoError(t, m.Err())
		m.Unlock()

		long := strings.Repeat("x", 1024)
		revoked := lock(t, m)
		_, err := other.RevokeHolder(t.Context(), zklock.WithReason(long))
		require.NoError(t, err)
		<-revoked
		var by *zklock.RevokedError
		require.ErrorAs(t, m.Err(), &by)
		assert.Equal(t, long, by.Reason)
		m.Unlock()
	})
}
