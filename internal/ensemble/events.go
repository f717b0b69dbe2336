package ensemble

import "github.com/go-zookeeper/zk"

// Event is one of ZooKeeper's, with the session that it came from.
type Event struct {
	Session *Session
	zk.Event
}
