package ensemble

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSlowness has servers take so many milliseconds for answers at so many seconds, with a session
// timeout of 12 s.
func TestSlowness(t *testing.T) {
	const (
		timeout = 12 * time.Second
		ms      = time.Millisecond
	)
	began := time.Now()
	var s slowness
	for _, c := range []struct {
		at     int
		server string
		took   time.Duration
		want   Slowness
	}{
		{1, "a", 1000 * ms, Slowness{}},
		{2, "a", 1001 * ms, Slowness{"a", 1001 * ms, 1001 * ms, false}},
		{3, "a", 1, Slowness{}},
		{10, "a", 1500 * ms, Slowness{}},
		{21, "a", 1, Slowness{}},
		{61, "a", 1200 * ms, Slowness{}},
		{62, "a", 1100 * ms, Slowness{"a", 1500 * ms, 61001 * ms, false}},
		{73, "a", 1, Slowness{}},
		{74, "a", 1, Slowness{"a", 1500 * ms, 61001 * ms, true}},
		{75, "a", 1, Slowness{}},
		{90, "a", 1100 * ms, Slowness{"a", 1100 * ms, 1100 * ms, false}},
		{91, "b", 1, Slowness{}},
		{110, "b", 1, Slowness{}},
		{111, "b", 2000 * ms, Slowness{"b", 2000 * ms, 2000 * ms, false}},
	} {
		now := began.Add(time.Duration(c.at) * time.Second)
		assert.Equal(t, c.want, s.note(c.server, now.Add(-c.took), now, timeout), "at %d s", c.at)
	}
}
