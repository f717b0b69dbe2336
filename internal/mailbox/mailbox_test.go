package mailbox

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// take takes in a goroutine of its own, rests after each time, and returns where it writes down
// what it has taken, and when.
func take(m *Mailbox[int], rest time.Duration) *map[int]time.Duration {
	began, taken := time.Now(), make(map[int]time.Duration)
	go func() { // ends with the mailbox
		for {
			messages, ok := m.Take()
			if !ok {
				return
			}
			for _, message := range messages {
				taken[message] = time.Since(began)
			}
			m.Rest(rest)
		}
	}()
	synctest.Wait()
	return &taken
}

// TestRest has messages gather while the taker rests, until one is urgent.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[int]()
		defer m.Close()
		taken := take(m, 10*time.Millisecond)
		for i, push := range []func(int){
			m.Push,                    // at 0 ms: it waits
			m.Push,                    // at 4 ms: it rests until 10
			m.Push,                    // at 8 ms
			m.Push,                    // at 12 ms: until 20
			m.PushUrgent,              // at 16 ms
			m.PushUrgent,              // at 20 ms: it rests again
			m.Push,                    // at 24 ms: until 30
			func(i int) { m.Push(i) }, // at 28 ms
		} {
			push(i)
			time.Sleep(4 * time.Millisecond) // sleep ok: virtual
		}
		time.Sleep(time.Second) // sleep ok: virtual
		synctest.Wait()
		m.Push(8)
		synctest.Wait()
		const ms = time.Millisecond
		assert.Equal(t, map[int]time.Duration{
			0: 0, 1: 10 * ms, 2: 10 * ms, 3: 16 * ms, 4: 16 * ms, 5: 20 * ms, 6: 30 * ms, 7: 30 * ms,
			8: 1032 * ms,
		}, *taken)
	})
}

// TestRestEndsWithTheMailbox closes it while the taker rests, and while it works.
func TestRestEndsWithTheMailbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[int]()
		began := time.Now()
		m.Push(1)
		m.Take()
		time.AfterFunc(time.Second, func() {
			m.Push(2)
			m.Close()
		})
		m.Rest(time.Hour)
		m.Rest(time.Hour)
		assert.Equal(t, time.Second, time.Since(began))
		messages, ok := m.Take()
		assert.Equal(t, []int{2}, messages)
		assert.True(t, ok)
		_, ok = m.Take()
		assert.False(t, ok)
	})
}

// TestMailboxReusesItsMemory has no message cost memory of its own.
func TestMailboxReusesItsMemory(t *testing.T) {
	m := New[[20]int]()
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		for range 5 {
			m.Push([20]int{})
		}
		m.Take()
	}))
}

// TestMailboxLetsGoOfWhatWasTaken has the garbage collector find a message that was taken.
func TestMailboxLetsGoOfWhatWasTaken(t *testing.T) {
	m := New[*[1000]int]()
	freed := make(chan struct{})
	func() {
		message := new([1000]int)
		runtime.AddCleanup(message, func(freed chan struct{}) { close(freed) }, freed)
		m.Push(message)
	}()
	m.Take()
	m.Push(nil)
	m.Take()
	for {
		runtime.GC()
		select {
		case <-freed:
			runtime.KeepAlive(m)
			return
		default:
			runtime.Gosched()
		}
	}
}
