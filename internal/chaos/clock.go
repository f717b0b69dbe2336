//go:build unix

package chaos

import "golang.org/x/sys/unix"

// now is CLOCK_MONOTONIC in nanoseconds: the same for every process of the machine, and never set
// back.
func now() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // every Unix has it
	}
	return ts.Nano()
}
