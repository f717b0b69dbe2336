//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// forwarded are the signals that the command gets if zooky does. Those of the terminal reach it by themselves, because
// it is in the foreground there.
var forwarded = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}

// attendance is a command that runs under a lock.
type attendance struct {
	mutex   *zklock.Mutex
	child   *child.Child
	signals <-chan os.Signal // those that are forwarded, and SIGTSTP

	onRevoke  syscall.Signal
	killAfter time.Duration
	granted   time.Duration // the session timeout

	killed bool // the group was sent SIGKILL
}

// under runs the command while the lock is held, for which the servers have granted a session of that timeout. Its error
// has the exit status.
func (r *runner) under(m *zklock.Mutex, granted time.Duration, cmd, guard *exec.Cmd, signals <-chan os.Signal) error {
	if err := m.Err(); errors.Is(err, zklock.ErrLost) {
		return status(runLost, err)
	}
	// Should zooky die, the servers free the lock after half the session timeout at the earliest.
	c, err := child.Start(cmd, guard, r.signal, min(r.killAfter, granted/2))
	if err != nil {
		return status(runTrouble, err)
	}
	defer c.Release()
	a := &attendance{mutex: m, child: c, signals: signals, onRevoke: r.signal, killAfter: r.killAfter, granted: granted}
	if err := a.attend(); errors.Is(err, zklock.ErrLost) {
		return status(runLost, fmt.Errorf("%s: %w", m.Name(), err))
	}
	if n := c.Status(); n != 0 {
		return &exitError{n, errors.New("")} // the command has said what there is to say
	}
	return nil
}

// attend forwards signals until the command has ended. If the hold has to end first it ends the whole group. It returns
// how the hold stands then.
func (a *attendance) attend() error {
	revoked, lost, ended := a.mutex.Revoked(), a.mutex.Lost(), a.child.Ended()
	var kill <-chan time.Time
	var gone <-chan struct{}
	for {
		select {
		case s := <-a.signals:
			if s == syscall.SIGTSTP {
				a.suspend(false)
			} else {
				a.child.Signal(s.(syscall.Signal))
			}
		case <-a.child.Stopped():
			if a.child.WantsTerminal() {
				a.child.Continue()
			} else {
				a.suspend(true)
			}
		case <-revoked:
			revoked = nil
			a.child.Signal(a.onRevoke)
			kill = time.After(a.killAfter)
		case <-lost:
			lost = nil
			if revoked != nil { // which is closed too, but its turn has not come
				revoked = nil
				a.child.Signal(a.onRevoke)
			}
			if !a.killed {
				// The lease leaves at least about that eighth until another client can be granted the lock, if the session
				// timeout is four of the servers' ticks or longer.
				kill = time.After(min(a.killAfter, a.granted/8))
			}
		case <-kill:
			a.kill()
			if ended == nil {
				return a.mutex.Err()
			}
		case <-ended:
			ended = nil
			if err := a.mutex.Err(); err == nil || a.killed {
				return err
			}
			// Nothing of the group may go on once somebody else has the lock.
			gone = a.child.Gone()
		case <-gone:
			return a.mutex.Err()
		}
	}
}

func (a *attendance) kill() {
	a.killed = true
	a.child.Signal(syscall.SIGKILL)
}

// suspend stops the command and zooky until somebody continues zooky. Nobody keeps the lock meanwhile, so that the
// servers are asked before the command goes on.
func (a *attendance) suspend(job bool) {
	a.child.Suspend(job)
	asking, cancel := context.WithTimeout(context.Background(), a.granted)
	defer cancel()
	if held, _ := a.mutex.Held(asking); !held { // an error is that nobody has answered for a session timeout
		a.kill() // and has no time to clean up: somebody else may have had the lock for long
		<-a.mutex.Lost()
		return
	}
	a.child.Continue()
}
