package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// queueOf makes a queue from sessions; r stands before a reader, p before one that wants permits, and
// ! before a holder.
func queueOf(lock string, contenders ...string) []wait {
	var queue []zklock.Contender
	for i, text := range contenders {
		c := zklock.Contender{Kind: zklock.KindWrite, Zxid: int64(i),
			Holder: strings.HasPrefix(text, "!")}
		text = strings.TrimPrefix(text, "!")
		if rest, ok := strings.CutPrefix(text, "r"); ok {
			c.Kind, text = zklock.KindRead, rest
		}
		if rest, ok := strings.CutPrefix(text, "p"); ok {
			c.Kind, text = zklock.KindSemaphore, rest
		}
		fmt.Sscan(text, &c.SessionID)
		queue = append(queue, c)
	}
	return waitsOf(lock, queue)
}

func TestCycles(t *testing.T) {
	for name, test := range map[string]struct {
		queues map[string][]string
		cycles int
		length int
	}{
		"none":                        {map[string][]string{"a": {"!1", "2", "3"}, "b": {"!2", "3"}}, 0, 0},
		"two":                         {map[string][]string{"a": {"!1", "2"}, "b": {"!2", "1"}}, 1, 2},
		"three":                       {map[string][]string{"a": {"!1", "3"}, "b": {"!2", "1"}, "c": {"!3", "2"}}, 1, 3},
		"two of two":                  {map[string][]string{"a": {"!1", "2"}, "b": {"!2", "1"}, "c": {"!3", "4"}, "d": {"!4", "3"}}, 2, 2},
		"with those that wait behind": {map[string][]string{"a": {"!1", "9", "2", "8"}, "b": {"!2", "7", "1"}}, 1, 2},
		"itself":                      {map[string][]string{"a": {"!1", "1"}}, 0, 0},
		"readers share":               {map[string][]string{"a": {"!r1", "r2"}, "b": {"!r2", "r1"}}, 0, 0},
		"a reader behind a writer":    {map[string][]string{"a": {"!r1", "3", "r2"}, "b": {"!2", "1"}}, 1, 3},
		"the second of two readers":   {map[string][]string{"a": {"!r1", "!r2", "3"}, "b": {"!3", "2"}}, 1, 2},
		"a permit":                    {map[string][]string{"a": {"!p1", "p2"}, "b": {"!2", "1"}}, 1, 2},
		"all permits":                 {map[string][]string{"a": {"!p1", "!p3", "p2"}, "b": {"!2", "1", "3"}}, 1, 2},
		"one of two permits":          {map[string][]string{"a": {"!p1", "!p3", "p2"}, "b": {"!2", "1"}}, 0, 0},
		"one's own is one of two":     {map[string][]string{"a": {"!p1", "!p2", "p2"}, "b": {"!2", "1"}}, 0, 0},
		"behind one for permits":      {map[string][]string{"a": {"!p1", "p4", "p2"}, "b": {"!2", "1"}}, 1, 3},
		"permits in a circle":         {map[string][]string{"a": {"!p1", "!p2", "p3"}, "b": {"!p3", "!p4", "p1"}, "c": {"!3", "2", "4"}}, 1, 2},
		"a way out of a circle":       {map[string][]string{"a": {"!p1", "!p2", "p3"}, "b": {"!p3", "!p4", "p1"}, "c": {"!3", "2"}}, 0, 0},
		"a reader far ahead":          {map[string][]string{"a": {"!r1", "!r2", "4", "3"}, "b": {"!3", "2"}}, 1, 3},
	} {
		var waits []wait
		for lock, contenders := range test.queues {
			waits = append(waits, queueOf(lock, contenders...)...)
		}
		cycles := newGraph(waits).cycles()
		require.Len(t, cycles, test.cycles, name)
		for _, cycle := range cycles {
			assert.Len(t, cycle, test.length, name)
			for i, w := range cycle {
				assert.Equal(t, cycle[(i+1)%len(cycle)].waiter.SessionID, w.ahead.SessionID, name)
			}
		}
	}
}

// TestCyclesOfProcesses has sessions that are of one process.
func TestCyclesOfProcesses(t *testing.T) {
	contender := func(session int64, who string) zklock.Contender {
		return zklock.Contender{Kind: zklock.KindLock, SessionID: session,
			Data: []byte(who), Zxid: session}
	}
	cycles := func(ann1, ann2, ben1, ben2 string) int {
		a := waitsOf("a", []zklock.Contender{contender(1, ann1), contender(2, ben2)})
		b := waitsOf("b", []zklock.Contender{contender(3, ben1), contender(4, ann2)})
		return len(newGraph(append(a, b...)).cycles())
	}
	assert.Equal(t, 1, cycles("ann@host/12 make", "ann@host/12 make", "host/13", "host/13"))
	assert.Equal(t, 0, cycles("", "", "", ""), "four sessions")
	assert.Equal(t, 0, cycles("cron", "cron", "127.0.0.1", "127.0.0.1"), "texts that many may have")
	assert.Equal(t, 0, cycles("host/1", "host/1", "other/1", "other/1"), "containers")
}

// TestCyclesOfALongQueue has no cycle in it.
func TestCyclesOfALongQueue(t *testing.T) {
	queue := make([]zklock.Contender, 20_000)
	for i := range queue {
		queue[i] = zklock.Contender{Kind: zklock.KindLock, SessionID: int64(i), Zxid: int64(i),
			Holder: i == 0}
	}
	begun := time.Now()
	assert.Empty(t, newGraph(waitsOf("a", queue)).cycles())
	assert.Less(t, time.Since(begun), 30*time.Second)
}
