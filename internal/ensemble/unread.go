package ensemble

import "github.com/zookylock/zklock/internal/wire"

// This is how a candidate that begins to wait sets watches on znodes that it need not read.
//
// A server that is asked to restore watches reports what has changed since a transaction, and watches
// the rest (restore.go). That is one request for several znodes, where reads are one for each. The
// candidate knows what its own znode was when it was created. Of the predecessor before the nearest
// it wants to know only when it is gone, and is none the worse if it is told late. So one request
// sets both watches, from the transaction that created the candidate.
//
// The state of the predecessor is not known then. Who wants it reads the znode.

// PrepareToWait is Prepare for a candidate that knows its own znode's state since its creation:
// near is read, own and far are watched.
func (t *WatchTable) PrepareToWait(near, far, own *Watcher, created NodeState) {
	requests := t.reads(near)
	if r := t.watchUnread(far, own, created); r != nil {
		requests = append(requests, r)
	} else {
		requests = append(requests, t.reads(far, own)...)
	}
	if len(requests) > 0 {
		t.zs.Send(requests...)
	}
}

// watchUnread returns the request for the watches of both. It returns nil if they have to be read:
// because the servers do not know the request, or something is known of one, or being asked.
func (t *WatchTable) watchUnread(far, own *Watcher, created NodeState) *wire.Request {
	if !t.zs.Takes(wire.OpSetWatches) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	both := []*watchedNode{far.node, own.node}
	for _, node := range both {
		if node.news.armed() || node.gone || node.reading != nil {
			return nil
		}
	}
	far.node.unread, own.node.state = true, created
	return t.watchSinceLocked(created.Czxid, both)
}

// IsUnread reports whether the znode is watched, or is about to be, without its state being known.
func (w *Watcher) IsUnread() bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	node := w.node
	return node.unread && (node.news.armed() || node.reading != nil && node.reading.restores)
}
