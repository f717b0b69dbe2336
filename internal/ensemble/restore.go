package ensemble

import (
	"errors"

	"github.com/zookylock/zklock/internal/wire"
)

// This is how watches are set again after a reconnection, thousands in one request.
//
// A server takes a transaction and a list of znodes. It reports each that does not exist, or whose
// data were written later than in that transaction; it watches the others, which are therefore the
// same znodes with the same data. All that is executed while no write is, and reported before the
// answer. So a znode of which no event is here by then is as it was, and watched.
//
// The transaction must be one at which the znode's state was still known to be true: the newest in
// an answer on the connection on which the watch stood until its end. A later one hides changes:
// that of an event, which may be half of a transaction's events, or one that was heard of on the
// next connection. (go-zookeeper reads it without a lock, which is one reason why our watches
// bypass it.) The next server has executed that transaction, or it does not take the session.
//
// Each is tried once. If the connection ends before the answer, or a server does not know the
// request, the znodes are read one by one.

// restoreAtOnce bounds the paths in one request, in bytes: servers refuse requests above 1 MB.
const restoreAtOnce = 128 << 10

// errNotRestored is why a znode has to be read.
var errNotRestored = errors.New("the watch was not restored")

// restoration is a znode whose watch is to be restored.
type restoration struct {
	node *watchedNode
	told uint64 // when it was begun
}

// restore sets the watches of the last connection that are still waited for. It runs on zk.Conn's
// goroutine, before anything else is sent.
func (t *WatchTable) restore() {
	if !t.zs.Takes(wire.OpSetWatches) {
		return
	}
	var requests []*wire.Request
	var together []*watchedNode
	size := 0
	t.mu.Lock()
	for _, node := range t.nodes {
		stood := node.stood
		if node.stood = false; !stood || node.reading != nil || node.waiters == nil {
			continue
		}
		if size += len(node.path); size > restoreAtOnce && len(together) > 0 {
			requests = append(requests, t.watchSinceLocked(t.until, together))
			together, size = nil, len(node.path)
		}
		together = append(together, node)
	}
	if len(together) > 0 {
		requests = append(requests, t.watchSinceLocked(t.until, together))
	}
	t.mu.Unlock()
	if len(requests) > 0 {
		t.zs.Send(requests...)
	}
}

// watchSinceLocked returns the request for the watches of znodes that no reading is under way of. It
// is the caller's to send.
func (t *WatchTable) watchSinceLocked(since int64, nodes []*watchedNode) *wire.Request {
	watched, paths := make([]restoration, len(nodes)), make([]string, len(nodes))
	for i, node := range nodes {
		node.reading = &reading{restores: true, done: make(chan struct{})}
		watched[i], paths[i] = restoration{node, node.news.told()}, node.path
	}
	r := wire.SetWatches(since, paths)
	r.Done = func(reply wire.Reply) { t.restored(watched, reply) }
	return r
}

// restored takes note of what has become of one request.
func (t *WatchTable) restored(together []restoration, reply wire.Reply) {
	err := ErrorOf(reply)
	t.zs.NoteRefusal(wire.OpSetWatches, err)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range together {
		node := r.node
		now := node.reading
		stands := err == nil && node.news.told() == r.told
		if stands {
			node.news.arm()
		}
		if now.state = node.state; !stands || node.unread { // who wants the state has to read it
			now.err = errNotRestored
		}
		node.reading = nil
		close(now.done)
		t.forgetLocked(node)
	}
}
