package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzCredentials reads whatever it is given: each line that counts is there, byte for byte, and no
// error shows a secret.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		"", "digest:a:b", "digest:a:b\n", "digest:a: b \r\n\n# x\nx509:", ":", " :x", "\x00:\xff",
		"a\n", "#a:b", " # a:b", "a:b\rc:d\n", "\ufeffdigest:a:b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		credentials, err := parseCredentials(bytes.Clone(data))
		if err != nil {
			require.Empty(t, credentials)
			require.Regexp(t, `^(line \d+ is not SCHEME:SECRET|no credentials in it)$`, err.Error())
			return
		}
		rest := string(data)
		for _, c := range credentials {
			require.NotEmpty(t, c.scheme)
			require.Equal(t, strings.TrimSpace(c.scheme), c.scheme)
			require.NotContains(t, string(c.secret), "\n")
			_, after, found := strings.Cut(rest, c.scheme)
			require.True(t, found)
			at := strings.Index(after, ":"+string(c.secret))
			require.GreaterOrEqual(t, at, 0)
			rest = after[at+1+len(c.secret):]
			end, _, _ := strings.Cut(rest, "\n")
			require.Contains(t, []string{"", "\r"}, end, "cut short")
		}
	})
}

// TestCheckPrivate has files of everybody, with every mode that matters.
func TestCheckPrivate(t *testing.T) {
	const refused, foreign = "others have access to it", "it belongs to another user"
	for _, c := range []struct {
		by   owner
		mode os.FileMode
		err  string
	}{
		{us, 0o600, ""}, {us, 0o400, ""}, {us, 0o700, ""}, {us, 0o640, refused}, {us, 0o440, refused},
		{root, 0o600, ""}, {root, 0o640, ""}, {root, 0o440, ""}, // as Kubernetes mounts a secret
		{root, 0o644, refused}, {root, 0o660, refused}, {root, 0o444, refused}, {root, 0o450, refused},
		{stranger, 0o600, foreign}, {stranger, 0o440, foreign},
		{us, os.ModeNamedPipe | 0o600, ""}, {us, os.ModeNamedPipe | 0o620, refused},
		{us, os.ModeDir | 0o700, "neither a file nor a pipe"}, {root, os.ModeDevice | 0o600, "neither a file nor a pipe"},
	} {
		err := checkPrivate(c.mode, c.by)
		if c.err == "" {
			assert.NoError(t, err, c)
		} else {
			assert.ErrorContains(t, err, c.err, c)
		}
	}
}
