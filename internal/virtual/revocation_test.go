package virtual

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualRevokeHolderAsksTheHolderAlone has others wait. The one who was asked goes to the end.
func TestVirtualRevokeHolderAsksTheHolderAlone(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		a, _ := w.dial("", 10*time.Second)
		b, _ := w.dial("", 10*time.Second)
		holder, next := mutex(t, a, "m"), mutex(t, b, "m")
		n, err := next.RevokeHolder(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n, "nobody holds it")
		for range 3 {
			revoked := lock(t, holder)
			p := queued(t, next)
			n, err := next.RevokeHolder(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			<-revoked
			again := holder.LockAsync(t.Context()) // waits until the handle is unlocked
			holder.Unlock()
			<-p.Done()
			require.NoError(t, p.Err())
			time.Sleep(time.Second) // sleep ok: virtual; a mark would have been seen
			assert.NoError(t, next.Err(), "it was asked too")
			assert.True(t, isOpen(again.Done()))
			again.Cancel()
			<-again.Released()
			next.Unlock()
		}

		readers := []*zklock.Mutex{rwMutex(t, a, "m").Reader(), rwMutex(t, b, "m").Reader()}
		for _, r := range readers {
			lock(t, r)
		}
		p := queued(t, next)
		n, err = holder.RevokeHolder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, n, "all readers that hold it")
		for _, r := range readers {
			<-r.Revoked()
			r.Unlock()
		}
		<-p.Done()
		assert.NoError(t, next.Err())
		next.Unlock()
	})
}

// TestVirtualWhoWasAskedKeepsItsIdentity asks in every way, and looks at the queue while nobody
// lets go. The holder's process may hang.
func TestVirtualWhoWasAskedKeepsItsIdentity(t *testing.T) {
	long := strings.Repeat("x", 1024)
	for name, ask := range map[string]func(context.Context, *zklock.Mutex) error{
		"RevokeAll":    func(ctx context.Context, m *zklock.Mutex) error { _, err := m.RevokeAll(ctx); return err },
		"RevokeHolder": func(ctx context.Context, m *zklock.Mutex) error { _, err := m.RevokeHolder(ctx); return err },
		"LockRevoking": func(ctx context.Context, m *zklock.Mutex) error {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := m.LockRevoking(short, zklock.Ask)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "the holder is ")
			return nil
		},
	} {
		for _, identifier := range []string{"vm/19359", "two\nlines", "unlock me", long} {
			t.Run(name+"/"+identifier[:8], func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 40*time.Second)
					elsewhere, _ := w.dial("", 10*time.Second)
					m, other := mutex(t, s, "m", zklock.WithIdentifier(identifier)),
						mutex(t, elsewhere, "m")
					lock(t, m)
					client.Blackhole() // it hangs
					for range 3 {      // an operator tries again
						require.NoError(t, ask(t.Context(), other))
						c := contenders(t, other)[0]
						assert.Equal(t, identifier, string(c.Data))
						assert.Equal(t, len(identifier), c.DataSize)
						assert.True(t, c.Revoked)
						assert.True(t, c.Holder)
					}
					client.Heal()
					<-m.Revoked()
					m.UnlockContext(t.Context())
				})
			})
		}
	}
}

