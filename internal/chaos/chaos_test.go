//go:build unix

package chaos_test

import (
	"context"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/chaos"
)

var (
	duration = flag.Duration("chaos.duration", 8*time.Second, "how long faults happen")
	seed     = flag.Uint64("chaos.seed", 0, "of the faults; 0 draws one")
)

func TestMain(m *testing.M) {
	chaos.MaybeWorker()
	goleak.VerifyTestMain(m)
}

// run makes a run of the test's own seed. Starting, settling and checking take another ten seconds.
func run(t *testing.T, cfg chaos.Config) *chaos.Report {
	t.Helper()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	cfg.Seed, cfg.Log = *seed, testLog{t}
	if cfg.Seed == 0 {
		cfg.Seed = rand.Uint64()
	}
	t.Logf("again with: go test ./internal/chaos -run '^%s$' -chaos.seed %d", t.Name(), cfg.Seed)
	for range 3 {
		report, err := chaos.Run(context.Background(), cfg)
		require.NoError(t, err)
		t.Logf("\n%v", report)
		if report.Inconclusive() {
			t.Log("once more, with another seed")
			cfg.Seed++
			continue
		}
		assert.Positive(t, report.Holds)
		assert.Positive(t, report.Checked)
		return report
	}
	require.FailNow(t, "ZooKeeper's servers disagreed three times in a row")
	return nil
}

type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Logf("%s", line)
	return len(line), nil
}

// TestNothingIsViolated is a short run; make chaos makes long ones.
func TestNothingIsViolated(t *testing.T) {
	report := run(t, chaos.Config{Duration: *duration, Timeout: 2 * time.Second, Unequal: true})
	requireSafe(t, report)
	for _, how := range []string{"lock", "lock all", "permits", "downgrade"} {
		assert.Positive(t, report.Hows[how], how)
	}
}

// TestTheWorldMoves has only those faults that move what a client relies on: which timeout its
// session has, on which server it is, where servers are, what they remember, and how late they
// believe it is. Each must have been injected; on a busy machine one may fail, for want of a
// leader.
func TestTheWorldMoves(t *testing.T) {
	moves := []string{"move while commits hang", "names fail", "names hang", "names move",
		"rebuild server", "step clocks",
		"move and blackhole"}
	seen := make(map[string]int)
	for range 10 { // a plan of faults may leave some out, or find nothing to do for them
		report := run(t, chaos.Config{
			Duration: 20 * time.Second, Timeout: 1500 * time.Millisecond, Unequal: true,
			Clocks: true, Only: moves,
		})
		requireSafe(t, report)
		for _, what := range moves {
			seen[what] += report.Faults[what]
		}
		seen["timeouts granted anew"] += report.Timeouts
		seen["writes that hung when their session moved"] += report.Moved
		seen["look-ups that failed"] += report.LookUps["failed"]
		seen["look-ups without an answer"] += report.LookUps["without an answer"]
		if len(seen) > 0 && !slices.Contains(slices.Collect(maps.Values(seen)), 0) {
			return
		}
	}
	assert.Fail(t, "not everything was injected", "%v", seen)
}

// requireSafe wants no violation but those of time, which a machine that is busy with other tests
// can cause by itself: make chaos, on a machine of its own, counts them too.
func requireSafe(t *testing.T, report *chaos.Report) {
	t.Helper()
	for _, v := range report.Violations {
		if v.Kind != "late" && v.Kind != "stuck" {
			assert.Fail(t, v.Kind, v.Text)
		}
	}
}

// TestStoppedHoldersNeedFencing is the control: holders that are stopped for longer than their
// session spoil the store that does not look at tokens, and no other. Each of them must be stopped
// before its last write: a plan of faults may fail to meet any.
func TestStoppedHoldersNeedFencing(t *testing.T) {
	var stale, fenced, guarded int
	for range 3 {
		report := run(t,
			chaos.Config{Duration: 10 * time.Second, Timeout: time.Second, Only: []string{"stop"}})
		requireSafe(t, report)
		stale, fenced, guarded = stale+report.Stale, fenced+report.Refused["fenced"],
			guarded+report.Refused["guarded"]
		if stale > 0 && fenced > 0 && guarded > 0 {
			break
		}
	}
	assert.Positive(t, stale,
		"the store without fencing was never written by a stale holder: this proves nothing")
	assert.Positive(t, fenced, "the store with fencing never had to refuse")
	assert.Positive(t, guarded, "Guard never had to refuse")
}

// TestAWeakLeaseOverlaps is a control too: with a lease that is not told of a cut, holds overlap,
// and that is noticed. Those who are cut off must be in the middle of a hold that is long enough: a
// plan of faults may fail to meet any.
func TestAWeakLeaseOverlaps(t *testing.T) {
	overlaps := 0
	for range 6 { // one plan of three meets none
		report := run(t, chaos.Config{
			Duration: 12 * time.Second, Timeout: time.Second, Only: []string{"cut", "blackhole"},
			Lease: zklock.LeaseServer,
		})
		assert.Zero(t, report.Count("fence"), "whatever the lease, Guard and tokens hold")
		assert.Zero(t, report.Count("linearizability"))
		assert.NoError(t, os.RemoveAll(report.Dir))
		if overlaps = report.Count("overlap"); overlaps > 0 {
			break
		}
	}
	assert.Positive(t, overlaps)
}
