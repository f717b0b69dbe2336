package virtual

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// unequal is a holder on a server that grants 40 s, and somebody who waits; the other two servers
// grant as little as they are set to.
type unequal struct {
	*world
	client *fakezk.Client
	holder *zklock.Session
	held   *zklock.Mutex
	lost   <-chan struct{}
	next   *zklock.Pending
	unlock func()
}

func newUnequal(t *testing.T, w *world, most time.Duration, opts ...zklock.SessionOption) *unequal {
	w.Server(1).Stop()
	w.Server(2).Stop()
	s, client := w.dial("", 40*time.Second, opts...)
	w.Server(1).Resume()
	w.Server(2).Resume()
	w.Server(1).SetMost(most)
	w.Server(2).SetMost(most)
	other, _ := w.dial(w.Server(0).Address(), 40*time.Second)
	m, next := mutex(t, s, "m"), mutex(t, other, "m")
	lock(t, m)
	p := next.LockAsync(t.Context())
	<-p.Queued()
	return &unequal{w, client, s, m, m.Lost(), p, func() { m.Unlock(); next.Unlock() }}
}

// requireToldFirst waits until the other is granted the lock, and wants the holder to have been
// told before.
func (u *unequal) requireToldFirst(t *testing.T) {
	t.Helper()
	cut := time.Now()
	<-u.next.Done()
	require.NoError(t, u.next.Err())
	assert.False(t, isOpen(u.lost), "granted after %v, and the holder has not been told",
		time.Since(cut))
	u.client.Heal()
	<-u.lost
	u.Server(1).Resume()
	time.Sleep(time.Minute) // sleep ok: virtual; to be connected again
	u.unlock()
}

// TestVirtualTimeoutShrinks has a server with a smaller maxSessionTimeout take the session over,
// and cuts the client off some time after.
func TestVirtualTimeoutShrinks(t *testing.T) {
	for name, lease := range proving {
		t.Run(name, func(t *testing.T) {
			for _, most := range []time.Duration{4 * time.Second, 10 * time.Second,
				30 * time.Second} {
				for _, held := range []time.Duration{100 * time.Millisecond,
					4900 * time.Millisecond, time.Minute} {
					for _, after := range []time.Duration{0, 10 * time.Millisecond,
						most / 4, most} {
						virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)},
							func(t *testing.T, w *world) {
								u := newUnequal(t, w, most, zklock.WithLease(lease))
								time.Sleep(held) // sleep ok: virtual time
								id := u.holder.ID()
								w.Server(0).Stop() // and not of a mind to take it back
								for u.holder.Timeout() == 40*time.Second {
									time.Sleep(time.Millisecond) // sleep ok: virtual time
								}
								w.Server(0).Resume()
								assert.Equal(t, most, u.holder.Timeout())
								assert.Equal(t, id, u.holder.ID())
								time.Sleep(after) // sleep ok: virtual time
								assert.NoError(t, u.held.Err(), "most %v, held %v, after %v",
									most, held, after)
								u.client.Blackhole()
								u.requireToldFirst(t)
							})
					}
				}
			}
		})
	}
}

// TestVirtualTimeoutShrinksUntold has the answer to the connect request get lost, so that the
// client cannot know that its timeout is another now.
func TestVirtualTimeoutShrinksUntold(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
		u := newUnequal(t, w, 4*time.Second)
		time.Sleep(time.Minute) // sleep ok: virtual time
		u.client.OnRequest(func(op int32) {
			if op == wire.OpConnect {
				go u.client.Blackhole() // the loop runs this
			}
		})
		w.Server(0).Stop()
		synctest.Wait()
		time.Sleep(2 * time.Second) // sleep ok: virtual; until the servers have heard
		u.client.OnRequest(nil)
		w.Server(0).Resume()
		u.requireToldFirst(t)
	})
}

// TestVirtualHoldOutlivesSmallerTimeout keeps a hold through a reconnection to a server that grants
// less: nothing is lost that need not be.
func TestVirtualHoldOutlivesSmallerTimeout(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
		u := newUnequal(t, w, 4*time.Second)
		time.Sleep(60500 * time.Millisecond) // sleep ok: virtual; some time between two beats
		w.Server(0).Stop()
		time.Sleep(time.Minute) // sleep ok: virtual time
		assert.Equal(t, 4*time.Second, u.holder.Timeout())
		assert.True(t, isOpen(u.lost))
		w.Server(0).Resume()
		before := u.client.Sent(wire.OpMulti)
		time.Sleep(40 * time.Second) // sleep ok: virtual time
		assert.InDelta(t, 60, u.client.Sent(wire.OpMulti)-before, 2,
			"beats are those of the smaller timeout")
		u.client.Blackhole()
		u.requireToldFirst(t)
	})
}

