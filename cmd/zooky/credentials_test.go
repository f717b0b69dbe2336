//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const plainWarning = "zooky: warning: without --tls, credentials go over the network as they are\n"

func TestCredentials(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(t.TempDir(), "auth")
	require.NoError(t, os.WriteFile(file, []byte("# ours\r\n\n  digest:ann: secret \t\r\n"), 0o600))
	require.NoError(t, p.session.Conn().AddAuth("digest", []byte("ann: secret \t")))
	_, err := p.session.Conn().Create(p.root, nil, 0, zk.AuthACL(zk.PermAll))
	require.NoError(t, err)
	status, _, stderr := p.zooky("list")
	assert.Equal(t, 2, status)
	assert.Contains(t, stderr, "not authenticated")
	status, _, stderr = p.zooky("list", "--auth-file", file)
	assert.Equal(t, 0, status)
	assert.Equal(t, plainWarning, stderr)
	status, _, stderr = p.zooky("run", "fred", "--auth-file", file, "--", "true")
	assert.Equal(t, 0, status)
	assert.Equal(t, plainWarning, stderr)

	c := p.prepare()
	c.Path, c.Args = "/bin/bash",
		[]string{"bash", "-c", `exec "$0" list --auth-file <(cat "$1")`, zooky, file}
	assert.Equal(t, 0, c.start(t).status(t), c.stderr.String())
}

// TestSecretFilesAreChecked has credentials, and the key of a certificate, in files that they
// should not be in.
func TestSecretFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	secret := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
		require.NoError(t, os.Chmod(file, mode)) // whatever the umask
		return file
	}
	const line = "digest:ann:secret\n"
	openPipe := filepath.Join(dir, "open pipe")
	require.NoError(t, syscall.Mkfifo(openPipe, 0o600))
	require.NoError(t, os.Chmod(openPipe, 0o666))
	writer, err := os.OpenFile(openPipe, os.O_RDWR, 0) // does not wait for a reader
	require.NoError(t, err)
	defer writer.Close()
	for name, test := range map[string]struct{ file, stderr string }{
		"others may read":     {secret("readable", line, 0o604), `others have access to it \(-rw----r--\): chmod 6[04]0 it.*`},
		"the group may write": {secret("writable", line, 0o620), `others have access to it .*`},
		"an open pipe":        {openPipe, `others have access to it .*`},
		"a folder":            {dir, `neither a file nor a pipe`},
		"a device":            {"/dev/zero", `neither a file nor a pipe`},
		"too large":           {secret("large", strings.Repeat(line, 4000), 0o600), `larger than 65536 bytes`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, flags := range [][]string{{"--auth-file", test.file},
				{"--tls-cert", "/dev/null", "--tls-key", test.file}} {
				c := prepare(t,
					append([]string{"list", "--servers", "127.0.0.1:1"}, flags...)...).start(t)
				assert.Equal(t, 2, c.status(t))
				assert.Regexp(t, `^zooky: `+test.file+`: `+test.stderr+`\n$`, c.stderr.String())
			}
		})
	}
	t.Run("of another user", func(t *testing.T) {
		file := secret("stolen", line, 0o600)
		if err := os.Chown(file, 65534, -1); err != nil {
			t.Skip("takes root: ", err)
		}
		for _, flags := range [][]string{{"--auth-file", file},
			{"--tls-cert", "/dev/null", "--tls-key", file}} {
			c := prepare(t,
				append([]string{"list", "--servers", "127.0.0.1:1"}, flags...)...).start(t)
			assert.Equal(t, 2, c.status(t))
			assert.Equal(t, "zooky: "+file+": it belongs to another user\n", c.stderr.String())
		}
	})
	for name, test := range map[string]struct{ text, stderr string }{
		"empty":       {"\n# nothing\n", "no credentials in it"},
		"no colon":    {line + "secret\n", "line 2 is not SCHEME:SECRET"},
		"no scheme":   {" :secret", "line 1 is not SCHEME:SECRET"},
		"other bytes": {"\x00\xff", "line 1 is not SCHEME:SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			file := secret("bad", test.text, 0o600)
			c := prepare(t, "list", "--servers", "127.0.0.1:1", "--auth-file", file).start(t)
			assert.Equal(t, 2, c.status(t))
			assert.Equal(t, "zooky: "+file+": "+test.stderr+"\n", c.stderr.String())
		})
	}
}

// TestAPipeWithoutAWriterHoldsNothingUp has nobody write to the pipe that the credentials are to
// come from.
func TestAPipeWithoutAWriterHoldsNothingUp(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	c := prepare(t, "list", "--auth-file", pipe, "--timeout", "300ms").start(t)
	assert.Equal(t, 2, c.status(t))
	assert.Equal(t, "zooky: "+pipe+": not read to its end: no answer\n", c.stderr.String())

	c = prepare(t, "list", "--auth-file", pipe, "--timeout", "1h").start(t)
	require.Eventually(t, func() bool {
		// fails until zooky opens it
		silent, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { silent.Close() })
		}
		return err == nil
	}, patience, 5*time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	<-c.ended
	assert.Equal(t, syscall.SIGINT, c.ProcessState.Sys().(syscall.WaitStatus).Signal(),
		c.stderr.String())
}
