package docblock_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

// goToRoot has the rest of the test run in the repository's root.
func goToRoot(t *testing.T) {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
}

// documents are the pages for users and developers.
func documents(t *testing.T) []string {
	t.Helper()
	top, err := filepath.Glob("*.md")
	require.NoError(t, err)
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	return append(top, docs...)
}

// TestDocsShowTheCode checks that every block of code is that of a file, which is compiled and
// tested where it is. ZKLOCK_UPDATE_DOCS=1 has it write the blocks.
func TestDocsShowTheCode(t *testing.T) {
	goToRoot(t)
	shown := 0
	for _, document := range documents(t) {
		if document == filepath.Join("docs", "zooky.md") {
			continue // is written by its own program
		}
		blocks, err := docblock.Read(document)
		require.NoError(t, err)
		for i := range blocks {
			if docblock.Updating() { // earlier ones may have changed the lines
				blocks, err = docblock.Read(document)
				require.NoError(t, err)
			}
			block := blocks[i]
			if block.Kind != "code" {
				continue
			}
			where := fmt.Sprintf("%s:%d", document, block.Line)
			code, err := docblock.Code(".", block.Source)
			require.NoError(t, err, where)
			if docblock.Updating() {
				require.NoError(t, block.Replace(code))
				continue
			}
			assert.Equal(t, code, block.Text, "%s: run make docs", where)
			shown++
		}
	}
	assert.True(t, shown > 0 || docblock.Updating())
}

// TestDocsLink checks that what the documents link to in the repository exists, sections too.
func TestDocsLink(t *testing.T) {
	goToRoot(t)
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	odd := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := document
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(document), m[1])
			}
			linked, err := os.ReadFile(target)
			if err != nil {
				assert.DirExists(t, target, "%s links to %s", document, m[1])
				continue
			}
			if m[2] == "" {
				continue
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(linked), -1) {
				anchor := odd.ReplaceAllString(strings.ToLower(h[1]), "")
				anchors = append(anchors, "#"+strings.ReplaceAll(anchor, " ", "-"))
			}
			assert.Contains(t, anchors, m[2], "%s links to %s%s", document, m[1], m[2])
		}
	}
}

// TestDocsNameTests checks that every test that the documents point to exists.
func TestDocsNameTests(t *testing.T) {
	goToRoot(t)
	var sources strings.Builder
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var source []byte
			source, err = os.ReadFile(path)
			sources.Write(source)
		}
		return err
	})
	require.NoError(t, err)

	named := 0
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz|Benchmark)[A-Z]\w+`).FindAllString(string(text), -1) {
			assert.Contains(t, sources.String(), "func "+name+"(", "%s names %s", document, name)
			named++
		}
	}
	assert.Positive(t, named)
}

// exported matches what documents name of the API: members of a type, options, and errors. Those of
// other packages have its name before them.
var exported = regexp.MustCompile(`\b(?:(?:zktest|zklock)\.)?` +
	`(Session|Mutex|RWMutex|Semaphore|Permit|Hold|Election|Pending|Token|Contender|LockInfo|Stats|Hooks)` +
	`\.([A-Z]\w*)|(^|[^.\w])((?:With|Err)[A-Z]\w+)`)

// others are names of other packages that the documents mention without the package.
var others = []string{"WithExpiry", "WithTTL", "WithTries", "WithRetryDelay", "ErrLockHeld",
	"WithLockName"}

// TestDocsNameTheAPI checks that what the documents for users name in code exists.
func TestDocsNameTheAPI(t *testing.T) {
	goToRoot(t)
	var api strings.Builder
	for _, file := range []string{"api/zklock.txt", "api/zktest.txt"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		api.Write(text)
	}
	named := 0
	for _, document := range documents(t) {
		if document == "DESIGN.md" { // is about what is not exported
			continue
		}
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, code := range regexp.MustCompile("`[^`\n]+`").FindAllString(string(text), -1) {
			for _, m := range exported.FindAllStringSubmatch(code, -1) {
				if slices.Contains(others, m[4]) {
					continue
				}
				name := m[4]
				if name == "" {
					name = `(field ` + m[1] + `\.|\(\*?` + m[1] + `\) )` + m[2]
				}
				exists := regexp.MustCompile(`\b` + name + `\b|[ (]` + name + `\b`).MatchString(api.String())
				assert.True(t, exists, "%s: %s: there is no %s", document, code, m[0])
				named++
			}
		}
	}
	assert.Greater(t, named, 100)
}

// TestGuaranteesNameMutants checks that every mutant and model that the table of guarantees points
// to exists.
func TestGuaranteesNameMutants(t *testing.T) {
	goToRoot(t)
	text, err := os.ReadFile("docs/guarantees.md")
	require.NoError(t, err)
	lists, err := filepath.Glob("internal/mutants/*.go")
	require.NoError(t, err)
	var mutants []byte
	for _, list := range lists {
		source, err := os.ReadFile(list)
		require.NoError(t, err)
		mutants = append(mutants, source...)
	}
	named := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, m := range regexp.MustCompile(`\*([^*]+)\*`).FindAllStringSubmatch(line, -1) {
			assert.Contains(t, string(mutants), fmt.Sprintf("%q,", m[1]), "a mutant")
			named++
		}
		for _, m := range regexp.MustCompile("`(\\w+\\.pml)`: `(\\w+)`").FindAllStringSubmatch(line,
			-1) {
			if _, err := os.Stat("internal/model"); err != nil {
				continue // the models are not in this checkout
			}
			model, err := os.ReadFile(filepath.Join("internal", "model", m[1]))
			if assert.NoError(t, err) {
				assert.Contains(t, string(model), m[2], "a property of %s", m[1])
			}
		}
	}
	assert.Positive(t, named)
}

// TestSleepsAreExplained checks that every sleep in a test says why the test does not wait for the
// thing itself. The examples and the benchmarks, which are modules of their own, are looked at too.
func TestSleepsAreExplained(t *testing.T) {
	goToRoot(t)
	explained := 0
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		n := 0
		for line := range strings.Lines(string(source)) {
			n++
			if code, _, _ := strings.Cut(line, "//"); !strings.Contains(code, "time."+"Sleep(") {
				continue
			}
			assert.Regexp(t, `// sleep ok: \w`, line, "%s:%d", path, n)
			explained++
		}
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, explained, 20)
}

// TestDocsNameLogLines checks that every log line that docs/observability.md lists is logged, and
// that it lists every one.
func TestDocsNameLogLines(t *testing.T) {
	goToRoot(t)
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
