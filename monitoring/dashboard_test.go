package monitoring

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

// TestDashboardIsWritten compares dashboard.json with the code.
func TestDashboardIsWritten(t *testing.T) {
	text, err := Dashboard()
	require.NoError(t, err)
	if docblock.Updating() {
		require.NoError(t, os.WriteFile("dashboard.json", text, 0o644))
	}
	written, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	assert.Equal(t, string(text), string(written), "run make docs")
}

// TestDashboardIsGrafanas reads dashboard.json by Grafana's own schema, which must know every
// field.
func TestDashboardIsGrafanas(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d dashboard.Dashboard
	for _, err := range []error{d.UnmarshalJSONStrict(text), d.Validate()} {
		var failed cog.BuildErrors
		if errors.As(err, &failed) && len(failed) == 0 {
			continue // which is how UnmarshalJSONStrict returns that nothing is wrong
		}
		assert.NoError(t, err)
	}
	panels := 0
	for _, row := range Rows() {
		panels += 1 + len(row.Panels)
	}
	assert.Len(t, d.Panels, panels)
}

// expressions are those of the rules and of the dashboard.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	rules, err := os.ReadFile("rules.yml")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)\n +expr: (?:>-\s+)?(.*?)\n +(?:for|labels):`)
	for _, m := range found.FindAllStringSubmatch(string(rules), -1) {
		all = append(all, m[1])
	}
	assert.Len(t, all, 10)
	for _, row := range Rows() {
		for _, p := range row.Panels {
			for _, q := range p.Queries {
				all = append(all, q.Expr)
			}
		}
	}
	return all
}

// TestExpressionsFindWhatIsTold looks for the metrics, labels and values of labels that rules and
// dashboard name in what otelzklock and Prometheus's exporter really print. Those of zooky export
// are looked for by TestRulesNameExportedMetrics in cmd/zooky.
func TestExpressionsFindWhatIsTold(t *testing.T) {
	_, page := told(t)
	names := regexp.MustCompile(`\b(?:zklock|server|error)_[a-z_]+`)
	matchers := regexp.MustCompile(`(\w+)(?:=~|!=|=)"([^"$]+)"`)
	looked := 0
	for _, expr := range expressions(t) {
		for _, name := range names.FindAllString(expr, -1) {
			assert.Regexp(t, `\b`+name+`\b`, page, "in %s", expr)
			looked++
		}
		for _, m := range matchers.FindAllStringSubmatch(expr, -1) {
			for value := range strings.SplitSeq(m[2], "|") {
				assert.Contains(t, page, m[1]+`="`+value+`"`, "in %s", expr)
				looked++
			}
		}
	}
	assert.Greater(t, looked, 50)
}

// TestExpressionsAreSound has promtool parse the dashboard's, as rules.
func TestExpressionsAreSound(t *testing.T) {
	grafana := strings.NewReplacer("$__rate_interval", "5m", "$job", ".*")
	rules := "groups:\n- name: dashboard\n  rules:\n"
	for i, expr := range expressions(t) {
		rules += "  - record: panel_" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "\n"
		rules += "    expr: >-\n      " + grafana.Replace(expr) + "\n"
	}
	file := t.TempDir() + "/rules.yml"
	require.NoError(t, os.WriteFile(file, []byte(rules), 0o644))
	promtool(t, "", "check", "rules", file)
}
