package virtual

import (
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

func TestMain(m *testing.M) { locktest.Main(m) }
