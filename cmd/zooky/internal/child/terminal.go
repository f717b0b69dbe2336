//go:build unix

package child

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// foreground returns the group that has the terminal, 0 if f is not this process's terminal.
func foreground(f *os.File) int {
	pgid, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	if err != nil {
		return 0
	}
	return pgid
}

// inForeground reports whether this process's group has the terminal.
func inForeground(tty *os.File) bool { return foreground(tty) == unix.Getpgrp() }

// setForeground gives the terminal to a group.
func setForeground(tty *os.File, pgid int) {
	// To whoever does that from the background the terminal sends SIGTTOU, which would stop this process.
	signal.Ignore(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(int(tty.Fd()), unix.TIOCSPGRP, pgid) // the error is that the terminal or the group has gone
}
