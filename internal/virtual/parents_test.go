package virtual

import (
	"context"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualParentsThatVanish has somebody delete whatever is empty above a lock, again and again,
// as the servers do with container znodes, and Session.Remove, and operators. The pauses let every
// pair of requests be hit.
func TestVirtualParentsThatVanish(t *testing.T) {
	for name, place := range map[string]struct{ chroot, root, lock string }{
		"lock of three segments":   {"", "/root", "a/b/c"},
		"root of three segments":   {"", "/root/of/many", "a"},
		"chroot of three segments": {"/ch/root/deep", "/root", "a/b"},
	} {
		t.Run(name, func(t *testing.T) {
			var deleted atomic.Int64
			for pause := 80 * time.Millisecond; pause < 120*time.Millisecond; pause += time.Millisecond {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, _ := w.dial(w.Connect()+place.chroot, 10*time.Second,
						zklock.WithRoot(place.root))
					reaper, _ := w.dial("", 10*time.Second)
					m := mutex(t, s, place.lock)
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					over := make(chan struct{})
					defer close(over)
					go func() { // ended by over
						for isOpen(over) {
							time.Sleep(pause) // sleep ok: virtual; how often
							for p := m.Path(); p != "/"; p = path.Dir(p) {
								if reaper.Conn().Delete(p, -1) == nil {
									deleted.Add(1)
								}
							}
						}
					}()
					for range 10 {
						_, err := m.LockContext(ctx)
						require.NoError(t, err, "pause %v", pause)
						require.NoError(t, m.UnlockContext(ctx))
						time.Sleep(pause / 3) // sleep ok: virtual time
					}
				})
				if t.Failed() {
					return
				}
			}
			assert.Positive(t, deleted.Load())
		})
	}
}

// TestVirtualFirstLockOfAName counts the trips and the writes of a handle's first acquisition. If
// the lock that was met before was new, the lock's znode is created in the packet of the candidate.
func TestVirtualFirstLockOfAName(t *testing.T) {
	const oneWay = 5 * time.Millisecond
	constantly := func() time.Duration { return oneWay }
	virtually(t, fakezk.Config{Latency: constantly}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		written := func() int {
			return client.Sent(wire.OpCreate2) + client.Sent(wire.OpCreateContainer)
		}
		trip := func(begun time.Time) time.Duration { return time.Since(begun) / (2 * oneWay) }
		first := func(name string) (trips, release time.Duration, writes int) {
			m := mutex(t, s, name)
			begun, before := time.Now(), written()
			_, err := m.LockContext(t.Context())
			require.NoError(t, err)
			trips, writes = trip(begun), written()-before
			begun = time.Now()
			require.NoError(t, m.UnlockContext(t.Context()))
			return trips, trip(begun), writes
		}
		first("a") // creates what is above, too
		for _, step := range []struct {
			name                   string
			trips, writes, release int
			why                    string
		}{
			{"b", 1, 2, 1, "new after a new one"},
			{"c", 1, 2, 1, "new after a new one"},
			{"a", 1, 2, 1, "there after a new one: its creation is sent in vain"},
			{"b", 1, 1, 2, "there after one that was there: its znode is watched before the release"},
			{"d", 3, 3, 2, "new after one that was there: the candidate is sent once more"},
			{"e", 1, 2, 1, "new after a new one"},
		} {
			trips, release, writes := first(step.name)
			assert.EqualValues(t, step.trips, trips, "trips: %s, %s", step.name, step.why)
			assert.EqualValues(t, step.release, release, "release: %s, %s", step.name, step.why)
			assert.Equal(t, step.writes, writes, "writes: %s, %s", step.name, step.why)
		}
		m := mutex(t, s, "f")
		lockFor(t, m, 0)
		m.Unlock()
		before := written()
		lockFor(t, m, 0)
		m.Unlock()
		assert.Equal(t, 1, written()-before, "a handle's second acquisition")
	})
}
