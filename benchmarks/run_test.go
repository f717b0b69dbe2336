package benchmarks

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryCase runs each case for a moment, with a real server.
func TestEveryCase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	r, err := Run(t.Context(),
		Options{Quick: true, Warm: 20 * time.Millisecond,
			Measure: 200 * time.Millisecond, Logf: t.Logf})
	require.NoError(t, err)
	require.Empty(t, r.Failures)
	for _, c := range cases(true) {
		ours := r.find(c.Name, nameOurs)
		if c.long {
			assert.Nil(t, ours, c.Name)
			continue
		}
		require.NotNil(t, ours, c.Name)
		for figure, values := range ours.Values {
			require.NotEmpty(t, values, "%s: %s", c.Name, figure)
			if figure == figureRequests || figure == figureBytes {
				// passes as short as these hardly differ, where 128 sessions open and are let
				// through in each
				continue
			}
			assert.GreaterOrEqual(t, values[0], 0.0, "%s: %s", c.Name, figure)
		}
	}
	// One acquisition more or less is in a pass by chance, and on a busy machine a pass has few.
	for name, want := range map[string]float64{nameLimit: 2, nameZkLock: 3} {
		asks, _ := r.find("alone", name).median(figureRequests)
		assert.InDelta(t, want, asks, 0.4, "the limit creates and deletes, zk.Lock lists too: %s",
			name)
	}
	rate, _ := r.find("alone", nameLimit).median(figureRate)
	assert.GreaterOrEqual(t, rate, 20.0)
	delayed, _ := r.find("delay-10ms", nameLimit).median(figureRate)
	assert.LessOrEqual(t, delayed, 33.0, "two round trips of 20 ms each, which is 25/s")
	assert.GreaterOrEqual(t, delayed, 5.0,
		"no more than two round trips, on a machine that may be busy")
}

// runPeers runs cases with libraries of which some are programs of their own, quickly.
func runPeers(t *testing.T, libraries, cases string) *Report {
	t.Helper()
	r, err := Run(t.Context(), Options{
		Quick: true, Peers: true, Libraries: regexp.MustCompile(libraries),
		Cases: regexp.MustCompile(cases),
		Warm:  20 * time.Millisecond, Measure: 300 * time.Millisecond, Logf: t.Logf,
	})
	require.NoError(t, err)
	require.Empty(t, r.Failures)
	return r
}

// TestPeers runs the programs in Python and Java.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("may fetch kazoo and Curator")
	}
	r := runPeers(t, "^(zklock|Curator|kazoo)$", "^(alone|readers-16|queue-10)$")
	assert.Len(t, r.Machine.Peers, 2)
	for _, peer := range []string{nameCurator, nameKazoo} {
		for name, figure := range map[string]string{"alone": figureRate,
			"queue-10": figureHandOffBytes} {
			v, _ := r.find(name, peer).median(figure)
			assert.Positive(t, v, "%s: %s", name, peer)
		}
	}
	reads, _ := r.find("readers-16", nameCurator).median(figureRate)
	assert.Positive(t, reads)
	assert.Nil(t, r.find("readers-16", nameKazoo))
}

// TestEtcd builds etcd and runs its program.
func TestEtcd(t *testing.T) {
	if testing.Short() {
		t.Skip("may fetch etcd, and builds it")
	}
	r := runPeers(t, "^etcd$", "^(alone|sessions-8)$")
	require.Len(t, r.Machine.Peers, 1)
	assert.Regexp(t, `^etcd 3\.\d+\.\d+ go1\.`, r.Machine.Peers[0])
	for _, name := range []string{"alone", "sessions-8"} {
		rate, _ := r.find(name, nameEtcd).median(figureRate)
		assert.Positive(t, rate, name)
		_, counted := r.find(name, nameEtcd).median(figureRequests)
		assert.False(t, counted, "requests are of ZooKeeper")
	}
}
