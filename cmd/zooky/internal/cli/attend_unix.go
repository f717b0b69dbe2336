//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// caught are the signals that zooky passes on. It gets SIGPIPE for its own messages, and passes on
// none.
var caught = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1,
	syscall.SIGUSR2, syscall.SIGALRM,
	syscall.SIGCONT, syscall.SIGPIPE,
}

// attendance is a command that runs under a lock.
type attendance struct {
	mutex   tenure
	granted time.Duration // the session timeout
	child   *child.Child
	signals <-chan os.Signal
	seen    map[os.Signal]bool // those that have come
	err     io.Writer          // for people

	onRevoke  syscall.Signal
	killAfter time.Duration
	lossTold  bool
}

// wordsPerTimeout is how often in a session timeout the guard is told until when the hold is
// certain. That changes six times, and more often if a server has shortened the timeout since.
const wordsPerTimeout = 64

// run runs the command while the lock is held. Its error has the exit status.
func (a *attendance) run(guard *exec.Cmd, command child.Command) error {
	if err := a.mutex.Err(); errors.Is(err, zklock.ErrLost) {
		return withStatus(runLost, a.loss())
	} else if err != nil {
		return withStatus(128+int(a.onRevoke),
			fmt.Errorf("%s before the command began: it was not started", a.asked(err)))
	}
	c, err := child.Start(guard, command, a.mutex.Deadline)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it may be the interpreter
		return withStatus(runNotFound, err)
	case errors.As(err, new(*fs.PathError)):
		return withStatus(runNotExecutable, err)
	case err != nil:
		return withStatus(runTrouble, err)
	}
	a.child = c
	a.attend()
	return a.outcome()
}

// attend tells the guard of the hold and passes signals on until the command has ended, which it
// has to if the hold ends.
func (a *attendance) attend() {
	word := time.NewTicker(a.granted / wordsPerTimeout)
	defer word.Stop()
	revoked, lost := a.mutex.Revoked(), a.mutex.Lost()
	var overdue <-chan time.Time
	for {
		select {
		case <-word.C:
			a.child.Hold(a.mutex.Deadline)
		case s := <-a.signals:
			a.pass(s.(syscall.Signal))
		case <-revoked:
			revoked = nil
			if err := a.mutex.Err(); !errors.Is(err, zklock.ErrLost) {
				a.say(fmt.Errorf("%s: %s", a.asked(err), a.ending(a.killAfter)))
				a.child.End(a.killAfter)
			}
		case <-lost:
			lost = nil
			// The lease leaves at least about an eighth until another client can be granted the
			// lock, if the session timeout is four of the servers' ticks or longer.
			grace := min(a.killAfter, a.granted/8)
			a.child.End(grace)
			a.say(fmt.Errorf("%w: %s", a.loss(), a.ending(grace)))
			a.lossTold = true
			overdue = time.After(grace + guardLimit)
		case <-overdue:
			a.child.Kill() // the guard does nothing: it was stopped
		case <-a.child.Ended():
			return
		}
	}
}

// guardLimit is how long the guard may take for what it has to do.
const guardLimit = 100 * time.Millisecond

// pass passes a signal on. What comes from the terminal has reached the command as well.
func (a *attendance) pass(s syscall.Signal) {
	a.seen[s] = true
	fromTerminal := (s == syscall.SIGINT || s == syscall.SIGQUIT) && inForeground()
	if s != syscall.SIGPIPE && !fromTerminal {
		a.child.Signal(s)
	}
}

// askedToEnd reports whether a signal has come that asks zooky to end. The command may have ended
// before it was passed on.
func (a *attendance) askedToEnd() bool {
	return slices.ContainsFunc(endSignals, func(s os.Signal) bool { return a.seen[s] })
}

// inForeground reports whether this process's group has the terminal.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// outcome is the exit status. If a signal of the terminal has ended the command, it ends zooky too.
func (a *attendance) outcome() error {
	if errors.Is(a.mutex.Err(), zklock.ErrLost) {
		if a.lossTold {
			return withStatus(runLost, errSaid)
		}
		return withStatus(runLost, a.loss())
	}
	status, err := a.child.Status()
	if err != nil {
		return withStatus(runTrouble, err)
	}
	switch s := status.Signal(); {
	case status.Signaled() && a.seen[s]:
		return endedBy(s, errSaid)
	case status.Signaled():
		return withStatus(128+int(s), errSaid)
	case status.ExitStatus() != 0:
		return withStatus(status.ExitStatus(), errSaid)
	}
	return nil
}

// asked says who asks to release, and why, unescaped.
func (a *attendance) asked(err error) string {
	said := a.mutex.Name() + ": asked to release the lock"
	var revoked *zklock.RevokedError
	if !errors.As(err, &revoked) {
		return said
	}
	said += " by " + cut(revoked.By, dataLimit)
	if revoked.Reason != "" {
		said += " (" + cut(revoked.Reason, nameLimit) + ")"
	}
	return said
}

func (a *attendance) loss() error { return fmt.Errorf("%s: %w", a.mutex.Name(), a.mutex.Err()) }

func (a *attendance) ending(grace time.Duration) string {
	return fmt.Sprintf("ending the command with %s, and with SIGKILL after %v",
		unix.SignalName(a.onRevoke), grace)
}

func (a *attendance) say(err error) { complain(a.err, err) }
