package virtual

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// requireSame compares what a Lister and a Session list. Between the two looks servers may remove
// empty znodes.
func requireSame(t *testing.T, s *zklock.Session, l *zklock.Lister, after string) {
	t.Helper()
	var want, got []zklock.LockInfo
	for range 3 {
		var err error
		want, err = s.Locks(t.Context())
		require.NoError(t, err)
		got, err = l.Locks(t.Context())
		require.NoError(t, err)
		if slices.Equal(want, got) {
			return
		}
	}
	require.Equal(t, want, got, after)
}

// reads is how many requests a client has sent that read.
func reads(client *fakezk.Client) (n int) {
	for _, op := range []int32{wire.OpExists, wire.OpGetData, wire.OpGetChildren,
		wire.OpGetChildren2, wire.OpMultiRead, wire.OpAddWatch} {
		n += client.Sent(op)
	}
	return n
}

// TestVirtualListerReadsWhatHasChanged counts requests.
func TestVirtualListerReadsWhatHasChanged(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		watching, client := w.dial("", 10*time.Second)
		l := watching.NewLister()
		defer l.Close()
		const locks = 100
		held := make([]*zklock.Mutex, locks)
		for i := range held {
			held[i] = mutex(t, s, fmt.Sprintf("jobs/%02d", i))
			lock(t, held[i])
		}
		time.Sleep(20 * time.Second) // sleep ok: virtual; they have said since when
		requireSame(t, watching, l, "the first look")
		asked := func(change func()) int {
			change()
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual
			before := reads(client)
			got, err := l.Locks(t.Context())
			require.NoError(t, err)
			n := reads(client) - before
			want, err := s.Locks(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, got)
			return n
		}
		assert.Equal(t, 1, asked(func() {}))
		var p *zklock.Pending
		assert.Equal(t, 3, asked(func() { p = queued(t, mutex(t, s, "jobs/42")) }))
		assert.Equal(t, 3, asked(func() {
			_, err := held[42].RevokeAll(t.Context())
			require.NoError(t, err)
		}))
		assert.Equal(t, 2, asked(func() { held[7].Unlock() }), "it is free")
		assert.LessOrEqual(t, asked(func() {
			require.NoError(t, s.Remove(t.Context(), "jobs/07"))
		}), 3)
		assert.LessOrEqual(t, asked(func() { lock(t, mutex(t, s, "a/new/lock")) }), 6)
		assert.Equal(t, 1, asked(func() {}))

		client.Cut()
		sleep := func(d time.Duration) func() {
			return func() { time.Sleep(d) } // sleep ok: virtual
		}
		assert.Greater(t, asked(sleep(time.Second)), locks, "all is read anew")
		assert.Equal(t, 1, asked(func() {}))
		assert.Greater(t, asked(sleep(6*time.Minute)), locks, "now and then")
		p.Cancel()
	})
}

// TestVirtualListerOfOtherServers has servers that tell of no changes below a znode.
func TestVirtualListerOfOtherServers(t *testing.T) {
	for _, manner := range []fakezk.Manner{fakezk.Refuses, fakezk.BadArguments, fakezk.HangsUp} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Imitate(fakezk.Profile{Foreign: map[int32]fakezk.Manner{wire.OpAddWatch: manner}})
			s, _ := w.dial("", 10*time.Second)
			l := s.NewLister()
			defer l.Close()
			for i := range 3 {
				lock(t, mutex(t, s, fmt.Sprint(i)))
				requireSame(t, s, l, fmt.Sprint(manner, i))
			}
		})
	}
}

// TestVirtualListerOfPrivateLocks has locks that the Lister may not read: of those the servers tell
// it nothing.
func TestVirtualListerOfPrivateLocks(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		ann, _ := w.dial("", 10*time.Second, zklock.WithAuth("digest", []byte("ann:secret")),
			zklock.WithACL(zk.WorldACL(zk.PermAll)...))
		s, _ := w.dial("", 10*time.Second)
		l := s.NewLister()
		defer l.Close()
		private := mutex(t, ann, "private", zklock.WithLockACL(zk.AuthACL(zk.PermAll)...))
		lock(t, private)
		requireSame(t, s, l, "private")
		private.Unlock()
		requireSame(t, s, l, "free")
		require.NoError(t, ann.Remove(t.Context(), "private"))
		requireSame(t, s, l, "removed")

		open := mutex(t, s, "open")
		lock(t, open)
		mine := queued(t, mutex(t, ann, "open", zklock.WithLockACL(zk.AuthACL(zk.PermAll)...)))
		time.Sleep(6 * time.Minute) // sleep ok: virtual; until all is read again
		requireSame(t, s, l, "one of the candidates")
		mine.Cancel()
		<-mine.Released()
		requireSame(t, s, l, "it has gone")
	})
}

