package zklock_test

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/simulate"
)

// TestSimulate tries made-up worlds, see package simulate and make simulate. SIMULATE_SEEDS says how many, SIMULATE_FIRST which
// is the first, and SIMULATE_FOR for how long instead. SIMULATE_PLAN runs one plan, as it is printed of one that fails.
func TestSimulate(t *testing.T) {
	seeds := simulate.Seeds{
		First: uint64(env(t, "SIMULATE_FIRST", time.Now().UnixNano())),
		Count: int(env(t, "SIMULATE_SEEDS", 20)),
	}
	if text := os.Getenv("SIMULATE_FOR"); text != "" {
		limit, err := time.ParseDuration(text)
		require.NoError(t, err)
		seeds.Count, seeds.For = math.MaxInt, limit
	}
	simulate.Main(t, seeds, zklock.WithTimeAsleep(func() time.Duration { return 0 }))
}
