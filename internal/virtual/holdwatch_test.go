package virtual

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualHoldsHaveNoGoroutine holds many locks. Some are asked for again and again, and some
// are removed by force; each holder is told at once.
func TestVirtualHoldsHaveNoGoroutine(t *testing.T) {
	const locks = 60
	virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		var held []*zklock.Mutex
		goroutines := 0
		for i := range locks {
			m := mutex(t, s, fmt.Sprint(i))
			lock(t, m)
			held = append(held, m)
			if i == 0 { // which a hold under the lease begins is there
				goroutines = settledGoroutines()
			}
		}
		assert.Equal(t, goroutines, settledGoroutines())
		for i, m := range held {
			path := contenders(t, m)[0].Znode
			theirs := mutex(t, other, m.Name())
			switch i % 3 {
			case 0: // no reason to do anything
				require.NoError(t, setData(other, m.Path()+"/"+path, "someone else"))
				time.Sleep(20 * time.Millisecond) // sleep ok: virtual
				require.NoError(t, m.Err())
				fallthrough
			case 1:
				_, err := theirs.RevokeAll(t.Context())
				require.NoError(t, err)
				time.Sleep(20 * time.Millisecond) // sleep ok: virtual: an event, and a read
				require.ErrorIs(t, m.Err(), zklock.ErrRevoked)
				require.NotErrorIs(t, m.Err(), zklock.ErrLost)
			case 2:
				require.NoError(t, other.Conn().Delete(m.Path()+"/"+path, -1))
				time.Sleep(20 * time.Millisecond) // sleep ok: virtual
				require.ErrorIs(t, m.Err(), zklock.ErrLost)
			}
		}
		assert.Equal(t, goroutines, settledGoroutines())
		for _, m := range held {
			m.Unlock()
		}
	})
}

// settledGoroutines is how many there are when all is done that has begun.
func settledGoroutines() int {
	time.Sleep(time.Second) // sleep ok: virtual
	synctest.Wait()
	return runtime.NumGoroutine()
}

func setData(s *zklock.Session, path, data string) error {
	_, err := s.Conn().Set(path, []byte(data), -1)
	return err
}
