package ensemble

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock/internal/closed"
)

// TestWhatIsKnownIsNotRead begins to read a znode whose state has become known after the caller had
// looked.
func TestWhatIsKnownIsNotRead(t *testing.T) {
	table := newWatchTable(nil)
	w := table.Watch("/lock/a", nil)
	w.node.news.arm()
	w.node.state = NodeState{Version: 7}
	assert.True(t, table.asks.TryAcquire(1))
	now, request := w.begin()
	assert.Nil(t, request)
	assert.True(t, closed.Is(now.done))
	assert.NoError(t, now.err)
	assert.Equal(t, NodeState{Version: 7}, now.state)
	assert.True(t, table.asks.TryAcquire(asksAtOnce), "it is not under way")
}
