package zklock_test

import (
	"testing"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
)

// What the packages of tests share has short names here.
var (
	slow         = locktest.Slow
	server       = locktest.Server
	dial         = locktest.Dial
	mutex        = locktest.Mutex
	lock         = locktest.Lock
	queued       = locktest.Queued
	receive      = locktest.Receive
	isOpen       = wait.IsOpen
	contenders   = locktest.Contenders
	requireQueue = locktest.RequireQueue
)

func TestMain(m *testing.M) { locktest.Main(m) }
