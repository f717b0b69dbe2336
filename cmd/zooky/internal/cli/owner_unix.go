//go:build unix

package cli

import (
	"os"
	"syscall"
)

// isOurs reports whether a file belongs to the user who runs zooky, or to root, who can read and write everything anyway.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}
