package ensemble

import (
	"strconv"
	"sync/atomic"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// watchedNode is a znode that has watchers, or that the server still watches for us.
type watchedNode struct {
	path     string
	waiters  *Watcher // a list
	reading  *reading // that is under way; nil if there is none
	note     any      // what its owner has left for the watchers; see Annotate
	memo     any      // what holds until its next change; see Remember
	news     news
	state    NodeState
	what     aspect
	unread   bool   // its state is not known, although it is or was watched; see unread.go
	isHeld   bool   // a hold waits for it, by Watcher.Call
	reported bool   // the latest of the news was a server's, that it has other children
	gone     bool   // it is known to be deleted: a candidate's name is not used again soon
	told     bool   // and nothing else was done to it in the same transaction
	opaque   bool   // its data may not be read
	stood    bool   // the watch, at the end of the last connection, and is to be restored
	audits   uint16 // since it was first waited for
}

// news is whether the server will report the next change to the state of a znode, on this
// connection, and how often it was told that the state may not be true any more. It is changed with
// the table's mutex, and read without: goroutines that use different locks do not wait for one
// another. A change is noted before any answer that the server gave later is read, see
// WatchTable.note, so who has such an answer reads what came before it.
type news struct{ both atomic.Uint64 } // twice how often, and one if armed

func (n *news) read() (told uint64, armed bool) {
	both := n.both.Load()
	return both >> 1, both&1 != 0
}

func (n *news) armed() bool {
	_, armed := n.read()
	return armed
}

func (n *news) told() uint64 {
	told, _ := n.read()
	return told
}

// sameSince reports whether the watch stands, and nothing was told since so much had been.
func (n *news) sameSince(told uint64) bool { return n.both.Load() == told<<1|1 }

// arm notes that the watch is set.
func (n *news) arm() { n.both.Or(1) }

// fire notes that the watch is over.
func (n *news) fire() { n.both.Store((n.told() + 1) << 1) }

// disarm notes that nothing is known of the znode any more.
func (n *watchedNode) disarm() {
	n.memo, n.stood, n.reported = nil, false, false
	n.news.fire()
}

// aspect is what of a znode is watched.
type aspect uint8

const (
	candidate aspect = iota // its data; its name is not used again soon
	place                   // its data; it can be deleted and made again
	children                // which children it has; it can be made again too
	presence                // whether there is one
)

// key returns under what a znode stands in the table.
func (a aspect) key(path string) string {
	switch a {
	case children:
		return path + "/"
	case presence:
		return path + "//"
	default:
		return path
	}
}

// reading is a request for a znode's state, and for a watch.
type reading struct {
	restores bool          // and asks for the watch alone; see restore
	done     chan struct{} // closed when the fields below are set
	state    NodeState
	err      error
}

// NodeState is what is of interest in a znode.
type NodeState struct {
	Owner   int64 // the session of an ephemeral znode, 0 for others
	Czxid   int64
	Version int32 // of its data
	// it is there, and a server tells us no more: exists asks for the right to read from ZooKeeper
	// 3.9.2 on
	Hidden bool
	Asked  error  // what Config.ParseData says of its data
	Who    string // who made it, for people, from its data; empty if that is not known

	children *[]string // of what WatchChildren watches, which has nothing else
}

// Children returns the names of the children of a znode that WatchChildren watches.
func (s NodeState) Children() []string {
	if s.children == nil {
		return nil
	}
	return *s.children
}

func (zs *Session) opaqueState(r wire.Reply) NodeState { return zs.nodeStateOf(r.Stat(), nil) }

// NodeState returns what is of interest in the answer to a read.
func (zs *Session) NodeState(r wire.Reply) NodeState {
	data, stat := r.Node()
	return zs.nodeStateOf(stat, data)
}

func (zs *Session) nodeStateOf(stat zk.Stat, data []byte) NodeState {
	who, asked := zs.client.cfg.ParseData(data)
	return NodeState{Owner: stat.EphemeralOwner, Czxid: stat.Czxid, Version: stat.Version,
		Asked: asked, Who: Readable(who)}
}

// longIdentifier is how much of an identifier an error shows.
const longIdentifier = 100

// Readable returns an identifier as an error shows it. Other clients can write anything into a
// znode.
func Readable(data []byte) string {
	who := string(data[:min(len(data), longIdentifier)])
	if len(data) > longIdentifier || !strconv.CanBackquote(who) {
		return strconv.Quote(who)
	}
	return who
}
