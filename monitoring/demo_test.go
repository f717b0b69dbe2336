package monitoring

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

const document = "../docs/observability.md"

// told is what the demonstration shows, in virtual time.
func told(t *testing.T) (spans, page string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		spans, page, err = Demo(t.Context())
		require.NoError(t, err)
	})
	return spans, page
}

// short is a page without the buckets, the requests, the help, and what the exporter says of
// itself.
func short(page string) string {
	var kept strings.Builder
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "_bucket{") &&
			!strings.HasPrefix(line, "zklock_request_") && !strings.HasPrefix(line, "target_info") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// TestDemoIsDocumented compares the demonstration with what the document shows.
func TestDemoIsDocumented(t *testing.T) {
	spans, page := told(t)
	for source, output := range map[string]string{
		"go run ./cmd/demo": spans, "curl -s localhost:9464/metrics": short(page),
	} {
		block, err := docblock.Find(document, "output", source)
		require.NoError(t, err)
		if docblock.Updating() {
			require.NoError(t, block.Replace(output))
			continue
		}
		assert.Equal(t, shape(block.Text), shape(output), "%s:%d: run make docs",
			document, block.Line)
	}
}

// shape is an output without its figures: how many trips a lock takes is tested elsewhere.
func shape(output string) string {
	output = regexp.MustCompile(`[0-9.]+(ms|µs|s)\b`).ReplaceAllString(output, "TIME")
	return regexp.MustCompile(`(?m)[0-9.]+$`).ReplaceAllString(output, "NUMBER")
}

// promtool runs Prometheus's own tool: the installed one, or that of Debian's package.
func promtool(t *testing.T, input string, args ...string) string {
	t.Helper()
	tool, err := Tool(t.Context(), "promtool", t.Logf)
	if err != nil {
		t.Skipf("there is no promtool, and it cannot be fetched: %v", err)
	}
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "promtool %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

func TestRules(t *testing.T) {
	assert.Contains(t, promtool(t, "", "check", "rules", "rules.yml"), "10 rules found")
	promtool(t, "", "test", "rules", "rules_test.yml")
}

func TestEveryAlertIsTested(t *testing.T) {
	rules, err := os.ReadFile("rules.yml")
	require.NoError(t, err)
	tests, err := os.ReadFile("rules_test.yml")
	require.NoError(t, err)
	alerts := regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1)
	assert.NotEmpty(t, alerts)
	page, err := os.ReadFile(document)
	require.NoError(t, err)
	for _, alert := range alerts {
		assert.Contains(t, string(tests), `alertname="`+alert[1]+`"`, "that it fires")
		assert.Contains(t, string(tests), "alertname: "+alert[1]+"}", "that it is silent")
		if !strings.Contains(string(page), "`"+alert[1]+"`") {
			t.Errorf("%s does not say why there is %s", document, alert[1])
		}
	}
}

// TestMetricsAreSound has promtool look at the page itself.
func TestMetricsAreSound(t *testing.T) {
	_, page := told(t)
	assert.Empty(t, promtool(t, page, "check", "metrics"))
}
