package recipe

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

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
		var done []errand
		do := func(_ context.Context, what errand) {
			time.Sleep(time.Second) // sleep ok: virtual
			done = append(done, what)
		}
		e.add(1, onGoroutine, do)
		synctest.Wait()
		e.add(2, onGoroutine, do)
		e.add(4, onGoroutine, do)
		e.add(4, onGoroutine, do)
		time.Sleep(2500 * time.Millisecond) // sleep ok: virtual
		assert.Equal(t, []errand{1, 6}, done)
		assert.Nil(t, e.end(), "there is no goroutine left")
	})
}

// TestErrandsEnd ends errands while one is being done and another is due.
func TestErrandsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e errands
		calls := 0
		do := func(ctx context.Context, _ errand) {
			calls++
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
		assert.Equal(t, 1, calls)
	})
}

// TestErrandsThatCannotBegin has no goroutine started: the Session is closing.
func TestErrandsThatCannotBegin(t *testing.T) {
	var e errands
	e.add(1, func(func()) bool { return false }, nil)
	assert.Nil(t, e.end(), "nothing is to be waited for")
}
