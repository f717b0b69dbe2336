package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzCredentials reads whatever it is given: each line that counts is there, byte for byte, and no error shows a secret.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		"", "digest:a:b", "digest:a:b\n", "digest:a: b \r\n\n# x\nx509:", ":", " :x", "\x00:\xff", "a\n", "#a:b", " # a:b", "a:b\rc:d\n", "\ufeffdigest:a:b",
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
