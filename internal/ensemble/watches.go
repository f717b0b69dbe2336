package ensemble

import (
	"sync"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/semaphore"
)

// WatchTable holds the watches of one ZooKeeper session: one for each znode, however many watchers
// wait for it. ZooKeeper's protocol as go-zookeeper speaks it cannot remove a watch. So a watch
// without watchers is kept for later ones, until the server has fired it or the connection ends.
//
// The watches bypass go-zookeeper. Its own watches accumulate, one for each call, for as long as
// the znode stays unchanged. After a reconnection it asks the server to restore them from a
// transaction number that it reads without a lock (conn.go lines 614 and 849), and that may be
// later than the change that is waited for. Here a watch ends with its connection, and the watchers
// look again.
type WatchTable struct {
	zs   *Session
	asks *semaphore.Weighted // bounds the reads under way

	// signals audit that the session timeout is shorter than before; has room for one
	sooner chan struct{}

	mu    sync.Mutex              // guards what follows, and the fields of the watchedNodes
	nodes map[string]*watchedNode // by aspect.key
	below map[*Below]struct{}
	until int64 // the newest transaction in an answer on the last connection
}

// asksAtOnce bounds how many znodes are read at a time: thousands may be waited for when a
// connection breaks, and other clients that lost the same server reconnect at the same time.
const asksAtOnce = 32

// Watcher waits for changes of one znode.
type Watcher struct {
	wake       chan struct{} // look again
	call       func()        // in place of that; see Call
	table      *WatchTable
	node       *watchedNode
	prev, next *Watcher // that wait for the same
}

func newWatchTable(zs *Session) *WatchTable {
	return &WatchTable{
		zs:     zs,
		asks:   semaphore.NewWeighted(asksAtOnce),
		sooner: make(chan struct{}, 1),
		nodes:  make(map[string]*watchedNode),
		below:  make(map[*Below]struct{}),
	}
}

// Watch begins to wait for a znode: wake, which has room for one and may serve several watchers,
// receives after each change. Nothing is asked of the server before read. The caller must stop it.
func (t *WatchTable) Watch(path string, wake chan struct{}) *Watcher {
	return t.watch(path, candidate, wake)
}

// WatchPlace is Watch for a znode that can be made again when it is gone.
func (t *WatchTable) WatchPlace(path string, wake chan struct{}) *Watcher {
	return t.watch(path, place, wake)
}

// WatchChildren is Watch for which children a znode has. It can be made again when it is gone.
func (t *WatchTable) WatchChildren(path string, wake chan struct{}) *Watcher {
	return t.watch(path, children, wake)
}

// WatchPresence is Watch for whether there is such a znode. Its Read has a Czxid if there is, and does
// not fail with zk.ErrNoNode.
func (t *WatchTable) WatchPresence(path string, wake chan struct{}) *Watcher {
	return t.watch(path, presence, wake)
}

func (t *WatchTable) watch(path string, what aspect, wake chan struct{}) *Watcher {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[what.key(path)]
	if node == nil {
		node = &watchedNode{path: path, what: what}
		t.nodes[what.key(path)] = node
	}
	w := &Watcher{wake: wake, table: t, node: node, next: node.waiters}
	if w.next != nil {
		w.next.prev = w
	}
	node.waiters = w
	return w
}

// Stop ends the wait.
func (w *Watcher) Stop() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	if w.prev == nil {
		w.node.waiters = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	}
	if w.call != nil {
		w.node.isHeld = false
	}
	w.table.forgetLocked(w.node)
}

// Call has f called after each change, and wakes no channel any more. f must not block, and not use
// the WatchTable. It is for the watch on the znode of a hold, of which there is one.
func (w *Watcher) Call(f func()) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.wake, w.call, w.node.isHeld = nil, f, true
}

// ArmedSince reports whether the server will report the next change. While it does, and told is the
// same, there was no change.
func (w *Watcher) ArmedSince() (told uint64, ok bool) {
	return w.node.news.read()
}

// ChangedSince reports whether a server has reported that the znode has other children than when the
// watch was armed and so much had been told. ArmedSince alone does not say whether it was a server.
// After a lost connection it is false.
func (w *Watcher) ChangedSince(told uint64) bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.reported && w.node.news.told() > told
}

// IsOpaque reports whether the znode's data may not be read. Then a server does not report changes,
// whatever watch it has accepted.
func (w *Watcher) IsOpaque() bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.opaque
}

