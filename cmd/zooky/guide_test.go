//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestGuide runs the commands of the stuck lock at night, in their order, and compares what they
// print. Ages, tokens and znodes are others, and so are blanks between columns.
func TestGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("internal/cli/guide.md")
	require.NoError(t, err)
	p := newPlace(t)
	ann, err := p.session.Mutex("nightly/backup", zklock.WithIdentifier("ann@db1/4711 backup -f"))
	require.NoError(t, err)
	_, err = ann.LockContext(t.Context())
	require.NoError(t, err)
	p.queue("nightly/backup", "ben@db2/815 backup -f")
	p.requireHeldSince("nightly/backup")

	examples := regexp.MustCompile("(?s)```console\n\\$ (.*?)\n(.*?)```").FindAllStringSubmatch(string(guide), -1)
	require.Len(t, examples, 6)
	for _, example := range examples {
		line := strings.ReplaceAll(example[1], "00000000000000a3.00000000", ann.Token().String())
		c := p.prepare()
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", "exec 2>&1; " + line}
		c.Env = append(c.Env,
			"PATH="+filepath.Dir(zooky)+string(os.PathListSeparator)+os.Getenv("PATH"))
		c.start(t)
		c.status(t)
		assert.Equal(t, general(example[2]), general(c.stdout.String()), line)
	}
}

// general replaces what is different in every run.
func general(output string) string {
	for _, r := range []struct{ old, new string }{
		{`_c_[0-9a-f]{32}-lock-\d{10}`, "ZNODE"},
		{`[0-9a-f]{16}\.[0-9a-f]{8}`, "TOKEN"},
		{`\b\d+[hms] ago`, "AGE"},
		{`\b\d+[hms]( +(ann|AGE))`, "AGE$1"},
		{`(?m) +$`, ""},
		{` +`, " "},
	} {
		output = regexp.MustCompile(r.old).ReplaceAllString(output, r.new)
	}
	return output
}

// TestGuidesFlags looks whether the commands of the other examples have the flags that are shown.
func TestGuidesFlags(t *testing.T) {
	guide, err := os.ReadFile("internal/cli/guide.md")
	require.NoError(t, err)
	// as YAML has them
	lists := strings.NewReplacer("[", " ", "]", " ", ",", " ", `"`, " ", "`", " ")
	commands := regexp.MustCompile(`zooky,? (run|export|list|held|revoke|clear|show|deadlocks),? .*`).FindAllStringSubmatch(string(guide), -1)
	require.Greater(t, len(commands), 10)
	help := make(map[string]string)
	for _, command := range commands {
		if help[command[1]] == "" {
			out, err := exec.Command(zooky, command[1], "--help").Output()
			require.NoError(t, err)
			help[command[1]] = string(out)
		}
		line, _, _ := strings.Cut(lists.Replace(command[0]), " -- ")
		for _, flag := range regexp.MustCompile(` (--?[a-zA-Z][a-z-]*)`).FindAllStringSubmatch(line,
			-1) {
			assert.Regexp(t, fmt.Sprintf(`(?m)^ +(-\w, )?%s\b|^ +%s, `, flag[1], flag[1]),
				help[command[1]], command[0])
		}
	}
}
