//go:build unix

package main_test

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/termsvg"
)

// picture is the image at the top of README.md.
const picture = "../../docs/demo.svg"

// The width of the terminal that the picture shows: no line of the report wraps.
const pictureColumns = 115

// How long the picture shows what has been typed, and the result, before it goes on.
const (
	pictureTyped  = 1500 * time.Millisecond
	pictureResult = 6 * time.Second
)

// TestThePictureShowsTheDemo compares what docs/demo.svg shows with the reports in README.md, which
// the tests of the demonstration compare with what it prints. make docs records the picture anew.
func TestThePictureShowsTheDemo(t *testing.T) {
	locktest.NeedsServer(t)
	commands := []string{"zooky demo --no-lock", "zooky demo"}
	if docblock.Updating() {
		svg, err := record(t, commands).SVG()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(picture, []byte(svg), 0o644))
	}
	svg, err := os.ReadFile(picture)
	require.NoError(t, err)
	lines, err := termsvg.Lines(svg)
	require.NoError(t, err)
	shown := strings.Split(shape(strings.Join(lines, "\n")), "\n")
	for _, command := range commands {
		assert.Contains(t, lines, "$ "+command)
		block, err := docblock.Find("../../README.md", "output", command)
		require.NoError(t, err)
		for line := range strings.Lines(shape(block.Text)) {
			if line = strings.TrimSpace(line); line != "" {
				assert.Contains(t, shown, line, "run make docs")
			}
		}
	}
	assert.Contains(t, strings.Join(lines, "\n"), "\n  updates  █",
		"the live display, see TestDemoOnATerminal")
}

// record runs the commands one after the other on a terminal.
func record(t *testing.T, commands []string) termsvg.Recording {
	r := termsvg.Recording{Columns: pictureColumns, Class: func(line string) string {
		switch {
		case strings.HasPrefix(line, "$ "):
			return "prompt"
		case regexp.MustCompile(`^No update was lost\.$`).MatchString(line):
			return "good"
		case strings.Contains(line, "updates are LOST: "):
			return "bad"
		}
		return ""
	}}
	for _, command := range commands {
		r.Chunks = append(r.Chunks,
			termsvg.Chunk{At: r.End, Text: termsvg.Clear + "$ " + command + "\r\n"})
		r.End += pictureTyped
		c := prepare(t, strings.Fields(command)[1:]...)
		terminal, tty, err := pty.Open()
		require.NoError(t, err)
		require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Rows: 40, Cols: pictureColumns}))
		c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		c.start(t)
		begin := time.Now()
		require.NoError(t, tty.Close())
		buffer := make([]byte, 1<<16)
		for {
			n, err := terminal.Read(buffer)
			r.Chunks = append(r.Chunks,
				termsvg.Chunk{At: r.End + time.Since(begin), Text: string(buffer[:n])})
			if err != nil {
				break // the last process that has the terminal has ended
			}
		}
		require.NoError(t, terminal.Close())
		c.status(t)
		r.End += time.Since(begin) + pictureResult
	}
	return r
}
