package ensemble

import (
	"time"

	"golang.org/x/sys/unix"
)

// started is where TimeAsleep counts Go's clock from, which is CLOCK_MONOTONIC.
var started = time.Now()

// TimeAsleep returns for how long the machine has been suspended since some moment: what
// CLOCK_BOOTTIME counts and CLOCK_MONOTONIC does not. It may return less, never more: the thread
// can be held up between two readings.
func TimeAsleep() (asleep time.Duration) {
	for range 5 {
		before := time.Since(started)
		boot := bootTime()
		after := time.Since(started)
		asleep = max(asleep, boot-after)
		if after-before < sleepNoise/10 {
			break
		}
	}
	return asleep
}

// bootTime returns 0 if there is no such clock: Linux has had it since 2.6.39.
func bootTime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
