//go:build unix && !linux

package child

import (
	"os/signal"
	"syscall"
)

// Ignored returns the signals that this process was started to ignore and of which Go's runtime
// knows.
func Ignored() (ignored []syscall.Signal) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			ignored = append(ignored, s)
		}
	}
	return ignored
}
