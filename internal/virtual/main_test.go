package virtual

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

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

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
