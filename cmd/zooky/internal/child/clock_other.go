//go:build unix && !linux

package child

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is a clock that all processes of the machine share. On macOS it goes on while the
// machine is suspended.
func bootTime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // every Unix has it
	}
	return time.Duration(now.Nano())
}

// alarm is a timer by bootTime. It looks often: Go's timers stand still while the machine is
// suspended.
type alarm struct {
	rings chan struct{} // has room for one
	times chan time.Duration
}

// alarmPoll is how late an alarm may be when a suspended machine goes on.
const alarmPoll = 50 * time.Millisecond

func newAlarm() (*alarm, error) {
	a := &alarm{make(chan struct{}, 1), make(chan time.Duration)}
	go a.wait() // ended with the process
	return a, nil
}

func (a *alarm) wait() {
	var at time.Duration
	tick := time.NewTicker(alarmPoll)
	for {
		var timer <-chan time.Time
		if left := at - bootTime(); at > 0 && left < alarmPoll {
			timer = time.After(left)
		}
		select {
		case at = <-a.times:
		case <-tick.C:
		case <-timer:
			at = 0
			select {
			case a.rings <- struct{}{}:
			default:
			}
		}
	}
}

// set sets the alarm, instead of what it was set to before.
func (a *alarm) set(at time.Duration) error {
	a.times <- at
	return nil
}
