package zklock

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/semaphore"

	"github.com/zookylock/zklock/internal/wire"
)

// watchTable holds the watches of one ZooKeeper session: one for each znode, however many wait for it. ZooKeeper's
// protocol as go-zookeeper speaks it cannot take a watch back; so one that nobody waits for any more is kept for
// whoever comes next, until the server has fired it or the connection ends.
//
// The watches are set behind go-zookeeper's back. Its own pile up, one for each call, for as long
// as the znode stays unchanged; and after a reconnection it asks the server to restore them from a transaction number
// that it reads without a lock (conn.go lines 614 and 849) and that may lie after the change it should hear of. Here a
// watch ends with its connection, and whoever waited looks again.
type watchTable struct {
	zs   *zkSession
	asks *semaphore.Weighted // bounds the reads under way

	sooner chan struct{} // signals audit that the session timeout is shorter than before; has room for one

	mu    sync.Mutex // guards the field below, and those of the watchedNodes
	nodes map[string]*watchedNode
}

// asksAtOnce bounds how many znodes are read together: thousands may be waited for when a connection breaks, and other
// clients that lost the same server come back at the same time.
const asksAtOnce = 32

// watchedNode is a znode that somebody waits for, or that the server still watches for us.
type watchedNode struct {
	path    string
	waiters *watcher // a list
	reading *reading // that is under way; nil if there is none
	armed   bool     // the server will tell of the next change to state, on this connection
	gone    bool     // it is known to be deleted: a candidate's name is not used again soon
	legacy  *legacy  // of a candidate of ours that had nobody ahead; nil for others
	leaving bool     // it is being removed, and has left that word; left tells how it went
	cleared int32    // of a lock's znode, while armed: all candidates up to this number are gone; -1 if that is not known
	fired   uint64   // how often it was told that state may not be true any more
	audits  int      // since it was first waited for
	state   nodeState
	opaque  bool // its data may not be read
}

// reading is a request for a znode's state, and for a watch.
type reading struct {
	done  chan struct{} // closed when the fields below are set
	state nodeState
	err   error
}

// nodeState is what is of interest in a znode.
type nodeState struct {
	owner  int64 // the session of an ephemeral znode, 0 for others
	czxid  int64
	marked bool   // somebody asked the candidate to release
	who    string // whose candidate it is, for people; empty if that is not known
}

// watcher is somebody's wait for one znode.
type watcher struct {
	wake       chan struct{} // look again
	table      *watchTable
	node       *watchedNode
	prev, next *watcher // that wait for the same
}

func newWatchTable(zs *zkSession) *watchTable {
	return &watchTable{
		zs:     zs,
		asks:   semaphore.NewWeighted(asksAtOnce),
		sooner: make(chan struct{}, 1),
		nodes:  make(map[string]*watchedNode),
	}
}

// watch begins to wait for a znode: wake, which has room for one and may serve several watchers, receives after each change.
// Nothing is asked of the server before read. The caller must stop it.
func (t *watchTable) watch(path string, wake chan struct{}) *watcher {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[path]
	if node == nil {
		node = &watchedNode{path: path, cleared: -1}
		t.nodes[path] = node
	}
	w := &watcher{wake: wake, table: t, node: node, next: node.waiters}
	if w.next != nil {
		w.next.prev = w
	}
	node.waiters = w
	return w
}

// stop ends the wait.
func (w *watcher) stop() {
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
	w.table.forgetLocked(w.node)
}

// armedSince reports whether the server will tell of the next change. While it does, and told is the same, there was none.
func (w *watcher) armedSince() (told uint64, ok bool) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.fired, w.node.armed
}

// isOpaque reports whether the znode's data may not be read. Then a server does not tell of changes, whatever watch it has taken.
func (w *watcher) isOpaque() bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.opaque
}

// distrust has the next look ask a server.
func (w *watcher) distrust() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.node.disarm()
}

// legacy is what a candidate of ours that has nobody ahead leaves word of to those behind it when it is removed.
type legacy struct {
	lock *lockNode // the lock's znode as it is then; nil if that is not known

	next  string    // the name of the one directly behind, if it was read then
	state nodeState // of that
}