// Distrust makes the next Read ask a server.
func (w *Watcher) Distrust() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.node.disarm()
}

// Annotate leaves a note with a znode of ours, for its watchers. Deleted replaces it.
func (t *WatchTable) Annotate(path string, note any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.note = note
	}
}

// Note returns the note that was left with the znode, nil if there is none.
func (w *Watcher) Note() any {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.note
}

// Deleted tells a znode's watchers the outcome of its deletion by this session, without an event.
func (t *WatchTable) Deleted(path string, gone bool, note any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.gone, node.told, node.note = node.gone || gone, node.told || gone, note
		t.wakeLocked(node)
	}
}

// Remember keeps a memo for as long as the znode is watched and does not change, if that was so
// since told.
func (w *Watcher) Remember(told uint64, memo any) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	if w.node.news.sameSince(told) {
		w.node.memo = memo
	}
}

// Memo returns the memo, or nil if the znode may have changed.
func (t *WatchTable) Memo(path string) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil && node.news.armed() {
		return node.memo
	}
	return nil
}

// Forget drops the memo.
func (t *WatchTable) Forget(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.memo = nil
	}
}

// IsArmed reports whether the server will report the next change to a znode.
func (t *WatchTable) IsArmed(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[path]
	return node != nil && node.news.armed()
}

// Who returns what the znode's data said when they were last read, also after Stop.
func (w *Watcher) Who() string {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.state.Who
}

// IsGone reports whether a candidate's znode is known to be deleted.
func (t *WatchTable) IsGone(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[path]
	return node != nil && node.gone
}

// WasDeleted reports whether the znode's deletion was reported, by an event or by Deleted, and not
// merely found. A server reports the first change that a transaction makes to a znode, so the
// transaction has done nothing else to it.
func (w *Watcher) WasDeleted() bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.told
}

// forgetLocked drops a node without watchers, unless the server still watches it for us.
func (t *WatchTable) forgetLocked(node *watchedNode) {
	if node.waiters == nil && !node.news.armed() && node.reading == nil {
		delete(t.nodes, node.what.key(node.path))
	}
}

// note notes a change that the server has reported, which has used up its watch. It runs on
// zk.Conn's goroutine, before any answer that the server gave later. So if a watch is still armed
// when such an answer is here, there was no change.
func (t *WatchTable) note(path string, event zk.EventType) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.noteBelowLocked(path)
	gone := event == zk.EventNodeDeleted
	if node := t.nodes[path]; node != nil && event != zk.EventNodeChildrenChanged {
		node.disarm()
		node.gone = node.gone || gone && node.what == candidate
		// restore gets an event also for what has been changed first, and then deleted
		restored := node.reading != nil && node.reading.restores
		node.told = node.told || gone && !restored
	}
	if node := t.nodes[presence.key(path)]; node != nil && event != zk.EventNodeChildrenChanged {
		node.disarm()
	}
	if node := t.nodes[children.key(path)]; node != nil &&
		(gone || event == zk.EventNodeChildrenChanged) {
		node.disarm()
		node.reported = !gone
	}
}

// noteDisconnected notes the end of the connection, with which the server has forgotten all
// watches. Until there is another, a lock may be deleted and created again; then its numbers begin
// anew, and other clients may use a name twice. What was watched until now has not changed up to the
// given transaction.
func (t *WatchTable) noteDisconnected(answered int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = answered
	for b := range t.below {
		b.breakLocked()
	}
	for _, node := range t.nodes {
		stood := node.stood || node.news.armed() && node.what == candidate && !node.opaque
		node.disarm()
		node.stood = stood
		node.gone, node.told = false, false
		t.forgetLocked(node)
	}
}

// Wake wakes all watchers of a znode.
func (t *WatchTable) Wake(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range [...]string{path, children.key(path), presence.key(path)} {
		if node := t.nodes[key]; node != nil {
			t.wakeLocked(node)
		}
	}
}

// WakeAll wakes all watchers, to look again where the watch does not stand.
func (t *WatchTable) WakeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		t.wakeLocked(node)
	}
}

// Recheck wakes all watchers, to look again and set the watch anew.
func (t *WatchTable) Recheck() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		node.disarm()
		t.wakeLocked(node)
	}
}

func (t *WatchTable) wakeLocked(node *watchedNode) {
	for w := node.waiters; w != nil; w = w.next {
		if w.call != nil {
			w.call()
			continue
		}
		Nudge(w.wake)
	}
	t.forgetLocked(node)
}