// TestVirtualClaimedTimeout has a server say that it grants a day, and then hang: the holder is
// told before another is granted the lock, and an honest server is used soon.
func TestVirtualClaimedTimeout(t *testing.T) {
	const asked = 4 * time.Second
	for _, held := range []bool{true, false} {
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Server(0).Stop()
			w.Server(1).Claim(24 * time.Hour)
			client := w.Client()
			s, err := zklock.Dial(t.Context(), w.Connect(), awake, zklock.WithDialer(client.Dial),
				zklock.WithSessionTimeout(asked))
			require.NoError(t, err)
			w.sessions = append(w.sessions, s)
			w.Server(0).Resume()
			other, _ := w.dial(w.Server(0).Address(), asked)
			m, next := mutex(t, s, "m"), mutex(t, other, "m")
			lock(t, m)
			lost := m.Lost()
			time.Sleep(10 * asked) // sleep ok: virtual time
			assert.True(t, isOpen(lost), "the lease works by what was asked for")
			if !held {
				m.Unlock()
			}
			w.Server(1).Hang()
			hung := time.Now()
			if held {
				p := next.LockAsync(t.Context())
				<-p.Done()
				require.NoError(t, p.Err())
				assert.False(t, isOpen(lost), "two hold the lock")
				next.Unlock()
				m.Unlock()
			} else {
				time.Sleep(asked) // sleep ok: virtual; nothing is asked of the server but pings
			}
			lock(t, m)
			assert.Less(t, time.Since(hung), 2*asked)
			m.Unlock()
			w.Server(1).Resume()
		})
	}
}

// TestVirtualRaisedTimeout asks for less than servers grant: holds last, and end by what was asked
// for.
func TestVirtualRaisedTimeout(t *testing.T) {
	for _, asked := range []time.Duration{200 * time.Millisecond, time.Second,
		3600 * time.Millisecond} {
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			client := w.Client()
			s, err := zklock.Dial(t.Context(), w.Server(1).Address(),
				awake, zklock.WithDialer(client.Dial), zklock.WithSessionTimeout(asked))
			require.NoError(t, err)
			w.sessions = append(w.sessions, s)
			require.Equal(t, 4*time.Second, s.Timeout())
			other, _ := w.dial(w.Server(0).Address(), 4*time.Second)
			m, next := mutex(t, s, "m"), mutex(t, other, "m")
			for range 20 {
				lock(t, next)
				p := m.LockAsync(t.Context())
				time.Sleep(1234 * time.Millisecond) // sleep ok: virtual; a silence before the grant
				next.Unlock()
				<-p.Done()
				require.NoError(t, p.Err())
				lost := m.Lost()
				time.Sleep(3 * time.Second) // sleep ok: virtual time
				require.True(t, isOpen(lost), "asked for %v", asked)
				m.Unlock()
			}
			lock(t, m)
			lost := m.Lost()
			p := next.LockAsync(t.Context())
			time.Sleep(5 * time.Second) // sleep ok: virtual time
			w.Server(1).Sever()
			severed := time.Now()
			<-lost
			assert.LessOrEqual(t, time.Since(severed), asked)
			<-p.Done()
			w.Server(1).Resume()
			next.Unlock()
			m.Unlock()
		})
	}
}

// TestVirtualCallsWaitTheGrantedTimeout has calls without a context wait for servers that do not
// answer.
func TestVirtualCallsWaitTheGrantedTimeout(t *testing.T) {
	for asked, granted := range map[time.Duration]time.Duration{
		time.Second: 4 * time.Second, 10 * time.Second: 10 * time.Second,
		time.Hour: 40 * time.Second,
	} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			client := w.Client()
			s, err := zklock.Dial(t.Context(), w.Connect(), awake, zklock.WithDialer(client.Dial),
				zklock.WithSessionTimeout(asked))
			require.NoError(t, err)
			w.sessions = append(w.sessions, s)
			m, other := mutex(t, s, "m"), mutex(t, s, "other")
			lock(t, m)
			client.Refuse()
			client.Cut()
			begun := time.Now()
			assert.False(t, other.TryLock())
			assert.InDelta(t, granted.Seconds(), time.Since(begun).Seconds(), 0.1)
			m.Unlock()
			assert.LessOrEqual(t, time.Since(begun), 2*granted)
			client.Heal()
			lock(t, other)
			other.Unlock()
		})
	}
}

// TestVirtualClaimedShortTimeout has a server say that it grants next to nothing. Once the client
// has found another, it can lock again.
func TestVirtualClaimedShortTimeout(t *testing.T) {
	const timeout = 4 * time.Second
	for _, claim := range []int{1, 2, 5, 6, 7, 8, 10, 15, 20, 25, 30, 31, 32, 33, 34, 36, 40, 50,
		60, 64, 66, 80, 100, 1000} {
		t.Run(fmt.Sprintf("%d ms", claim), func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(2)}, func(t *testing.T, w *world) {
				s, client := w.dial("", timeout)
				w.Server(0).Claim(time.Duration(claim) * time.Millisecond)
				client.Cut()
				m := mutex(t, s, "m")
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				if _, err := m.LockContext(ctx); err == nil {
					m.Unlock()
				}
				w.Server(0).Claim(0)
				client.Cut()
				cut := time.Now()
				again, cancel := context.WithTimeout(t.Context(), 2*timeout)
				defer cancel()
				_, err := m.LockContext(again)
				require.NoError(t, err)
				assert.Less(t, time.Since(cut), 2*timeout)
				m.Unlock()
			})
		})
	}
}
