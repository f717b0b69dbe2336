//go:build unix

package main_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRunSlots has more commands than slots, looks at them, and makes the semaphore larger.
func TestRunSlots(t *testing.T) {
	p := newPlace(t)
	run := func(who string, more ...string) *command {
		args := append([]string{"run", "jobs/film", "--slots", "2", "--identity", who}, more...)
		return p.prepare(append(args, "--", "sh", "-c", "echo begun; exec sleep 300")...).start(t)
	}
	ann, ben := run("ann"), run("ben")
	ann.requireOutput(t, "begun")
	ben.requireOutput(t, "begun")
	status, stdout, stderr := p.zooky("run", "jobs/film", "--slots", "2", "--try",
		"--", "echo", "ran")
	assert.Equal(t, 124, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "jobs/film is taken: held by ")
	assert.Contains(t, stderr, "ann")

	status, stdout, _ = p.zooky("show", "jobs/film")
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "jobs/film: 2 of 2 permits are in use\n")
	assert.Equal(t, 2, strings.Count(stdout, "holder"), stdout)
	assert.NotContains(t, stdout, "no contender")
	status, stdout, _ = p.zooky("list")
	assert.Equal(t, 0, status)
	assert.Regexp(t, `(?m)^jobs/film +Locked +semaphore +2 +0 +2 +\d+s +(ann|ben) and 1 more$`, stdout)
	assert.NotContains(t, stdout, "leases")
	status, _, _ = p.zooky("held", "jobs/film")
	assert.Equal(t, 0, status)
	status, _, stderr = p.zooky("run", "jobs/film", "--slots", "3", "--", "true")
	assert.Equal(t, 125, status)
	assert.Contains(t, stderr, "it is 2, and this handle is made for 3")

	cat := run("cat")
	watch := p.prepare("watch", "--every", "100ms").start(t)
	watch.requireOutput(t, "jobs/film: Locked, 2 holders, 1 waiters, 2 permits in use, held by ")
	require.NoError(t, watch.Process.Signal(syscall.SIGINT))
	watch.status(t)
	exporter, url := p.export()
	page := fetch(t, url)
	for _, line := range []string{"holders", "permits_in_use", "waiters"} {
		assert.Regexp(t, `(?m)^zooky_lock_`+line+`{lock="jobs/film"} [12]$`, page)
	}
	require.NoError(t, exporter.Process.Signal(syscall.SIGTERM))
	exporter.status(t)
	status, stdout, stderr = p.zooky("resize", "jobs/film", "3")
	require.Equal(t, 0, status, stderr)
	assert.Equal(t, "jobs/film has 3 permits.\n", stdout)
	cat.requireOutput(t, "begun")

	status, _, stderr = p.zooky("revoke", "jobs/film", "--yes", "--wait", "30s")
	assert.Equal(t, 0, status, stderr)
	for _, c := range []*command{ann, ben, cat} {
		assert.Equal(t, 128+int(syscall.SIGTERM), c.status(t), "%s", &c.stderr)
	}
	status, _, _ = p.zooky("held", "jobs/film")
	assert.Equal(t, 1, status)
	status, stdout, _ = p.zooky("show", "jobs/film")
	assert.Equal(t, 0, status)
	assert.Equal(t, "jobs/film: 0 of 3 permits are in use\n", stdout)
	status, _, stderr = p.zooky("resize", "jobs/film", "0")
	assert.Equal(t, 0, status, stderr)
	status, _, stderr = p.zooky("remove", "jobs/film")
	assert.Equal(t, 0, status, stderr)

	for _, args := range [][]string{{"--slots", "-1"}, {"--slots", "2", "--shared"},
		{"--slots", "2", "--revoke", "ask"}, {"--slots", "2", "--once-per", "1h"}} {
		status, _, stderr = p.zooky(append(append([]string{"run", "x"}, args...), "--", "true")...)
		assert.Equal(t, 125, status, args)
		assert.Contains(t, stderr, "--slots")
	}
	for _, args := range [][]string{{"x", "many"}, {"x", "-1"}, {"x"}} {
		status, _, stderr = p.zooky(append([]string{"resize"}, args...)...)
		assert.NotEqual(t, 0, status, args)
		assert.NotEmpty(t, stderr)
	}
}

// TestRunSlotsLost kills the command of a zooky whose permit is removed.
func TestRunSlotsLost(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "film", "--slots", "1", "--", "sh", "-c",
		"echo begun; exec sleep 300").start(t)
	c.requireOutput(t, "begun")
	status, _, stderr := p.zooky("clear", "film", "--yes")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, 123, c.status(t))
	status, stdout, stderr := p.zooky("run", "film", "--slots", "1", "--", "sh", "-c",
		"echo $ZOOKY_LOCK")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "film\n", stdout)
}
