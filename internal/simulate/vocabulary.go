package simulate

import (
	"context"
	"errors"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// root is where the locks are.
const root = "/ZktoolsLocks"

// lockOf returns the name of the lock, or the semaphore, that a znode is of.
func lockOf(znode string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(znode, root+"/"), "/")
	return name
}

// lockNames are the locks that there may be.
var lockNames = []string{"a", "b", "shared", "cohort", "readers", "wild"}

// semaphore is the name of the only one that there is.
const semaphore = "semaphore"

// separator stands between the names of the locks that one step takes together.
const separator = "+"

// kept are the locks with handles that may keep their holds.
var kept = []string{"a", "shared", "cohort", "readers"}

// callVerbs are the verbs that a plan draws its calls from. A verb that stands here more often is
// drawn more often.
var callVerbs = []string{
	"lock", "lock", "lock", "lock", "try", "async", "async", "async", "revoke", "revoke", "do",
	"do", "read", "read",
	"look", "clear", "close", "disturb", "queue", "forge",
	"permits", "permits", "permits", "permits", "resize", "manage", "together", "together", "together",
	"downgrade", "downgrade", "campaign", "observe",
}

// faultVerbs are the verbs that a plan draws its faults from, likewise.
var faultVerbs = []string{
	"cut", "cut", "blackhole", "blackhole", "refuse", "delay", "server", "server", "server", "most",
	"expire", "expire",
	"throttle", "commits", "flap", "flap", "flap", "strand", "strand", "elect", "elect",
	"shut", "wipe",
}

// causes are why a context ends that a user gives a call. Each could be taken for an answer of a
// server, or for what has become of a session, a hold or a candidate.
var causes = []error{
	context.DeadlineExceeded, zk.ErrNoNode, zk.ErrNoNode, zk.ErrNodeExists, zk.ErrConnectionClosed,
	zk.ErrNoServer,
	zk.ErrSessionMoved, zk.ErrSessionExpired, zk.ErrNoAuth, zk.ErrBadArguments,
	errors.New("unknown error: -127"),
	zklock.ErrLost, zklock.ErrClosed, zklock.ErrLocked, zklock.ErrRevoked, zklock.ErrUnavailable,
	zklock.ErrNotLocked,
	&zklock.OpError{Op: "lock", Path: "/other", Err: zk.ErrNoNode},
}
