//go:build unix

package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

const drained = "node db1 is drained, see OPS-77"

// TestRevokeSaysWhoAndWhy asks a program that uses the library, and looks at it in every way.
func TestRevokeSaysWhoAndWhy(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	watch := p.prepare("watch", "fred", "--every", "100ms").start(t)
	watch.requireOutput(t, "held")
	status, stdout, stderr := p.zooky("revoke", "fred", "--holder", "--reason", drained)
	require.Equal(t, 0, status, stderr)
	assert.Equal(t, "1 asked.\nstill there: ann\n", stdout)
	receive(t, m.Revoked())
	var by *zklock.RevokedError
	require.ErrorAs(t, m.Err(), &by)
	assert.Regexp(t, `^.+@.+/\d+ zooky revoke$`, by.By)
	assert.Equal(t, drained, by.Reason)

	_, stdout, _ = p.zooky("show", "fred")
	assert.Regexp(t, `^ +WHO +ASKED TO RELEASE +KIND .*
holder +ann +by .+@.+/\d+ zooky revoke: `+drained+` +lock `, stdout)
	_, stdout, _ = p.zooky("show", "fred", "--json")
	assert.Contains(t, stdout, `"reason": "`+drained+`"`)
	assert.Contains(t, stdout, `"identifier": "ann"`)
	watch.requireOutput(t, " zooky revoke: "+drained+"\n")

	for reason, told := range map[string]string{
		"two\nlines":              "zooky: revoke .*: reason is not one line of UTF-8\n",
		strings.Repeat("x", 1025): "zooky: revoke .*: reason has 1025 bytes: want 1 to 1024\n",
	} {
		status, _, stderr := p.zooky("revoke", "fred", "--reason", reason)
		assert.Equal(t, 2, status)
		assert.Regexp(t, told, stderr)
	}
}

// TestRunSaysWhoAsksAndWhy has one zooky run ask another.
func TestRunSaysWhoAsksAndWhy(t *testing.T) {
	p := newPlace(t)
	first := p.prepare("run", "fred", "--", "sh", "-c", "echo ready; exec sleep 1000").start(t)
	first.requireOutput(t, "ready")
	status, stdout, stderr := p.zooky("run", "fred", "--revoke", "ask", "--reason", drained,
		"--identity", "cat", "--", "echo", "mine")
	require.Equal(t, 0, status, stderr)
	assert.Equal(t, "mine\n", stdout)
	assert.Equal(t, 143, first.status(t))
	assert.Equal(t, "zooky: fred: asked to release the lock by cat ("+drained+"): "+
		"ending the command with SIGTERM, and with SIGKILL after 5s\n", first.stderr.String())
	status, _, stderr = p.zooky("run", "fred", "--reason", drained, "--", "true")
	assert.Equal(t, 125, status)
	assert.Equal(t, "zooky: --reason goes with --revoke\n", stderr)
}
