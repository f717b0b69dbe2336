package docblock_test

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

// fromNothingVariable is an environment variable. If it is set, TestFromNothing begins with empty
// caches, and downloads what the library depends on.
const fromNothingVariable = "ZKLOCK_FROM_NOTHING"

// TestFromNothing does what docs/testing.md says to somebody who has Go and nothing else, with this
// checkout as the release: make from-nothing measures it with empty caches.
func TestFromNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything")
	}
	goToRoot(t)
	dir := t.TempDir()
	script, steps := stepsOf(t, dir)
	c := exec.Command("sh", "-ex", script)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), goEnvironment(t, dir, publish(t))...)
	begun := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(begun)
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "ok  \texample.com/job")
	assert.Less(t, took, 5*time.Minute)
	t.Logf("%d steps in %v", steps, took.Round(100*time.Millisecond))
}

// stepsOf writes the blocks of the page's section as one script, which saves the block of code as
// the file that the text before it names. It returns how many commands and files there are.
func stepsOf(t *testing.T, dir string) (script string, steps int) {
	t.Helper()
	const page = "docs/testing.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	blocks, err := docblock.Read(page)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	var commands strings.Builder
	for _, block := range blocks {
		before := strings.Join(lines[:block.Line-1], "")
		section := before[strings.LastIndex(before, "\n## "):]
		switch {
		case !strings.HasPrefix(section, "\n## In five minutes"):
		case block.Lang == "sh":
			commands.WriteString(block.Text)
			steps += strings.Count(block.Text, "\n")
		default:
			code := filepath.Join(dir, "code")
			require.NoError(t, os.WriteFile(code, []byte(block.Text), 0o644))
			names := regexp.MustCompile("as\\s`(\\w+\\.go)`").FindAllStringSubmatch(section, -1)
			require.NotEmpty(t, names, "the text says not what to call the file")
			fmt.Fprintf(&commands, "cp '%s' %s\n", code, names[len(names)-1][1])
			steps++
		}
	}
	require.Positive(t, steps)
	script = filepath.Join(dir, "script")
	require.NoError(t, os.WriteFile(script, []byte(commands.String()), 0o644))
	return script, steps
}

// goEnvironment has go find this checkout as a release, in a module cache of its own; and if that is
// asked for, nothing else.
func goEnvironment(t *testing.T, dir, proxy string) []string {
	t.Helper()
	env := []string{
		"GOMODCACHE=" + filepath.Join(dir, "modules"), "GOFLAGS=-modcacherw", "GOWORK=off",
		"GOTOOLCHAIN=local",
	}
	if os.Getenv(fromNothingVariable) != "" {
		return append(env, "HOME="+dir, "GOPATH="+filepath.Join(dir, "go"),
			"GOCACHE="+filepath.Join(dir, "built"), "GONOSUMDB=github.com/zookylock",
			"GOPROXY=file://"+proxy+",https://proxy.golang.org")
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	downloaded := filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")
	return append(env, "GOSUMDB=off", "GOPROXY=file://"+proxy+",file://"+downloaded)
}

// publish makes a module proxy of files, which has this checkout as a release.
func publish(t *testing.T) (proxy string) {
	t.Helper()
	const module = "github.com/zookylock/zklock"
	changes, err := os.ReadFile("CHANGELOG.md")
	require.NoError(t, err)
	version := "v" + string(regexp.MustCompile(`(?m)^## (\d\S+)`).FindSubmatch(changes)[1])
	proxy = t.TempDir()
	dir := filepath.Join(proxy, module, "@v")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-11-29T00:00:00Z"}`, version),
		version + ".mod":  string(mod),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	packed, err := os.Create(filepath.Join(dir, version+".zip"))
	require.NoError(t, err)
	defer packed.Close()
	archive := zip.NewWriter(packed)
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipOthers(path)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		w, err := archive.Create(module + "@" + version + "/" + filepath.ToSlash(path))
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}))
	require.NoError(t, archive.Close())
	return proxy
}

// skipOthers skips a directory that is not of the module.
func skipOthers(dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || filepath.Base(dir) == ".git" {
		return filepath.SkipDir
	}
	return nil
}
