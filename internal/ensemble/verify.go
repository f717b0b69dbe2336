package ensemble

import (
	"context"
	"errors"
	"slices"
	"time"
)

// auditsToVerify is after how many audits a quorum is asked about a znode that is still waited for.
const auditsToVerify = 3

// verify has a quorum confirm that what has been waited for long exists. A server can have missed a
// transaction for good: ZOOKEEPER-4785 is one way, chaos has met one after servers were restarted
// under load. A client that is connected to it waits for a candidate that is gone, and a session
// that is confirmed by the others is no help. Such a server is left.
func (t *WatchTable) verify() {
	paths := t.longWaitedFor()
	for len(paths) > 0 {
		some := paths[:min(len(paths), checksPerBeat)]
		err := t.zs.Lease.Check(context.Background(), some...) // ends with the session
		var missing *checkError
		switch {
		case err == nil:
			paths = paths[len(some):]
		case !errors.As(err, &missing):
			return
		case t.standsHere(some[missing.index]):
			t.zs.client.logOutOfStep(t.zs.leave(), some[missing.index])
			return
		default:
			paths = slices.Delete(paths, missing.index, missing.index+1)
		}
	}
}

// longWaitedFor returns the paths of what is waited for, but for our own holds.
func (t *WatchTable) longWaitedFor() (paths []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		node.audits++
		if node.waiters == nil || node.audits%auditsToVerify != 0 {
			continue
		}
		if node.what != children && node.what != presence && !node.isHeld {
			paths = append(paths, node.path)
		}
		for _, name := range node.state.Children() { // which are what is waited for there
			path := node.path + "/" + name
			if child := t.nodes[path]; child == nil || !child.isHeld {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// standsHere reports whether a znode exists on the server that we are connected to, once that has
// everything that it is to get from the others.
func (t *WatchTable) standsHere(path string) (exists bool) {
	err := t.zs.Do(context.Background(), func() error { // ends with the session
		if _, err := t.zs.Conn.Sync(path); err != nil {
			return err
		}
		var err error
		exists, _, err = t.zs.Conn.Exists(path)
		return err
	})
	return err == nil && exists
}

// recheck wakes the watchers that an event which was lost would leave waiting: all but those of
// holds that beats check.
func (t *WatchTable) recheck() {
	beats := t.zs.Lease.kind == LeaseQuorum
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, node := range t.nodes {
		if beats && node.vouches() {
			continue
		}
		if node.news.armed() { // otherwise it is read anyway
			node.disarm()
		}
		t.wakeLocked(node)
	}
}

// audit makes all watchers look again once in a session timeout, so that a lost event delays none
// of them for longer. It ends with the ZooKeeper session; Close waits for it.
func (t *WatchTable) audit() {
	tick := time.NewTicker(t.zs.Timeout())
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.recheck()
			t.verify()
		case <-t.sooner:
			tick.Reset(t.zs.Timeout())
		case <-t.zs.ended:
			return
		}
	}
}
