//go:build unix

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestListOfManyLocks is about the figures that are promised: 10,000 locks with 10 contenders each
// within 10 seconds, with flat memory. Under the race detector there are fewer locks.
func TestListOfManyLocks(t *testing.T) {
	locktest.NeedsServer(t)
	if testing.Short() {
		t.Skip("110,000 znodes")
	}
	const contenders = 10
	locks, few := 10_000, 2000
	if race {
		locks, few = 3000, 600
	}
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	p.create("", "")
	begin := time.Now()
	p.createMany(0, few, contenders)
	output, memory := p.peak("list")
	require.Equal(t, few+1, bytes.Count(output, []byte("\n")))
	p.createMany(few, locks, contenders)
	t.Logf("%d locks with %d contenders made in %v", locks, contenders, time.Since(begin))

	begin = time.Now()
	status, stdout, stderr := p.zooky("list")
	took := time.Since(begin)
	require.Equal(t, 0, status, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, locks+1)
	for _, line := range lines[1:] {
		require.Regexp(t, `^many-\d{5} +Locked +lock +1 +9 `, line)
	}
	begin = time.Now()
	_, peak := p.peak("list")
	took = min(took, time.Since(begin)) // the machine may be busy with something else
	t.Logf("listed in %v with a peak of %d MB; %d locks: %d MB", took, peak>>20, few, memory>>20)
	assert.Less(t, took, 10*time.Second)
	exporter, url := p.export("--every", "500ms")
	looked := regexp.MustCompile(`(?m)^zooky_look_duration_seconds (\S+)$`)
	first := looked.FindStringSubmatch(fetch(t, url))
	require.NotNil(t, first)
	later := first
	require.Eventually(t, func() bool {
		later = looked.FindStringSubmatch(fetch(t, url))
		return later != nil && later[1] != first[1]
	}, patience, 100*time.Millisecond)
	t.Logf("export looked for %s s and then for %s s, with a peak of %d MB", first[1], later[1],
		highest(t, exporter)>>20)
	p.requireFewRequests(locks)
	if !race { // which needs several times the memory
		assert.Less(t, peak-memory, 16<<20)
	}
}

// requireFewRequests counts those of a Lister, which watch and export have: for all locks, for none,
// and for one that has changed.
func (p *place) requireFewRequests(locks int) {
	p.t.Helper()
	var requests atomic.Int64
	s, err := zklock.Dial(p.t.Context(), p.ensemble.Connect(), zklock.WithRoot(p.root),
		zklock.WithHooks(&zklock.Hooks{Request: func(e zklock.RequestEvent) {
			if e.Operation != "ping" {
				requests.Add(1)
			}
		}}))
	require.NoError(p.t, err)
	defer s.Close()
	lister := s.NewLister()
	defer lister.Close()
	look := func() int64 {
		before := requests.Load()
		infos, err := lister.Locks(p.t.Context())
		require.NoError(p.t, err)
		require.Len(p.t, infos, locks)
		return requests.Load() - before
	}
	all, none := look(), look()
	p.queue("many-00042", "ben")
	var changed int64
	require.Eventually(p.t, func() bool {
		changed = look()
		return changed > 1
	}, patience, 10*time.Millisecond)
	p.t.Logf("requests: %d for all locks, %d when nothing has changed, %d for one lock that has",
		all, none, changed)
	assert.Less(p.t, all, int64(3*locks))
	assert.EqualValues(p.t, 1, none)
	assert.Less(p.t, changed, int64(5))
}

// createMany makes locks and contenders, as others would have made them. Contenders count by their
// names.
func (p *place) createMany(from, to, contenders int) {
	p.t.Helper()
	const atOnce = 100 // locks in a transaction, which must be smaller than a megabyte
	var g errgroup.Group
	g.SetLimit(8)
	conn := p.session.Conn()
	for first := from; first < to; first += atOnce {
		g.Go(func() error {
			var ops []any
			create := func(path string, flags int32) {
				ops = append(ops,
					&zk.CreateRequest{Path: path, Acl: zk.WorldACL(zk.PermAll), Flags: flags})
			}
			for i := first; i < min(first+atOnce, to); i++ {
				lock := fmt.Sprintf("%s/many-%05d", p.root, i)
				create(lock, 0)
				for n := range contenders {
					create(fmt.Sprintf("%s/_c_%032x-lock-%010d", lock, i*contenders+n, n),
						zk.FlagEphemeral)
				}
			}
			_, err := conn.Multi(ops...)
			return err
		})
	}
	require.NoError(p.t, g.Wait())
}

// peak runs a command and returns what it has written, and the most memory that it has had in use
// when it began to write; 0 where the system does not tell. What a process's end tells of its
// memory (getrusage) includes that of the test's own process, from which it was forked.
func (p *place) peak(args ...string) (output []byte, memory int) {
	p.t.Helper()
	c := p.prepare(args...)
	read, write, err := os.Pipe()
	require.NoError(p.t, err)
	defer read.Close()
	c.Stdout = write
	c.start(p.t)
	write.Close()
	first := make([]byte, 1)
	_, err = io.ReadFull(read, first)
	require.NoError(p.t, err, "%s", &c.stderr)
	memory = highest(p.t, c)
	rest, err := io.ReadAll(read)
	require.NoError(p.t, err)
	require.Equal(p.t, 0, c.status(p.t), "%s", &c.stderr)
	return append(first, rest...), memory
}

// highest is the most memory that a command has had in use, 0 where the system does not tell.
func highest(t *testing.T, c *command) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		return 0
	}
	kb := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if kb == nil {
		return 0
	}
	n, err := strconv.Atoi(string(kb[1]))
	require.NoError(t, err)
	return n << 10
}
