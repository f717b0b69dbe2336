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
