//go:build unix

package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// again is a grant of a hold that was passed on so often.
func again(worker, op, token, handoff int) Event {
	return on(worker, op, Event{Kind: kindGranted, Token: fmt.Sprintf("%016x.%08x", token, handoff)})
}

// inSession has an event be of a session.
func inSession(id int64, ev Event) Event { ev.Session = id; return ev }

func queued(worker, op int) Event { return on(worker, op, Event{Kind: kindQueued}) }

// atMost is a session timeout that a server has granted worker 1.
func atMost(d time.Duration) Event {
	return Event{Kind: kindTimeout, Worker: 1, Timeout: int64(d)}
}

// TestHoldsKeptFromOthersAreFound has worker 1 be granted its hold again, while worker 2 waits.
func TestHoldsKeptFromOthersAreFound(t *testing.T) {
	kept := func(more ...Event) []Event {
		return append([]Event{lock(1, 1), granted(1, 1, 5), unlock(1, 1)}, more...)
	}
	for name, test := range map[string]struct {
		want   int
		events []Event
	}{
		"nobody waits": {0, kept(
			atMost(time.Second), lock(1, 2), again(1, 2, 5, 1), unlock(1, 2))},
		"long before": {1, kept(
			atMost(3*time.Second), lock(2, 1), queued(2, 1), gap(3, 0), gap(3, 0), gap(3, 0),
			lock(1, 2), again(1, 2, 5, 1), unlock(1, 2), granted(2, 1, 6))},
		"just before": {0, kept(
			atMost(3*time.Second), lock(2, 1), queued(2, 1),
			lock(1, 2), again(1, 2, 5, 1), unlock(1, 2), granted(2, 1, 6))},
		"asked for before": {0, kept(
			atMost(3*time.Second), lock(2, 1), lock(1, 2), queued(2, 1), gap(3, 0), gap(3, 0),
			gap(3, 0), again(1, 2, 5, 1), unlock(1, 2), granted(2, 1, 6))},
		"another candidate": {0, kept(
			atMost(time.Second), lock(2, 1), queued(2, 1), gap(3, 0), gap(3, 0),
			lock(1, 2), granted(1, 2, 6), unlock(1, 2), granted(2, 1, 7))},
		"queued before the hold": {0, []Event{
			atMost(time.Second), lock(2, 1), queued(2, 1), lock(1, 1), granted(1, 1, 5), unlock(1, 1),
			lock(1, 2), again(1, 2, 5, 1), unlock(1, 2), granted(2, 1, 6)}},
		"queued again in another session": {0, kept(
			atMost(time.Second), lock(2, 1), inSession(8, queued(2, 1)), gap(3, 0), gap(3, 0),
			lock(1, 2), again(1, 2, 5, 1), unlock(1, 2), inSession(9, granted(2, 1, 6)))},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, judge(t, "kept", script(test.events...), nil))
		})
	}
}

func TestBadNumbersAreFound(t *testing.T) {
	numbered := func(n int, ev Event) Event { ev.Number = n; return ev }
	for name, test := range map[string]struct {
		want          int
		first, second Event
	}{
		"in order":            {0, numbered(3, granted(1, 1, 5)), numbered(4, granted(2, 1, 6))},
		"twice":               {1, numbered(3, granted(1, 1, 5)), numbered(3, granted(2, 1, 6))},
		"smaller":             {1, numbered(3, granted(1, 1, 5)), numbered(2, granted(2, 1, 6))},
		"of another znode":    {0, numbered(5000, granted(1, 1, 5)), numbered(1, granted(2, 1, 6))},
		"of the same":         {0, numbered(3, granted(1, 1, 5)), numbered(3, again(2, 1, 5, 1))},
		"another of the same": {1, numbered(3, granted(1, 1, 5)), numbered(4, again(2, 1, 5, 1))},
	} {
		t.Run(name, func(t *testing.T) {
			h := script(lock(1, 1), test.first, unlock(1, 1), lock(2, 1), test.second, unlock(2, 1))
			assert.Equal(t, test.want, judge(t, "number", h, nil))
		})
	}
}
