package ensemble

import (
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// Read returns the znode's state, and makes sure that the next change to it wakes the waiter. It
// fails with zk.ErrNoNode if there is no such znode, and as Session.Do does.
func (w *Watcher) Read(ctx context.Context) (state NodeState, err error) {
	for {
		if state, ok, err := w.known(); ok {
			return state, err
		}
		err = w.table.zs.Do(ctx, func() error {
			state, err = w.ask(ctx)
			if errors.Is(err, zk.ErrNoAuth) { // now it is known that the data may not be read
				state, err = w.ask(ctx)
			}
			return err
		})
		if err != errNotRestored {
			return state, err
		}
	}
}

// known returns what needs no request.
func (w *Watcher) known() (state NodeState, ok bool, err error) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.knownLocked()
}

func (w *Watcher) knownLocked() (state NodeState, ok bool, err error) {
	switch {
	case w.node.gone:
		return NodeState{}, true, zk.ErrNoNode
	case w.node.news.armed() && !w.node.unread:
		return w.node.state, true, nil
	}
	return NodeState{}, false, nil
}

// ask is read for one request.
func (w *Watcher) ask(ctx context.Context) (NodeState, error) {
	t := w.table
	if t.asks.Acquire(ctx, 1) != nil {
		return NodeState{}, ContextError(ctx)
	}
	now, r := w.begin()
	if r != nil {
		t.zs.Send(r)
	}
	if err := WaitFor(ctx, now.done); err != nil {
		return NodeState{}, err
	}
	return now.state, now.err
}

// Prepare asks for what several watchers are about to read, in one packet, unless much is under
// way.
func (t *WatchTable) Prepare(watchers ...*Watcher) {
	if requests := t.reads(watchers...); len(requests) > 0 {
		t.zs.Send(requests...)
	}
}

// reads returns the requests for that, which are the caller's to send.
func (t *WatchTable) reads(watchers ...*Watcher) (requests []*wire.Request) {
	for _, w := range watchers {
		if _, ok, _ := w.known(); ok || !t.asks.TryAcquire(1) {
			continue
		}
		if _, r := w.begin(); r != nil {
			requests = append(requests, r)
		}
	}
	return requests
}

// begin returns the reading that is under way, or a new one with the request that is the caller's
// to send. The caller has acquired asks; what becomes of the reading releases it.
func (w *Watcher) begin() (*reading, *wire.Request) {
	t, node := w.table, w.node
	t.mu.Lock()
	defer t.mu.Unlock()
	if node.reading != nil {
		t.asks.Release(1)
		return node.reading, nil
	}
	now := &reading{done: make(chan struct{})}
	var known bool
	if now.state, known, now.err = w.knownLocked(); known { // since a moment ago
		t.asks.Release(1)
		close(now.done)
		return now, nil
	}
	node.reading = now
	request, read := wire.GetData(node.path, true), t.zs.NodeState
	switch {
	case node.what == children:
		request, read = wire.GetChildren(node.path, true), childrenState
	case node.what == presence:
		request, read = wire.Exists(node.path, true), t.zs.opaqueState
	case node.opaque: // a test for existence leaves a watch behind where there is no znode
		request, read = wire.Exists(node.path, true), t.zs.opaqueState
	}
	told := node.news.told()
	request.Done = func(reply wire.Reply) {
		switch now.err = ErrorOf(reply); {
		case now.err == nil:
			now.state = read(reply)
		case node.opaque && errors.Is(now.err, zk.ErrNoAuth):
			now.state, now.err = NodeState{Hidden: true}, nil
		case node.what == presence && errors.Is(now.err, zk.ErrNoNode):
			now.err = nil
		}
		t.asks.Release(1)
		t.finish(node, told)
	}
	return now, request
}

// finish takes note of what a reading has come to that was begun when so much had been told.
func (t *WatchTable) finish(node *watchedNode, told uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := node.reading
	switch {
	case now.err == nil:
		if now.state.Asked != nil && now.state.Who == "" { // which has overwritten it
			now.state.Who = node.state.Who
		}
		// If the watch has been fired already, the waiter has been woken and will be back.
		if node.state, node.unread = now.state, false; node.news.told() == told {
			node.news.arm()
		}
	case errors.Is(now.err, zk.ErrNoNode):
		node.gone = node.what == candidate
	case errors.Is(now.err, zk.ErrNoAuth):
		node.opaque = node.what != children && node.what != presence
	}
	node.reading = nil
	close(now.done)
	t.forgetLocked(node)
}

// ReadNode reads a znode, and sets no watch.
func (zs *Session) ReadNode(ctx context.Context, path string) (state NodeState, err error) {
	err = zs.Do(ctx, func() error {
		if state, err = Ask(ctx, zs, wire.GetData(path, false), zs.NodeState); errors.Is(err,
			zk.ErrNoAuth) {
			state, err = Ask(ctx, zs, wire.Exists(path, false), zs.opaqueState)
		}
		return err
	})
	return state, err
}

func childrenState(r wire.Reply) NodeState {
	names := r.Children()
	return NodeState{children: &names}
}

// Arm makes a server report changes from now on. If the server does not know how, Arm returns
// without an error, and the Below does not stand.
func (b *Below) Arm(ctx context.Context) error {
	zs := b.table.zs
	return zs.Do(ctx, func() error {
		if !zs.Takes(wire.OpAddWatch) {
			return nil
		}
		b.table.mu.Lock()
		b.breakLocked()
		b.changed = make(map[string]struct{})
		b.table.mu.Unlock()
		_, err := Ask(ctx, zs, wire.WatchBelow(b.root), b.begin)
		if err != nil && zs.NoteRefusal(wire.OpAddWatch, err) {
			return nil
		}
		return err
	})
}

// begin is called with the answer, before anything that the server sends later.
func (b *Below) begin(wire.Reply) struct{} {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	b.stands = b.changed != nil
	return struct{}{}
}
