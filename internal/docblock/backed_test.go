package docblock_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

// notLocal are lines of shell blocks that are about the reader's machine: those that TestFromNothing
// runs, and those with Docker, which no test runs.
var notLocal = []string{
	"mkdir job && cd job",
	"go mod init example.com/job",
	"go get github.com/zookylock/zklock",
	"go test",
	"docker run -d --name zk -p 127.0.0.1:2181:2181 zookeeper",
	"ZKLOCK_CONNECT=127.0.0.1:2181 go test ./...",
	"docker rm -f zk",
}

// TestEveryBlockIsBacked checks that no block of a document is there only because somebody has
// written it: code is that of a file, which TestDocsShowTheCode compares; output is what a test
// compares with that of a command; commands exist. docs/zooky.md is made by its own program, whose
// tests run what it shows.
func TestEveryBlockIsBacked(t *testing.T) {
	goToRoot(t)
	tests := sources(t, "_test.go")
	for _, document := range documents(t) {
		if document == filepath.Join("docs", "zooky.md") {
			continue
		}
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		blocks, err := docblock.Read(document)
		require.NoError(t, err)
		for _, problem := range unseen(string(text), len(blocks)) {
			t.Errorf("%s: %s", document, problem)
		}
		for _, block := range blocks {
			where := fmt.Sprintf("%s:%d", document, block.Line)
			switch {
			case block.Kind == "code":
			case block.Lang == "text" && document == "DESIGN.md": // a drawing
			case block.Kind == "output":
				assert.True(t, compared(tests, document, block.Source),
					"%s: no test compares this output", where)
			case block.Lang == "sh":
				for line := range strings.Lines(block.Text) {
					assert.NoError(t, runnable(line), where)
				}
			default:
				t.Errorf("%s: a block that says not where it is from; see internal/docblock",
					where)
			}
		}
	}
}

// sources returns the files with that ending, in the modules beside the library too.
func sources(t *testing.T, ending string) (texts []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ending) {
			var text []byte
			text, err = os.ReadFile(path)
			texts = append(texts, string(text))
		}
		return err
	})
	require.NoError(t, err)
	return texts
}

// compared reports whether a test names both the page and the block's source.
func compared(tests []string, page, source string) bool {
	return slices.ContainsFunc(tests, func(test string) bool {
		return strings.Contains(test, filepath.Base(page)+`"`) &&
			strings.Contains(test, strconv.Quote(source))
	})
}

var (
	fence    = regexp.MustCompile("(?m)^[ \t]*(```|~~~)")
	indented = regexp.MustCompile(`(?m)^\n {4,}[^ \n-].*`)
)

// unseen says which blocks of a page are none to docblock.Read.
func unseen(text string, blocks int) (problems []string) {
	if n := len(fence.FindAllString(text, -1)); n != 2*blocks {
		problems = append(problems, fmt.Sprintf("%d fences make %d blocks", n, blocks))
	}
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, line := range indented.FindAllString(text, -1) {
		problems = append(problems, "a block without fences: "+strings.TrimSpace(line))
	}
	return problems
}

// runnable checks that what a line of a shell block names is there: the target of the Makefile, or
// the package.
func runnable(line string) error {
	line, _, _ = strings.Cut(line, " #")
	line = strings.TrimSpace(line)
	if slices.Contains(notLocal, line) {
		return nil
	}
	words := strings.Fields(line)
	switch {
	case len(words) >= 2 && words[0] == "make":
		makefile, err := os.ReadFile("Makefile")
		if err == nil && !strings.Contains(string(makefile), "\n"+words[1]+":") {
			err = fmt.Errorf("%s: no such target", line)
		}
		return err
	case len(words) >= 3 && words[0] == "go" && slices.Contains([]string{"run", "test"}, words[1]):
		for _, word := range words[2:] {
			if path, local := strings.CutPrefix(word, "./"); local {
				_, err := os.Stat(filepath.Clean("./" + strings.TrimSuffix(path, "...")))
				return err
			}
		}
	}
	return fmt.Errorf("%s: a command that no test knows; see notLocal", line)
}

// TestSizingIsMeasured checks that the figures of docs/production.md are those of the tables that
// make bench has written into docs/benchmarks.md.
func TestSizingIsMeasured(t *testing.T) {
	goToRoot(t)
	page, err := os.ReadFile("docs/production.md")
	require.NoError(t, err)
	benchmarks, err := os.ReadFile("docs/benchmarks.md")
	require.NoError(t, err)
	tables := strings.Join(regexp.MustCompile(`(?m)^\|.*$`).FindAllString(string(benchmarks), -1), "\n")
	list := regexp.MustCompile(`(?s)\n## Sizing\n.*?\n\n(- .*?)\n\n`).FindSubmatch(page)
	require.NotNil(t, list)
	figures := regexp.MustCompile(`[0-9][0-9,.]*[0-9]`).FindAllString(string(list[1]), -1)
	require.Greater(t, len(figures), 10)
	for _, figure := range figures {
		assert.Regexp(t, `\b`+regexp.QuoteMeta(figure)+`\b`, tables)
	}
}

// TestReadmeNamesWhatIsNeeded compares what README.md says of Go and of dependencies with go.mod, and
// with what the library imports.
func TestReadmeNamesWhatIsNeeded(t *testing.T) {
	goToRoot(t)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	require.NotNil(t, version)
	assert.Contains(t, string(readme), "- Go "+string(version[1])+" or later.")

	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	list.Env = append(os.Environ(), "GOOS=linux")
	modules, err := list.Output()
	require.NoError(t, err)
	used := strings.Fields(string(modules))
	slices.Sort(used)
	assert.Equal(t, []string{"github.com/go-zookeeper/zk", "github.com/zookylock/zklock",
		"golang.org/x/sync", "golang.org/x/sys"}, slices.Compact(used))
	assert.Contains(t, string(readme),
		"The library depends on go-zookeeper, golang.org/x/sync and golang.org/x/sys.")
}

// TestChangelogIsShort checks that each change has one line of at most 100 columns.
func TestChangelogIsShort(t *testing.T) {
	goToRoot(t)
	text, err := os.ReadFile("CHANGELOG.md")
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 101, "line %d", n)
		assert.False(t, strings.HasPrefix(line, " "), "line %d goes on with the one before", n)
	}
}

func TestUnseenBlocks(t *testing.T) {
	for text, want := range map[string]int{
		"a\n\n```\nx\n\n    y\n```\n":    0,
		"a\n\n- b\n\n    - c\n":          0,
		"a\n\n    go run x\n":            1,
		"a\n\n```go {a}\nx\n```\n":       1,
		"a\n\n  ```\n  x\n  ```\n":       1,
		"a\n\n~~~\nx\n~~~\n\n    code\n": 2,
	} {
		path := filepath.Join(t.TempDir(), "page.md")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		blocks, err := docblock.Read(path)
		require.NoError(t, err)
		assert.Len(t, unseen(text, len(blocks)), want, text)
	}
}

func TestRunnable(t *testing.T) {
	goToRoot(t)
	for _, line := range []string{
		"make bench DOCS=1 # writes the page", "go test ./...", "go run ./cmd/zooky demo",
		"docker rm -f zk",
	} {
		assert.NoError(t, runnable(line), line)
	}
	for _, line := range []string{
		"make benches", "go test ./internal/nothing", "go run github.com/x/y", "rm -r /", "make",
	} {
		assert.Error(t, runnable(line), line)
	}
}
