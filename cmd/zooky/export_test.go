//go:build unix

package main_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/debian"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// export starts zooky export and returns where its metrics are.
func (p *place) export(args ...string) (c *command, url string) {
	p.t.Helper()
	c = p.prepare(append([]string{"export", "--listen", "127.0.0.1:0", "--every", "100ms"},
		args...)...).start(p.t)
	serving := regexp.MustCompile(`serving (http://\S+)\n`)
	require.Eventually(p.t, func() bool {
		return serving.MatchString(c.stderr.String())
	}, patience, 5*time.Millisecond)
	return c, serving.FindStringSubmatch(c.stderr.String())[1]
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport, Timeout: patience}).Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(body)
}

func TestExport(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	p.create("free", "")
	m := p.lock("jobs/a")
	p.queue("jobs/a", "ben")
	p.queue("jobs/a", "cat")
	p.lock("other")
	c, url := p.export("--series", "1")
	shown := fetch(t, url)
	for _, line := range []string{
		`zooky_up 1`, `zooky_locks{state="held"} 2`, `zooky_locks{state="free"} 1`,
		`zooky_locks{state="unreadable"} 0`,
		`zooky_holders 2`, `zooky_waiters 2`, `zooky_locks_left_out 1`,
		`zooky_lock_holders{lock="jobs/a"} 1`, `zooky_lock_waiters{lock="jobs/a"} 2`,
		`zooky_lock_revocations_asked{lock="jobs/a"} 0`,
	} {
		assert.Contains(t, shown, "\n"+line+"\n")
	}
	assert.Regexp(t, `(?m)^zooky_lock_oldest_wait_seconds{lock="jobs/a"} \S+$`, shown)
	assert.Regexp(t, `(?m)^zooky_lock_hold_age_seconds{lock="jobs/a"} \S+$`, shown)
	assert.NotContains(t, shown, `"other"`, "the one most waited for has series of its own")
	_, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`(?m)^zooky_lock_revocations_asked{lock="jobs/a"} 3$`).MatchString(fetch(t, url))
	}, patience, 5*time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
}

// TestExportWithoutServers has them stop while it exports.
func TestExportWithoutServers(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	p.lock("fred")
	_, url := p.export()
	assert.Contains(t, fetch(t, url), "\nzooky_up 1\n")
	require.NoError(t, p.ensemble.Servers()[0].Kill())
	var shown string
	require.Eventually(t, func() bool {
		shown = fetch(t, url)
		return regexp.MustCompile(`(?m)^zooky_up 0$`).MatchString(shown)
	}, patience, 5*time.Millisecond)
	assert.NotContains(t, shown, "fred")
	require.NoError(t, p.ensemble.Servers()[0].Start())
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`(?m)^zooky_up 1$`).MatchString(fetch(t, url))
	}, patience, 5*time.Millisecond)
}

// TestExportedMetricsAreSound has Prometheus's own tool check them.
func TestExportedMetricsAreSound(t *testing.T) {
	promtool := findPromtool(t)
	p := newPlace(t)
	p.lock("jobs/a")
	p.queue("jobs/a", "ben")
	p.lock(`odd "name"\`)
	_, url := p.export()
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = bytes.NewReader([]byte(fetch(t, url)))
	out, err := check.CombinedOutput()
	assert.NoError(t, err, "%s", out)
	assert.Empty(t, string(out))
}

// TestRulesNameExportedMetrics looks for what the alerts and the dashboard of monitoring/ name.
func TestRulesNameExportedMetrics(t *testing.T) {
	p := newPlace(t)
	p.lock("jobs/a")
	p.queue("jobs/a", "ben")
	_, url := p.export()
	page := fetch(t, url)
	for _, file := range []string{"rules.yml", "dashboard.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "monitoring", file))
		require.NoError(t, err)
		names := regexp.MustCompile(`\bzooky_\w+`).FindAllString(string(text), -1)
		assert.NotEmpty(t, names, file)
		for _, name := range names {
			assert.Regexp(t, `(?m)^`+name+`\b`, page, file)
		}
	}
}

// findPromtool returns the path of promtool: the installed one, or that of Debian's package, which
// is fetched.
func findPromtool(t *testing.T) string {
	t.Helper()
	if installed := debian.Look("promtool"); installed != "" {
		return installed
	}
	cache, err := debian.Open(t.Logf)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	root, err := cache.Entry(ctx, "prometheus", func(work string) (string, error) {
		return cache.Unpack(ctx, work, "prometheus")
	})
	if err != nil {
		t.Skipf("there is no promtool, and it cannot be fetched: %v", err)
	}
	return filepath.Join(root, "usr", "bin", "promtool")
}