// TestVirtualForeignMarks asks candidates of other clients, which know one mark each, and looks at
// candidates that others have asked.
func TestVirtualForeignMarks(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ prefix, data, mark string }{
		{"_c_01234567-89ab-cdef-0123-456789abcdef-lock-", "10.0.0.1", "__REVOKE__"},
		{"_c_01234567-89ab-cdef-0123-456789abcdef-__WRIT__", "10.0.0.1", "__REVOKE__"},
		{id + "-lock--", "0", "unlock"},
		{id + "-write--", "0", "unlock"},
		{id + "-lock-", "0", "unlock"},
		{id + "__lock__", "host", "unlock"},
		{"_c_" + id + "-lock-", "", "unlock"}, // zk.Lock's
		{"_c_" + id + "-lock-", "vm/1", "unlock\nvm/1\nasked by \"ops\""},
	} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			m := mutex(t, s, "m", zklock.WithIdentifier("ops"))
			lock(t, m) // makes the parents
			m.Unlock()
			znode, err := s.Conn().Create(m.Path()+"/"+c.prefix, []byte(c.data),
				zk.FlagEphemeralSequential, zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
			for i := range 2 {
				n, err := m.RevokeHolder(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				data, stat, err := s.Conn().Get(znode)
				require.NoError(t, err)
				assert.Equal(t, c.mark, string(data), c.prefix)
				assert.EqualValues(t, 1, stat.Version, "asked %d times", i+1)
			}
			require.NoError(t, s.Conn().Delete(znode, -1))

			revoked := lock(t, m)
			time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
			_, err = s.Conn().Set(m.Path()+"/"+contenders(t, m)[0].Znode, []byte(c.mark), -1)
			require.NoError(t, err)
			<-revoked
			shown := contenders(t, m)[0]
			assert.True(t, shown.Revoked)
			_, who, _ := strings.Cut(c.mark, "\n")
			who, _, _ = strings.Cut(who, "\n")
			assert.Equal(t, who, string(shown.Data))
			assert.Equal(t, len(shown.Data), shown.DataSize)
			m.Unlock()
		})
	}
	for _, data := range []string{"unlock", "__REVOKE__", "unlock\n", "unlock\nvm/1",
		"unlock\nvm/1\nasked by \"x\""} {
		virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			_, err := s.Mutex("m", zklock.WithIdentifier(data))
			assert.ErrorContains(t, err, "is a revocation mark", fmt.Sprintf("%q", data))
		})
	}
}

// TestForceNeverFailsByItsOwnTimeout gives it more and more time, behind a slow network: either
// nobody is removed, or the lock is acquired, a moment late if need be. It runs in virtual time, as
// a real server may take longer than that moment.
func TestForceNeverFailsByItsOwnTimeout(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
		a, _ := w.dial("", 10*time.Second)
		b, _ := w.dial("", 10*time.Second)
		holder, taker := mutex(t, a, "own"), mutex(t, b, "own")
		lock(t, holder)
		var failed, late, inTime int
		for timeout := 250 * time.Microsecond; inTime < 5; timeout += 250 * time.Microsecond {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			_, err := taker.LockRevoking(ctx, zklock.Force)
			switch {
			case err != nil:
				failed++
			case ctx.Err() != nil:
				late++
			default:
				inTime++
			}
			cancel()
			held, heldErr := holder.Held(t.Context())
			require.NoError(t, heldErr)
			if err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.True(t, held, "the holder was removed within %v, for nothing", timeout)
				continue
			}
			require.False(t, held)
			taker.Unlock()
			holder.Unlock()
			lock(t, holder)
		}
		t.Logf("failed %d times, acquired %d times late", failed, late)
		assert.Positive(t, failed)
		assert.Positive(t, late)
		holder.Unlock()
	})
}

