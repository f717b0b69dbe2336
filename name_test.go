package zklock_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestASecondSpellingOfAChroot has connect strings that would be paths, and are mistakes: a lock there would exclude nobody who
// wrote it right.
func TestASecondSpellingOfAChroot(t *testing.T) {
	for _, chroot := range []string{"/a,127.0.0.1:1/a", "/a,", "/a ", "/ a", "/a\t", "/a/ b", "/a\u2003", "/a\u00a0"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := zklock.Dial(ctx, "127.0.0.1:1"+chroot)
		require.ErrorContains(t, err, "the chroot comes once, at the end: host:port,host:port/chroot", "%q", chroot)
	}
}
