//go:build unix

package child

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// takeForeground gives the terminal back to this process's group.
func takeForeground(tty *os.File) {
	// To whoever does that from the background the terminal sends SIGTTOU, which would stop this process.
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(int(tty.Fd()), unix.TIOCSPGRP, unix.Getpgrp()) // the error is that the terminal has gone
}
