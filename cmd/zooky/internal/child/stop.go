//go:build unix

package child

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Stopped returns a channel that receives when the command was stopped on this process's terminal: by Ctrl-Z, or
// because it wants the terminal and does not have it. Whoever looks at the terminal sees this process hang, until
// Suspend has stopped it too. Without a terminal, who stops the command is to continue it.
func (c *Child) Stopped() <-chan struct{} {
	if c.tty == nil {
		return nil
	}
	return c.stopped
}

// WantsTerminal reports whether the command was stopped for want of a terminal that this process has got meanwhile.
func (c *Child) WantsTerminal() bool { return !c.foreground && inForeground(c.tty) }

// stopLimit bounds how long a process is waited for to stop. It may never do: the kernel does not let a terminal stop a
// group that nobody is there to continue.
const stopLimit = time.Second

// Suspend stops the group, if it is not stopped yet, and then this process, and returns when this process was
// continued. job says that the whole of this process's group is to be stopped, the shell's job. The group stays stopped
// until Continue, and is killed if this process dies before.
func (c *Child) Suspend(job bool) {
	_ = c.guard.watch(c.cmd.Process.Pid, now) // without the guard there is nothing better to do
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGSTOP)
	pid := 0
	if !job {
		pid = os.Getpid()
		select {
		case <-c.stopped:
		case <-c.ended:
		case <-time.After(stopLimit): // it was stopped already
		}
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	// Not SIGTSTP: Go does not give its default action back to a signal that somebody was notified of. Not SIGSTOP: it
	// stops even those whom nobody is there to continue.
	_ = syscall.Kill(pid, syscall.SIGTTIN)
	select {
	case <-continued:
	case <-time.After(stopLimit):
	}
}

// Continue lets the group go on, in the foreground if this process is there.
func (c *Child) Continue() {
	_ = c.guard.watch(c.cmd.Process.Pid, c.end)
	if c.tty != nil {
		if inForeground(c.tty) {
			setForeground(c.tty, c.cmd.Process.Pid)
		}
		c.foreground = foreground(c.tty) == c.cmd.Process.Pid // whoever has continued this process may have kept it
	}
	c.Signal(syscall.SIGCONT)
}
