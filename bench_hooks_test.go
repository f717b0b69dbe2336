//go:build unix

package zklock_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/zktest"
)

// BenchmarkHookCost compares acquisitions and releases of two Sessions that take turns, 200 at a
// time: one without hooks, and one with what is named. It reports the median of the rounds' ratios,
// of wall time and of the process's CPU time. "none" is how far a ratio is off where there is
// nothing to see. The ensemble in memory answers at once, so that nothing hides the cost, and its
// CPU time is in the process's; the server is a real one on this machine.
func BenchmarkHookCost(b *testing.B) {
	memory := fakezk.New(fakezk.Config{})
	defer memory.Close()
	server := zktest.Start(b, zktest.WithServers(1))
	for _, on := range []struct {
		name    string
		connect string
		opts    []zklock.SessionOption
	}{
		{"memory", memory.Connect(), []zklock.SessionOption{
			zklock.WithDialer(memory.Client().Dial),
		}},
		{"server", server.Connect(), nil},
	} {
		for _, c := range []struct {
			name string
			opts []zklock.SessionOption
		}{
			{"none", nil},
			{"all but Request", []zklock.SessionOption{zklock.WithHooks(emptyHooks(false))}},
			{"all", []zklock.SessionOption{zklock.WithHooks(emptyHooks(true))}},
		} {
			b.Run(on.name+"/"+c.name, func(b *testing.B) {
				compare(b, on.connect, on.opts, slices.Concat(on.opts, c.opts))
			})
		}
	}
}

func compare(b *testing.B, connect string, options ...[]zklock.SessionOption) {
	var turns []*zklock.Mutex
	for i, opts := range options {
		s, err := zklock.Dial(b.Context(), connect, opts...)
		require.NoError(b, err)
		defer s.Close()
		m, err := s.Mutex([]string{"plain", "hooked"}[i])
		require.NoError(b, err)
		turns = append(turns, m)
	}
	var wall, cpu []float64
	for b.Loop() {
		plainWall, plainCPU := turn(turns[0])
		hookedWall, hookedCPU := turn(turns[1])
		wall = append(wall, hookedWall.Seconds()/plainWall.Seconds())
		cpu = append(cpu, hookedCPU.Seconds()/plainCPU.Seconds())
	}
	b.ReportMetric(median(wall), "wall-ratio")
	b.ReportMetric(median(cpu), "cpu-ratio")
}

// turn acquires and releases 200 times, and returns how long that took and what CPU time it cost.
func turn(m *zklock.Mutex) (wall, cpu time.Duration) {
	begun, before := time.Now(), cpuTime()
	for range 200 {
		m.Lock()
		//lint:ignore SA2001 the pair is what is measured
		m.Unlock()
	}
	return time.Since(begun), cpuTime() - before
}

// cpuTime is what the process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