// legacy returns what a candidate of ours has left word of; nil if it was none, or had others ahead. While it is being removed the
// word may yet prove false, and left wakes who waits.
func (w *watcher) legacy() (l *legacy, leaving bool) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.node.legacy, w.node.leaving
}

// bequeath leaves word of a candidate that is about to be removed, to whoever waits for that. left must follow.
func (t *watchTable) bequeath(path string, l *legacy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.legacy, node.leaving = l, true
	}
}

// isArmed reports whether somebody here would be told of a change to a znode.
func (t *watchTable) isArmed(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[path]
	return node != nil && node.armed
}

// identifier returns who the candidate of a znode is, as it was last read; empty if that is not
// known.
func (t *watchTable) identifier(node *watchedNode) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return node.state.who
}

// isGone reports whether a candidate's znode is known to be deleted.
func (t *watchTable) isGone(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := t.nodes[path]
	return node != nil && node.gone
}

// left tells whoever waits for a candidate of ours how its removal went, without an event. Unless we have removed it, so that it was
// there until now, what it has left word of may not be true of the queue that others stand in.
func (t *watchTable) left(path string, gone, removed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.gone, node.leaving = node.gone || gone, false
		if !removed {
			node.legacy = nil
		}
		t.wakeLocked(node)
	}
}

// forgetLocked drops a node that nobody waits for, unless the server still watches it for us.
func (t *watchTable) forgetLocked(node *watchedNode) {
	if node.waiters == nil && !node.armed && node.reading == nil {
		delete(t.nodes, node.path)
	}
}

// clear notes that all candidates of a lock up to a number are gone. It is called by whoever was the last of them, and watched
// the lock's znode while it was: as long as that watch stands, the znode is the same, and the numbers go on.
func (w *watcher) clear(told uint64, number int32) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	if w.node.armed && w.node.fired == told {
		w.node.cleared = number
	}
}

// unclear forgets that.
func (t *watchTable) unclear(dir string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[dir]; node != nil {
		node.cleared = -1
	}
}

// cleared returns up to which number all candidates of a lock are known to be gone, -1 if that is not known.
func (t *watchTable) cleared(dir string) int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[dir]; node != nil && node.armed {
		return node.cleared
	}
	return -1
}

// note takes note of a change that the server has told of, which has spent its watch. It runs on zk.Conn's goroutine, before
// any answer that the server gave later: whoever has one and finds a watch still armed knows that there was no change.
func (t *watchTable) note(path string, gone bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		node.disarm()
		node.gone = node.gone || gone
	}
}

// disarm notes that nothing is known of the znode any more.
func (n *watchedNode) disarm() {
	n.armed, n.cleared = false, -1
	n.fired++
}

// noteDisconnected takes note of the end of the connection, with which the server has forgotten all watches. Until there is another
// a lock may have been deleted and made again, where the numbers begin anew and other clients give a name twice.
func (t *watchTable) noteDisconnected() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		node.disarm()
		node.gone = false
		t.forgetLocked(node)
	}
}

// wake wakes everybody who waits for a znode.
func (t *watchTable) wake(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil {
		t.wakeLocked(node)
	}
}

// audit has everybody look again once in a session timeout. An event that should have come and did not, whoever lost it,
// then keeps nobody waiting for longer. It ends with the ZooKeeper session; Close waits for it.
func (t *watchTable) audit() {
	tick := time.NewTicker(t.zs.timeout())
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.recheck()
			t.verify()
		case <-t.sooner:
			tick.Reset(t.zs.timeout())
		case <-t.zs.ended:
			return
		}
	}
}

// recheck wakes everybody, to look again and set the watch anew.
func (t *watchTable) recheck() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		node.disarm()
		t.wakeLocked(node)
	}
}

func (t *watchTable) wakeLocked(node *watchedNode) {
	for w := node.waiters; w != nil; w = w.next {
		nudge(w.wake)
	}
	t.forgetLocked(node)
}

// nudge has whoever waits look again.
func nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is about to
	}
}

// read returns the znode's state, and makes sure that the next change to it wakes the waiter. It fails with
// zk.ErrNoNode if there is no such znode, and as zkSession.do does.
func (w *watcher) read(ctx context.Context) (state nodeState, err error) {
	if state, ok, err := w.known(); ok {
		return state, err
	}
	err = w.table.zs.do(ctx, func() error {
		state, err = w.ask(ctx)
		if errors.Is(err, zk.ErrNoAuth) { // now it is known that the data may not be read
			state, err = w.ask(ctx)
		}
		return err
	})
	return state, err
}

