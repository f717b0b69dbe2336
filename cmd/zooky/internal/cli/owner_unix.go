//go:build unix

package cli

import (
	"os"
	"syscall"
)

// ownerOf returns who owns a file.
func ownerOf(info os.FileInfo) owner {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && stat.Uid == 0:
		return root
	case ok && int(stat.Uid) == os.Geteuid():
		return us
	default:
		return stranger
	}
}
