package benchmarks

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Both are left by zk.Lock's sessions, on a bare zk.Conn; zklock's leave nothing.
	goleak.VerifyTestMain(m,
		// see threads.leave
		goleak.IgnoreAnyFunction("github.com/go-zookeeper/zk.(*Lock).LockWithData"),
		// A request whose write failed is answered twice, and forever if nobody waits for it any
		// more.
		goleak.IgnoreAnyFunction("github.com/go-zookeeper/zk.(*Conn).flushRequests"),
	)
}
