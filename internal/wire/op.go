package wire

import (
	"math"
	"strconv"
)

// The operations that are sent, by go-zookeeper (constants.go line 14) or for it, as they stand in
// a request's header.
const (
	// never on the wire: stands in a FrameError for an operation that is not known
	OpNone int32 = 0
	// never on the wire: stands for the handshake; ZooKeeper's own number for it
	OpConnect         int32 = -10
	OpCreate          int32 = 1
	OpDelete          int32 = 2
	OpExists          int32 = 3
	OpGetData         int32 = 4
	OpSetData         int32 = 5
	OpGetACL          int32 = 6
	OpSetACL          int32 = 7
	OpGetChildren     int32 = 8
	OpSync            int32 = 9
	OpPing            int32 = 11
	OpGetChildren2    int32 = 12
	OpCheck           int32 = 13
	OpMulti           int32 = 14
	OpCreate2         int32 = 15 // not go-zookeeper's: see Create
	OpReconfig        int32 = 16
	OpCreateContainer int32 = 19
	OpCreateTTL       int32 = 21
	OpMultiRead       int32 = 22 // not go-zookeeper's: see GetDataOfMany
	OpSetAuth         int32 = 100
	OpSetWatches      int32 = 101
	OpAddWatch        int32 = 106 // not go-zookeeper's: see WatchBelow
	OpClose           int32 = -11
	OpError           int32 = -1 // the type of a failed result inside a multi reply
	// never on the wire: stands for a watcher event; go-zookeeper's own number for it
	OpWatcherEvent int32 = -2
)

// The transaction ids that are no request's: go-zookeeper tells them apart by these alone (conn.go
// line 829).
const (
	XidWatcherEvent int32 = -1
	XidPing         int32 = -2

	// The numbers of requests that go-zookeeper does not know go down from here. The servers have
	// no meaning for them. go-zookeeper's own go up from 1 to 2147483647, and then to 0 (conn.go
	// line 880).
	xidOwn   int32 = -1000
	xidWraps int32 = 0
)

var opNames = map[int32]string{
	OpNone: "frame", OpConnect: "connect", OpCreate: "create", OpDelete: "delete",
	OpExists: "exists", OpGetData: "getData",
	OpSetData: "setData", OpGetACL: "getACL", OpSetACL: "setACL", OpGetChildren: "getChildren",
	OpSync: "sync",
	OpPing: "ping", OpGetChildren2: "getChildren2", OpCheck: "check", OpMulti: "multi",
	OpCreate2: "create2", OpReconfig: "reconfig",
	OpCreateContainer: "createContainer", OpCreateTTL: "createTTL", OpMultiRead: "multiRead",
	OpSetAuth:    "setAuth",
	OpSetWatches: "setWatches", OpAddWatch: "addWatch", OpClose: "close", OpError: "error", OpWatcherEvent: "watcher event",
}

// ownXid returns the number of the request of our own that a session has sent so many before. It is
// false if there is none left.
func ownXid(before int64) (xid int32, ok bool) {
	if before > int64(xidOwn)-math.MinInt32 {
		return 0, false
	}
	return int32(int64(xidOwn) - before), true
}

// OpName returns an operation's name.
func OpName(op int32) string {
	if name, ok := opNames[op]; ok {
		return name
	}
	return "op " + strconv.Itoa(int(op))
}