// known returns what needs no request.
func (w *watcher) known() (state nodeState, ok bool, err error) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	switch {
	case w.node.gone:
		return nodeState{}, true, zk.ErrNoNode
	case w.node.armed:
		return w.node.state, true, nil
	}
	return nodeState{}, false, nil
}

// ask is read for one request.
func (w *watcher) ask(ctx context.Context) (nodeState, error) {
	t := w.table
	if t.asks.Acquire(ctx, 1) != nil {
		return nodeState{}, contextError(ctx)
	}
	now, r := w.begin()
	if r != nil {
		t.zs.send(r)
	}
	if err := waitFor(ctx, now.done); err != nil {
		return nodeState{}, err
	}
	return now.state, now.err
}

// prepare asks for what several watchers are about to read, in one packet, unless much is under way.
func (t *watchTable) prepare(watchers ...*watcher) {
	var requests []*wire.Request
	for _, w := range watchers {
		if _, ok, _ := w.known(); ok || !t.asks.TryAcquire(1) {
			continue
		}
		if _, r := w.begin(); r != nil {
			requests = append(requests, r)
		}
	}
	if len(requests) > 0 {
		t.zs.send(requests...)
	}
}

// begin returns the reading that is under way, or a new one with the request that is the caller's to send. The caller has acquired
// asks; what becomes of the reading releases it.
func (w *watcher) begin() (*reading, *wire.Request) {
	t, node := w.table, w.node
	t.mu.Lock()
	defer t.mu.Unlock()
	if node.reading != nil {
		t.asks.Release(1)
		return node.reading, nil
	}
	now := &reading{done: make(chan struct{})}
	node.reading = now
	request, read := wire.GetData(node.path, true), newNodeState
	if node.opaque { // a test for existence leaves a watch behind where there is no znode
		request, read = wire.Exists(node.path, true), newOpaqueState
	}
	fired := node.fired
	request.Done = func(reply wire.Reply) {
		if now.err = errorOf(reply); now.err == nil {
			now.state = read(reply)
		}
		t.asks.Release(1)
		t.finish(node, fired)
	}
	return now, request
}

// finish takes note of what a reading has come to that was begun when so much had been told.
func (t *watchTable) finish(node *watchedNode, fired uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := node.reading
	switch {
	case now.err == nil:
		if now.state.marked { // which has overwritten it
			now.state.who = node.state.who
		}
		// If the watch has been fired already, the waiter has been woken and will be back.
		node.state, node.armed = now.state, node.fired == fired
	case errors.Is(now.err, zk.ErrNoNode):
		node.gone = true
	case errors.Is(now.err, zk.ErrNoAuth):
		node.opaque = true
	}
	node.reading = nil
	close(now.done)
	t.forgetLocked(node)
}

// readNode reads a znode, and sets no watch.
func (zs *zkSession) readNode(ctx context.Context, path string) (state nodeState, err error) {
	err = zs.do(ctx, func() error {
		if state, err = ask(ctx, zs, wire.GetData(path, false), newNodeState); errors.Is(err, zk.ErrNoAuth) {
			state, err = ask(ctx, zs, wire.Exists(path, false), newOpaqueState)
		}
		return err
	})
	return state, err
}

func newOpaqueState(r wire.Reply) nodeState { return nodeStateOf(r.Stat(), nil) }

func newNodeState(r wire.Reply) nodeState {
	data, stat := r.Node()
	state := nodeStateOf(stat, data)
	if !state.marked {
		state.who = readable(data)
	}
	return state
}

func nodeStateOf(stat zk.Stat, data []byte) nodeState {
	return nodeState{owner: stat.EphemeralOwner, czxid: stat.Czxid, marked: isRevocationMark(data)}
}

// longIdentifier is how much of an identifier an error shows.
const longIdentifier = 100

// readable returns an identifier as an error shows it. Anybody can have written anything into a
// znode.
func readable(data []byte) string {
	who := string(data[:min(len(data), longIdentifier)])
	if len(data) > longIdentifier || !strconv.CanBackquote(who) {
		return strconv.Quote(who)
	}
	return who
}
