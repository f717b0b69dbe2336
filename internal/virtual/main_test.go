package virtual

import (
	"runtime/debug"
	"testing"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
)

// patience bounds what must happen.
const patience = locktest.Patience

// What the packages of tests share has short names here.
var (
	slow       = locktest.Slow
	mutex      = locktest.Mutex
	lock       = locktest.Lock
	queued     = locktest.Queued
	receive    = locktest.Receive
	isOpen     = wait.IsOpen
	rwMutex    = locktest.RWMutex
	contenders = locktest.Contenders
)

// TestMain lets garbage gather: each connection of go-zookeeper begins with two buffers of 1.5 MB,
// and these tests make tens of thousands.
func TestMain(m *testing.M) {
	debug.SetGCPercent(200)
	locktest.Main(m)
}

// fewer is n, or less under the race detector: for a test that repeats what it does.
func fewer(n, underRaceDetector int) int {
	if underRace {
		return underRaceDetector
	}
	return n
}
