//go:build unix

package child

import (
	"os/signal"
	"syscall"
)

// Ignore makes this process, and what it starts, ignore signals.
func Ignore(signals []syscall.Signal) {
	for _, s := range signals {
		signal.Ignore(s)
	}
}
