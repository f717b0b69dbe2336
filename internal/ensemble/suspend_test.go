package ensemble

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTimeAsleepStandsStill reads the real clocks, on a machine that is not suspended meanwhile.
func TestTimeAsleepStandsStill(t *testing.T) {
	var readings []time.Duration
	for range 1000 {
		readings = append(readings, TimeAsleep())
	}
	slices.Sort(readings)
	median, most := readings[len(readings)/2], readings[len(readings)-1]
	assert.Less(t, most-median, time.Millisecond,
		"more than there was: holds would be lost for nothing")
	if runtime.GOOS == "linux" {
		assert.GreaterOrEqual(t, most, time.Duration(0))
	}
}
