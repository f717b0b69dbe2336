package zklock

import "fmt"

// State is the state of a Session.
type State uint8

// The states of a Session.
const (
	StateConnected State = iota + 1 // there is a ZooKeeper session, and a connection to a server
	StateSuspended                  // the connection is down; the ZooKeeper session may live or not
	// the ZooKeeper session is gone or given up, its holds are lost, and the next is being opened
	StateExpired
	StateClosed // after Close
)

func (st State) String() string {
	switch st {
	case StateConnected:
		return "connected"
	case StateSuspended:
		return "suspended"
	case StateExpired:
		return "expired"
	case StateClosed:
		return "closed"
	default:
		return fmt.Sprintf("State(%d)", uint8(st))
	}
}
