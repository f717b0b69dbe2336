package simulate_test

import (
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/simulate"
	"github.com/zookylock/zklock/internal/testhook"
)

// TestSimulate tries made-up worlds, see package simulate and make simulate. SIMULATE_SEEDS says
// how many, SIMULATE_FIRST which is the first, and SIMULATE_FOR for how long instead. SIMULATE_PLAN
// runs one plan, as it is printed of one that fails.
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
	withTimeAsleep := testhook.TimeAsleep.(func(func() time.Duration) zklock.SessionOption)
	simulate.Main(t, seeds, withTimeAsleep(func() time.Duration { return 0 }))
}

// env is a number from an environment variable.
func env(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}
