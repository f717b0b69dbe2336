package ensemble

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/wire"
)

// TestUnread has others want the states of two znodes of which only the watches are being set.
func TestUnread(t *testing.T) {
	table := newWatchTable(&Session{client: &common{vocabulary: newVocabulary(slog.Default())}})
	wake := make(chan struct{}, 1)
	far, own := table.Watch("/lock/far", wake), table.Watch("/lock/own", wake)
	created := NodeState{Owner: 5, Czxid: 7}
	request := table.watchUnread(far, own, created)
	require.NotNil(t, request)
	assert.True(t, far.IsUnread())
	assert.False(t, own.IsUnread())
	assert.Nil(t, table.watchUnread(far, own, created), "it is under way")

	table.asks.TryAcquire(2)
	others, none := far.begin()
	require.Nil(t, none)
	ours, none := own.begin()
	require.Nil(t, none)
	request.Done(wire.Reply{})
	require.True(t, closed.Is(others.done))
	assert.ErrorIs(t, others.err, errNotRestored)
	require.True(t, closed.Is(ours.done))
	assert.NoError(t, ours.err)
	assert.Equal(t, created, ours.state)
	assert.True(t, far.IsUnread())
	_, known, _ := far.known()
	assert.False(t, known)
	assert.Nil(t, table.watchUnread(far, own, created), "both are watched")

	far.Distrust()
	assert.False(t, far.IsUnread())
	own.Distrust()
	table.watchUnread(far, own, created).Done(wire.Reply{Unsent: true})
	assert.False(t, far.IsUnread())
	_, known, _ = own.known()
	assert.False(t, known)
}
