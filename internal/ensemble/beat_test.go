package ensemble

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestUntilBeat has the pauses worked out by hand, for a session timeout of 12 s: a beat every 2 s
// by the wall clock.
func TestUntilBeat(t *testing.T) {
	const timeout = 12 * time.Second
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ at, left, want float64 }{
		"right after a beat":                 {0.01, 5.8, 1.99},
		"just before the next":               {1.99, 5.8, 0.01},
		"the deadline is nearer than usual":  {0.01, 5.4, 1.5},
		"and the wall clock sooner":          {1.99, 5.4, 0.01},
		"the deadline is over":               {0.01, -1, 1.5},
		"on the very moment of the next one": {2, 5.8, 2},
	} {
		t.Run(name, func(t *testing.T) {
			wait := untilBeat(wall.Add(seconds(c.at)), seconds(c.left), timeout)
			assert.InDelta(t, c.want, wait.Seconds(), 1e-6)
		})
	}
	assert.True(t, isFresh(seconds(5.41), timeout))
	assert.False(t, isFresh(seconds(5.4), timeout))
}

// TestBeatsOfSessionsComeTogether has two sessions with the same timeout that began at different
// times.
func TestBeatsOfSessionsComeTogether(t *testing.T) {
	const timeout = 10 * time.Second
	a := time.Date(2026, 11, 29, 4, 0, 0, 123456789, time.UTC)
	b := a.Add(700 * time.Millisecond)
	first, second := a.Add(untilBeat(a, timeout, timeout)), b.Add(untilBeat(b, timeout, timeout))
	assert.Zero(t, second.Sub(first)%(timeout/beatsPerTimeout))
}
