package zklock_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocsNameTests checks that every test that the documents point to exists.
func TestDocsNameTests(t *testing.T) {
	documents, err := filepath.Glob("*.md")
	require.NoError(t, err)
	more, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	documents = append(documents, more...)

	var sources strings.Builder
	err = filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var source []byte
			source, err = os.ReadFile(path)
			sources.Write(source)
		}
		return err
	})
	require.NoError(t, err)

	named := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz|Benchmark)[A-Z]\w+`).FindAllString(string(text), -1) {
			assert.Contains(t, sources.String(), "func "+name+"(", "%s names %s", document, name)
			named++
		}
	}
	assert.Positive(t, named)
}

// TestDocsNameLogLines checks that every log line that docs/observability.md lists is logged, and that
// it lists every one.
func TestDocsNameLogLines(t *testing.T) {
	text, err := os.ReadFile("docs/observability.md")
	require.NoError(t, err)
	listed := make(map[string]bool)
	for _, row := range regexp.MustCompile(`(?m)^\| (?:WARN|ERROR|INFO|DEBUG) \| ([^|]*) \|`).FindAllStringSubmatch(string(text), -1) {
		for _, message := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(row[1], -1) {
			listed[message[1]] = true
		}
	}
	logged := make(map[string]bool)
	for _, file := range []string{"log.go", "internal/recipe/log.go", "internal/ensemble/log.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		calls := regexp.MustCompile(`(?:\.(?:Debug|Info|Warn|Error)\(|o\.log(?:Lock)?\((?:slog\.Level\w+|level), )"([^"]*)"`)
		for _, message := range calls.FindAllStringSubmatch(string(source), -1) {
			logged[message[1]] = true
		}
	}
	assert.Greater(t, len(logged), 15)
	assert.Equal(t, logged, listed)
}
