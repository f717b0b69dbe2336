package zklock

import (
	"time"

	"golang.org/x/sys/unix"
)

// timeAsleep returns for how long the machine has been suspended since it was started: what CLOCK_BOOTTIME counts and
// CLOCK_MONOTONIC, which is Go's clock, does not. It may return less, never more: the thread can be held up between two
// readings.
func timeAsleep() (asleep time.Duration) {
	for range 5 {
		before := readClock(unix.CLOCK_MONOTONIC)
		boot := readClock(unix.CLOCK_BOOTTIME)
		after := readClock(unix.CLOCK_MONOTONIC)
		asleep = max(asleep, boot-after)
		if after-before < sleepNoise/10 {
			break
		}
	}
	return asleep
}

// readClock returns 0 if there is no such clock: Linux has had CLOCK_BOOTTIME since 2.6.39.
func readClock(id int32) time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(id, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
