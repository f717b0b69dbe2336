package recipe

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/closed"
)

func onGoroutine(f func()) bool {
	go f() // ends with the errands; the end of the bubble waits for it
	return true
}

// TestErrandsWhileOthersAreDone adds errands while one is being done.
func TestErrandsWhileOthersAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e errands
		done := make(chan errand, 3)
		do := func(_ context.Context, what errand) {
			time.Sleep(time.Second) // sleep ok: virtual
			done <- what
		}
		e.add(1, onGoroutine, do)
		synctest.Wait()
		e.add(2, onGoroutine, do)
		e.add(4, onGoroutine, do)
		e.add(4, onGoroutine, do)
		time.Sleep(2500 * time.Millisecond) // sleep ok: virtual
		require.Len(t, done, 2)
		assert.EqualValues(t, 1, <-done)
		assert.EqualValues(t, 6, <-done)
		assert.Nil(t, e.end(), "there is no goroutine left")
	})
}

// TestErrandsEnd ends errands while one is being done and another is due.
func TestErrandsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e errands
		var calls atomic.Int32
		do := func(ctx context.Context, _ errand) {
			calls.Add(1)
			<-ctx.Done()
			time.Sleep(time.Second) // sleep ok: virtual
		}
		e.add(1, onGoroutine, do)
		synctest.Wait()
		e.add(1, onGoroutine, do)
		done := e.end()
		synctest.Wait()
		assert.False(t, closed.Is(done))
		begun := time.Now()
		<-done
		assert.Equal(t, time.Second, time.Since(begun))
		e.add(1, onGoroutine, do)
		synctest.Wait()
		assert.EqualValues(t, 1, calls.Load())
	})
}

// TestErrandsThatCannotBegin has no goroutine started: the Session is closing.
func TestErrandsThatCannotBegin(t *testing.T) {
	var e errands
	e.add(1, func(func()) bool { return false }, nil)
	assert.Nil(t, e.end(), "nothing is to be waited for")
}
