package e2e

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestLockAllOnARealServer has three programs acquire two or three locks each, in orders of their
// own, beside one that acquires single locks.
func TestLockAllOnARealServer(t *testing.T) {
	const locks, rounds = 3, 20
	var holders [locks]atomic.Int32
	var programs sync.WaitGroup
	use := func(which []int, release func()) {
		for _, n := range which {
			assert.EqualValues(t, 1, holders[n].Add(1))
		}
		for _, n := range which {
			holders[n].Add(-1)
		}
		release()
	}
	open := func(s *zklock.Session, which ...int) (opened []*zklock.Mutex) {
		for _, n := range which {
			opened = append(opened, mutex(t, s, fmt.Sprintf("all/%d", n)))
		}
		return opened
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 0}, {1, 2, 0}} {
		s := dial(t)
		programs.Go(func() {
			var token zklock.Token
			for range rounds {
				h, err := s.LockAll(t.Context(), open(s, order...)...)
				if !assert.NoError(t, err) {
					return
				}
				assert.Equal(t, 1, h.Token().Compare(token))
				token = h.Token()
				guards, err := h.Guard()
				assert.NoError(t, err)
				_, err = s.Conn().Multi(guards...)
				assert.NoError(t, err)
				use(order, h.Unlock)
			}
		})
	}
	s := dial(t)
	programs.Go(func() {
		for i := range rounds {
			m := open(s, i%locks)[0]
			m.Lock()
			use([]int{i % locks}, m.Unlock)
		}
	})
	programs.Wait()
	for _, m := range open(s, 0, 1, 2) {
		require.Empty(t, contenders(t, m))
	}
}
