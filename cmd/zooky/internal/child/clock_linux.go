package child

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is a clock that all processes of the machine share, and that goes on while the machine
// is suspended.
func bootTime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		panic(err) // every Linux since 2.6.39 has it
	}
	return time.Duration(now.Nano())
}

// alarm is a timer by bootTime: it goes off at once when a suspended machine goes on after its
// time.
type alarm struct {
	timer *os.File
	rings chan struct{} // has room for one
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	a := &alarm{os.NewFile(uintptr(fd), "timer"), make(chan struct{}, 1)}
	go a.wait() // ended with the process
	return a, nil
}

func (a *alarm) wait() {
	count := make([]byte, 8)
	for {
		if _, err := a.timer.Read(count); err != nil {
			return
		}
		select {
		case a.rings <- struct{}{}:
		default:
		}
	}
}

// set sets the alarm, instead of what it was set to before.
func (a *alarm) set(at time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, at.Nanoseconds()))}
	conn, err := a.timer.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := conn.Control(func(fd uintptr) {
		err = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME, &spec, nil)
	})
	if controlErr != nil {
		return controlErr
	}
	return err
}
