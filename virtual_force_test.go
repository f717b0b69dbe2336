package zklock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualAForcedHolderIsToldSoon removes a healthy holder's znode at every age of the hold. Nothing can tell the holder before the
// next one is granted the lock; it is told within 50 ms and one trip of the removal.
func TestVirtualAForcedHolderIsToldSoon(t *testing.T) {
	for _, latency := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 40 * time.Millisecond} {
		for name, remove := range map[string]func(*testing.T, *zklock.Session, *zklock.Mutex, string){
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
					virtually(t, fakezk.Config{Latency: func() time.Duration { return latency }}, func(t *testing.T, w *world) {
						s, _ := w.dial("", 10*time.Second)
						elsewhere, _ := w.dial("", 10*time.Second)
						m, other := mutex(t, s, "m"), mutex(t, elsewhere, "m")
						lock(t, m)
						lost, znode := m.Lost(), w.Ephemerals()[0]
						time.Sleep(age) // sleep ok: virtual; the hold's age
						gone, told := make(chan time.Time, 1), make(chan time.Time, 1)
						go func() { <-lost; told <- time.Now() }() // ends with the removal, as the other does
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