// TestVirtualListerFollows does many things to locks, compares after each, and breaks connections.
func TestVirtualListerFollows(t *testing.T) {
	for seed := range uint64(fewer(30, 10)) {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			random := rand.New(rand.NewPCG(seed, 0))
			s, client := w.dial("", 10*time.Second)
			watching, watcher := w.dial("", 10*time.Second)
			l := watching.NewLister()
			defer l.Close()
			names := []string{"a", "b", "a/b", "a/b/c", "pool", "pool/x"}
			var undo []func()
			for step := range 40 {
				name := names[random.IntN(len(names))]
				m, what := mutex(t, s, name), random.IntN(12)
				after := fmt.Sprintf("seed %d step %d: %d %s", seed, step, what, name)
				switch {
				case what < 3:
					p := m.LockAsync(t.Context())
					undo = append(undo, func() {
						if p.Cancel(); p.Err() == nil {
							m.UnlockContext(t.Context())
						}
						<-p.Released()
					})
				case what < 5:
					sem := semaphore(t, s, "pool", 2)
					if permit, err := sem.TryAcquire(t.Context(), 1); err == nil {
						undo = append(undo, func() { permit.ReleaseContext(t.Context()) })
					}
				case what < 8 && len(undo) > 0:
					i := random.IntN(len(undo))
					undo[i]()
					undo = append(undo[:i], undo[i+1:]...)
				case what == 8:
					m.RevokeAll(t.Context())
				case what == 9:
					s.Remove(t.Context(), name)
				case what == 10:
					time.Sleep(time.Duration(random.IntN(100)) * time.Second) // sleep ok: virtual
				case random.IntN(2) == 0:
					watcher.Cut()
				case random.IntN(4) == 0:
					w.Expire(watching.ID())
				default:
					client.Cut()
				}
				if random.IntN(3) > 0 { // otherwise several changes at once
					requireSame(t, watching, l, after)
				}
			}
			requireSame(t, watching, l, "the end")
			for _, f := range undo {
				f()
			}
		})
	}
}

// TestVirtualListerAfterAFailure has a look fail after the servers have told what has changed.
func TestVirtualListerAfterAFailure(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		watching, _ := w.dial("", 10*time.Second)
		l := watching.NewLister()
		defer l.Close()
		lock(t, mutex(t, s, "first"))
		requireSame(t, watching, l, "at first")
		lock(t, mutex(t, s, "m"))
		w.Answer(wire.OpGetChildren2, -2) // SystemError
		_, err := l.Locks(t.Context())
		require.Error(t, err)
		w.Answer(wire.OpGetChildren2, 0)
		requireSame(t, watching, l, "after a failure")
		_, err = l.Locks(endedContext(t))
		require.ErrorIs(t, err, context.Canceled)
		requireSame(t, watching, l, "after another")
	})
}

func endedContext(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// lookDuring has a Lister look, and calls do so long after the look has begun.
func lookDuring(t *testing.T, l *zklock.Lister, after time.Duration, do func()) {
	looked := make(chan error)
	go func() { // ends with the look
		_, err := l.Locks(t.Context())
		looked <- err
	}()
	time.Sleep(after) // sleep ok: virtual
	do()
	require.NoError(t, <-looked)
}

// TestVirtualListerArmedAsItBreaks breaks the connection at every moment of the first look, and
// changes locks meanwhile.
func TestVirtualListerArmedAsItBreaks(t *testing.T) {
	for after := time.Duration(0); after < 40*time.Millisecond; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			watching, watcher := w.dial("", 10*time.Second)
			m := mutex(t, s, "m")
			lock(t, m)
			l := watching.NewLister()
			defer l.Close()
			lookDuring(t, l, after, func() { watcher.Cut() })
			m.Unlock()
			p := queued(t, m)
			requireSame(t, watching, l, fmt.Sprint(after))
			p.Cancel()
		})
	}
}

// TestVirtualListerOfALockMadeAnew has a free lock be removed and made again between two looks.
func TestVirtualListerOfALockMadeAnew(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		l := s.NewLister()
		defer l.Close()
		m := mutex(t, s, "m")
		lock(t, m)
		m.Unlock()
		requireSame(t, s, l, "free")
		time.Sleep(time.Second) // sleep ok: virtual
		require.NoError(t, s.Remove(t.Context(), "m"))
		_, err := s.Conn().Create(m.Path(), nil, 0, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		requireSame(t, s, l, "made anew")
	})
}

// TestVirtualListerWithoutAnswers has the server be silent: what is known is not believed to stand.
func TestVirtualListerWithoutAnswers(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		l := s.NewLister()
		defer l.Close()
		lock(t, mutex(t, s, "m"))
		requireSame(t, s, l, "at first")
		client.Blackhole(fakezk.ToClient)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.Locks(ctx)
		assert.ErrorIs(t, err, zklock.ErrUnavailable)
		client.Heal()
		requireSame(t, s, l, "it answers again")
	})
}

// TestVirtualListerWhileLocksChange changes a lock at every moment of a look.
func TestVirtualListerWhileLocksChange(t *testing.T) {
	for after := time.Duration(0); after < 30*time.Millisecond; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			watching, _ := w.dial("", 10*time.Second)
			m := mutex(t, s, "m")
			lock(t, m)
			l := watching.NewLister()
			defer l.Close()
			lookDuring(t, l, after, m.Unlock)
			requireSame(t, watching, l, fmt.Sprint(after))
		})
	}
}