// TestVirtualAForcedHolderIsToldSoon removes a healthy holder's znode at every age of the hold.
// Nothing can tell the holder before the next one is granted the lock; it is told within 50 ms and
// one trip of the removal.
func TestVirtualAForcedHolderIsToldSoon(t *testing.T) {
	for _, latency := range []time.Duration{time.Millisecond, 10 * time.Millisecond,
		40 * time.Millisecond} {
		for name, remove := range map[string]func(*testing.T, *zklock.Session,
			*zklock.Mutex, string){
			"Force": func(t *testing.T, _ *zklock.Session, m *zklock.Mutex, _ string) {
				_, err := m.LockRevoking(t.Context(), zklock.Force)
				require.NoError(t, err)
			},
			"Clear": func(t *testing.T, _ *zklock.Session, m *zklock.Mutex, _ string) {
				_, err := m.Clear(t.Context())
				require.NoError(t, err)
			},
			"by hand": func(t *testing.T, s *zklock.Session, _ *zklock.Mutex, znode string) {
				require.NoError(t, s.Conn().Delete(znode, -1))
			},
		} {
			t.Run(fmt.Sprintf("%s/%v", name, latency), func(t *testing.T) {
				var longest time.Duration
				for age := time.Duration(0); age < 60*time.Millisecond; age += 2 * time.Millisecond {
					virtually(t, fakezk.Config{Latency: func() time.Duration { return latency }},
						func(t *testing.T, w *world) {
							s, _ := w.dial("", 10*time.Second)
							elsewhere, _ := w.dial("", 10*time.Second)
							m, other := mutex(t, s, "m"), mutex(t, elsewhere, "m")
							lock(t, m)
							lost, znode := m.Lost(), w.Ephemerals()[0]
							time.Sleep(age) // sleep ok: virtual; the hold's age
							gone, told := make(chan time.Time, 1), make(chan time.Time, 1)
							// ends with the removal, as the other does
							go func() { <-lost; told <- time.Now() }()
							go func() {
								for w.Owner(znode) != 0 {
									time.Sleep(100 * time.Microsecond) // sleep ok: virtual; nothing tells the cluster's own time
								}
								gone <- time.Now()
							}()
							remove(t, elsewhere, other, znode)
							longest = max(longest, (<-told).Sub(<-gone))
							assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
							_ = m.UnlockContext(t.Context())
							_ = other.UnlockContext(t.Context())
						})
				}
				t.Logf("told after %v at the most", longest)
				assert.LessOrEqual(t, longest, 50*time.Millisecond+2*latency)
			})
		}
	}
}

// TestVirtualAMarkTogetherWithTheTurn has one transaction mark a candidate and remove the holder,
// at every moment of the candidate's first steps.
func TestVirtualAMarkTogetherWithTheTurn(t *testing.T) {
	for pause := 21 * time.Millisecond; pause < 320*time.Millisecond; pause += 3 * time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(20)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			far, _ := w.dial("", 10*time.Second)
			m, holder := mutex(t, s, "m"), mutex(t, far, "m")
			lock(t, holder)
			guard, err := holder.Guard()
			require.NoError(t, err)
			p := m.LockAsync(t.Context())
			time.Sleep(pause) // sleep ok: virtual
			queue := w.Ephemerals()
			require.Len(t, queue, 2)
			waiter := queue[0]
			if waiter == guard.Path {
				waiter = queue[1]
			}
			_, err = far.Conn().Multi(
				&zk.SetDataRequest{Path: waiter, Data: []byte("unlock"), Version: -1},
				&zk.DeleteRequest{Path: guard.Path, Version: -1},
			)
			require.NoError(t, err)
			<-p.Done()
			require.NoError(t, p.Err())
			assert.False(t, isOpen(p.Revoked()), "asked %v after it began", pause)
			m.Unlock()
			_ = holder.UnlockContext(t.Context()) // it may have been told already
		})
	}
}

// TestVirtualForceThatFailsLeavesNothing has a context end after the holder was removed. The grant
// has to wait, for the machine was suspended while it connected: what the leader has heard of the
// session is not known yet.
func TestVirtualForceThatFailsLeavesNothing(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
		var looks atomic.Int64
		asleep := func() time.Duration {
			return min(time.Duration(looks.Add(1)/3), 1) * 8 * time.Second
		}
		other, _ := w.dial("", 10*time.Second)
		s, _ := w.dial("", 10*time.Second, withTimeAsleep(asleep))
		holder, m := mutex(t, other, "m"), mutex(t, s, "m")
		lock(t, holder)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err := m.LockRevoking(ctx, zklock.Force)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(begun), 200*time.Millisecond)
		time.Sleep(100 * time.Millisecond) // sleep ok: virtual
		assert.Empty(t, w.Ephemerals())
		assert.ErrorIs(t, holder.UnlockContext(t.Context()), zklock.ErrLost)
	})
}
