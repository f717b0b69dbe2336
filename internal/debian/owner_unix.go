//go:build unix

package debian

import (
	"fmt"
	"os"
	"syscall"
)

// requireOurs refuses a folder that other users may have put something into: what is in the cache
// is run.
func requireOurs(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch us := os.Geteuid(); {
	case !ok || int(stat.Uid) != us:
		return fmt.Errorf("%s belongs to another user: remove it, or set HOME or XDG_CACHE_HOME to a folder of user %d", dir, us)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s may be written to by others (%v): remove it, to have it fetched again", dir, info.Mode().Perm())
	}
	return nil
}
