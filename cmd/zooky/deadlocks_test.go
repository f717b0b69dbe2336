//go:build unix

package main_test

import (
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// other is another session at the place.
func (p *place) other() *place {
	p.t.Helper()
	s, err := zklock.Dial(p.t.Context(), p.ensemble.Connect(), zklock.WithRoot(p.root))
	require.NoError(p.t, err)
	p.t.Cleanup(func() { s.Close() })
	return &place{t: p.t, ensemble: p.ensemble, root: p.root, session: s}
}

func TestDeadlocks(t *testing.T) {
	p := newPlace(t)
	q := p.other()
	m, err := p.session.Mutex("jobs/a", zklock.WithIdentifier("ann"))
	require.NoError(t, err)
	_, err = m.LockContext(t.Context())
	require.NoError(t, err)
	status, stdout, stderr := p.zooky("deadlocks")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "No client waits in a circle.\n", stdout)

	_, err = q.mutex("b", "ben").LockContext(t.Context())
	require.NoError(t, err)
	p.queue("b", "ann")
	q.queue("jobs/a", "ben")
	p.queue("jobs/a", "cat")
	status, stdout, stderr = p.zooky("deadlocks", "--apart", "100ms")
	assert.Equal(t, 1, status, stderr)
	assert.Empty(t, stderr)
	assert.Regexp(t, `(?m)^2 clients wait for one another:
  (ann waits for b since .* \(\d+s\); ben holds it
  ben waits for jobs/a since .* \(\d+s\); ann holds it|ben waits for jobs/a since .*
  ann waits for b since .*)
Any one of these would break it:
  zooky revoke '.*' --contender \S+
  zooky revoke '.*' --contender \S+
$`, stdout)
	_, stdout, _ = p.zooky("deadlocks", "--apart", "0", "--json")
	var found []struct {
		Waits []struct {
			Lock, Waiter, Ahead string
			WaiterToken         string `json:"waiter_token"`
			AheadToken          string `json:"ahead_token"`
			AheadHolds          bool   `json:"ahead_holds"`
			Since               time.Time
		}
	}
	decode(t, stdout, &found)
	require.Len(t, found, 1)
	require.Len(t, found[0].Waits, 2)

	go func() { // ended by the revocation below, or with the session
		<-m.Revoked()
		m.Unlock()
	}()
	status, _, stderr = p.zooky("revoke", "jobs/a", "--contender", m.Token().String(),
		"--wait", "30s")
	assert.Equal(t, 0, status, stderr)
	status, stdout, _ = p.zooky("deadlocks", "--apart", "0")
	assert.Equal(t, 0, status, stdout)
}

// TestDeadlockOfNestedRuns has two scripts take two locks in different order.
func TestDeadlockOfNestedRuns(t *testing.T) {
	p := newPlace(t)
	script := zooky + ` run $0 -- true`
	outer := func(first, second string) *command {
		return p.prepare("run", first, "--", "sh", "-c",
			"echo begun; read line; exec "+script, second)
	}
	ab, ba := outer("a", "b"), outer("b", "a")
	var inputs []io.Writer
	for _, c := range []*command{ab, ba} {
		in, err := c.StdinPipe()
		require.NoError(t, err)
		defer in.Close()
		inputs = append(inputs, in)
		c.start(t)
		c.requireOutput(t, "begun")
	}
	for _, in := range inputs {
		_, err := io.WriteString(in, "go\n")
		require.NoError(t, err)
	}
	p.requireQueue("a", 2)
	p.requireQueue("b", 2)
	status, stdout, stderr := p.zooky("deadlocks", "--apart", "0")
	assert.Equal(t, 1, status, stderr)
	breaks := regexp.MustCompile(`zooky revoke '(.)' --contender (\S+)\n`).FindAllStringSubmatch(stdout, -1)
	require.Len(t, breaks, 2, stdout)
	status, _, stderr = p.zooky("revoke", breaks[0][1], "--contender", breaks[0][2],
		"--wait", "30s")
	assert.Equal(t, 0, status, stderr)
	statuses := []int{ab.status(t), ba.status(t)}
	assert.ElementsMatch(t, []int{0, 143}, statuses)
}
