//go:build !linux

package ensemble

import "time"

// started has a reading of both clocks.
var started = time.Now()

// TimeAsleep returns how much more time has passed by the wall clock than by Go's monotonic one
// since the process began. That is for how long the machine has been suspended, and also by how
// much the wall clock was put forward: holds are then lost that need not be.
func TimeAsleep() time.Duration {
	now := time.Now()
	return now.Round(0).Sub(started.Round(0)) - now.Sub(started)
}
