package ensemble

import (
	"cmp"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// serverError is a server's error code (KeeperException.Code) for which go-zookeeper has no value.
type serverError int32

const (
	unimplemented = serverError(-6)
	// of servers with enforce.auth.enabled or sessionRequireClientSASLAuth
	authRequired = serverError(-124)
	throttledOp  = serverError(-127) // of servers with throttled_op_wait_time
)

var serverErrorTexts = map[serverError]string{
	-1:            "system error",
	-2:            "runtime inconsistency",
	-3:            "data inconsistency",
	-4:            "connection loss",
	-5:            "marshalling error",
	unimplemented: "unimplemented: the server is too old for the request",
	-7:            "operation timeout",
	-13:           "no quorum of the new configuration is connected",
	-14:           "another reconfiguration is in progress",
	-113:          "invalid callback",
	-119:          "the server is read-only",
	-120:          "ephemeral znodes are not allowed in a local session",
	-121:          "no such watcher",
	-122:          "request timeout",
	-123:          "reconfiguration is disabled",
	authRequired:  "the server requires authentication: use WithAuth with a scheme that it accepts",
	-125:          "quota exceeded",
	throttledOp:   "the server is overloaded and has throttled the request",
}

func (e serverError) Error() string {
	return fmt.Sprintf("zookeeper: %s (error %d)",
		cmp.Or(serverErrorTexts[e], "unknown error"), int32(e))
}

// coded returns an error of go-zookeeper with a serverError in place of a code for which it has
// only a text.
func coded(err error) error {
	if err == nil || IsGaveUp(err) { // the texts of those are the caller's
		return err
	}
	var code int32
	if n, _ := fmt.Sscanf(err.Error(), "unknown error: %d", &code); n == 1 {
		return errorOfCode(code)
	}
	return err
}

// ErrorOf returns what zk.Conn would for the answer.
func ErrorOf(r wire.Reply) error {
	if r.Unsent {
		return zk.ErrNoServer
	}
	if r.Lost {
		return zk.ErrConnectionClosed
	}
	if r.Code == 0 {
		return nil
	}
	return errorOfCode(r.Code)
}

func errorOfCode(code int32) error {
	if err := serverErrors[code]; err != nil {
		return err
	}
	return serverError(code)
}

// serverErrors are the servers' (KeeperException.Code) for which go-zookeeper has values. A server
// answers -12, unknown session, to a request that has been under way while the session expired
// (SessionTrackerImpl.checkSession, which PrepRequestProcessor calls).
var serverErrors = map[int32]error{
	-8: zk.ErrBadArguments, -100: ErrTooLarge, -101: zk.ErrNoNode, -102: zk.ErrNoAuth,
	-103: zk.ErrBadVersion,
	-108: zk.ErrNoChildrenForEphemerals, -110: zk.ErrNodeExists, -111: zk.ErrNotEmpty,
	-12: zk.ErrSessionExpired, -112: zk.ErrSessionExpired,
	-114: zk.ErrInvalidACL, -115: zk.ErrAuthFailed, -116: zk.ErrClosing, -117: zk.ErrNothing,
	-118: zk.ErrSessionMoved,
}
