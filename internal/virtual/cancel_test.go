package virtual

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// troubles are faults that a client and its server can be in, the client's server being that of
// number 0.
var troubles = map[string]func(*world, *fakezk.Client, int64){
	"none":          func(*world, *fakezk.Client, int64) {},
	"refused":       func(_ *world, cl *fakezk.Client, _ int64) { cl.Refuse(); cl.Cut() },
	"cut":           func(_ *world, cl *fakezk.Client, _ int64) { cl.Cut() },
	"blackholed":    func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole() },
	"requests lost": func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole(fakezk.ToServer) },
	"replies lost":  func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole(fakezk.ToClient) },
	"delayed":       func(_ *world, cl *fakezk.Client, _ int64) { cl.Delay(1700 * time.Millisecond) },
	"hung":          func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Hang() },
	"mute":          func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Mute() },
	"severed":       func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Sever() },
	"stopped":       func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Stop() },
	"expired":       func(w *world, _ *fakezk.Client, id int64) { w.Expire(id) },
	"forgotten":     func(w *world, _ *fakezk.Client, id int64) { w.Forget(id) },
	"rejected":      func(w *world, cl *fakezk.Client, _ int64) { w.RejectCredentials(true); cl.Cut() },
}

// TestVirtualCancelAtEveryMoment puts every fault on at every request of an acquisition, cancels at
// once or later, and takes the fault away.
func TestVirtualCancelAtEveryMoment(t *testing.T) {
	const timeout = 4 * time.Second
	for name, trouble := range troubles {
		for _, contended := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/contended=%v", name, contended), func(t *testing.T) {
				cases, reached := 0, true
				for at := 1; reached; at++ {
					for _, later := range []time.Duration{0, 3 * timeout} {
						cases++
						virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
							s, client := w.dial("", timeout,
								zklock.WithAuth("digest", []byte("a:b")))
							direct, _ := w.dial("", timeout)
							holder, m := mutex(t, direct, "m"), mutex(t, s, "m")
							if contended {
								lock(t, holder)
							}
							moment, n := make(chan struct{}), 0
							client.OnRequest(func(op int32) {
								if op != wire.OpPing {
									if n++; n == at {
										close(moment)
									}
								}
							})
							ctx, cancel := context.WithCancelCause(t.Context())
							defer cancel(nil)
							why := errors.New("test")
							returned := make(chan error, 1)
							go func() {
								_, err := m.LockContext(ctx)
								returned <- err
							}()
							select {
							case <-moment:
							case err := <-returned:
								require.NoError(t, err)
								reached = false // there are no more
								m.Unlock()
								return
							case <-time.After(timeout / 2): // nor if it waits
								reached = false
							}
							trouble(w, client, s.ID())
							time.Sleep(later) // sleep ok: virtual time
							cancel(why)
							cancelled := time.Now()
							err := <-returned
							assert.LessOrEqual(t, time.Since(cancelled), 100*time.Millisecond)
							if err == nil {
								m.Unlock()
							} else {
								assert.ErrorIs(t, err, context.Canceled)
								assert.ErrorIs(t, err, why)
							}
							time.Sleep(later) // sleep ok: virtual time
							w.RejectCredentials(false)
							w.Server(0).Resume()
							client.Heal()
							time.Sleep(4 * timeout) // sleep ok: virtual time
							want := 0
							if contended && holder.Err() == nil {
								want = 1
							}
							assert.Len(t, w.Ephemerals(), want, "of request %d, cancelled after %v",
								at, later)
							lockable := contended || m.TryLock() // and still usable
							assert.True(t, lockable)
						})
					}
				}
				t.Logf("%d cases", cases)
			})
		}
	}
}

// dialGrace is how much later than its context Dial may return.
const dialGrace = 100 * time.Millisecond

// TestVirtualDialEndsWithItsContext dials while no server answers.
func TestVirtualDialEndsWithItsContext(t *testing.T) {
	for name, trouble := range troubles {
		if name == "none" || name == "delayed" || name == "cut" || name == "expired" ||
			name == "forgotten" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				for _, d := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond,
					time.Second, 7 * time.Second, time.Minute} {
					client := w.Client()
					trouble(w, client, 0)
					ctx, cancel := context.WithTimeout(t.Context(), d)
					begun := time.Now()
					s, err := zklock.Dial(ctx, w.Connect(), zklock.WithDialer(client.Dial),
						zklock.WithAuth("digest", []byte("a:b")))
					took := time.Since(begun)
					cancel()
					assert.Nil(t, s)
					assert.Error(t, err)
					assert.LessOrEqual(t, took, d+dialGrace, "bounded by %v", d)
					if name != "rejected" {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
					}
					w.RejectCredentials(false)
					w.Server(0).Resume()
				}
				time.Sleep(time.Minute) // sleep ok: virtual; for what the server did not hear of
			})
		})
	}
}
