package ensemble

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock/internal/wire"
)

// TestWhatVouchesForAHold has each condition fail that a watch has to meet.
func TestWhatVouchesForAHold(t *testing.T) {
	wake := make(chan struct{}, 1)
	for name, c := range map[string]struct {
		change func(*WatchTable, *watchedNode, *Watcher)
		want   bool
	}{
		"nothing":      {func(*WatchTable, *watchedNode, *Watcher) {}, true},
		"used up":      {func(_ *WatchTable, n *watchedNode, _ *Watcher) { n.disarm() }, false},
		"disconnected": {func(t *WatchTable, _ *watchedNode, _ *Watcher) { t.noteDisconnected(9) }, false},
		"may not be read": {func(_ *WatchTable, n *watchedNode, _ *Watcher) { n.opaque = true },
			false},
		"not waited for": {func(_ *WatchTable, _ *watchedNode, w *Watcher) { w.Stop() }, false},
		"waited for by another alone": {func(t *WatchTable, n *watchedNode, w *Watcher) {
			t.Watch("/lock/a", wake)
			w.Stop()
		}, false},
		"waited for by another too": {func(t *WatchTable, n *watchedNode, w *Watcher) {
			t.Watch("/lock/a", wake).Stop()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			table := newWatchTable(nil)
			w := table.Watch("/lock/a", wake)
			w.Call(func() {})
			w.node.news.arm()
			w.node.state = NodeState{Version: 7}
			c.change(table, w.node, w)
			for _, node := range []*watchedNode{nil, w.node} { // as far as it is known before
				version, ok := table.vouches(&Tenure{hold: new(tenant), node: node})
				assert.Equal(t, c.want, ok)
				if c.want {
					assert.EqualValues(t, 7, version)
				} else {
					assert.EqualValues(t, wire.AnyVersion, version)
				}
			}
		})
	}
	_, ok := newWatchTable(nil).vouches(&Tenure{hold: new(tenant)})
	assert.False(t, ok)
}
