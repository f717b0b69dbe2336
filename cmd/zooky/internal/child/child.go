//go:build unix

// Package child runs a command in a process group of its own, of which nothing is left when it has to end.
//
// Three processes are needed for that: this one; the command's, which runs Exec until it is told to become the command;
// and a guard, which ends the group if this process dies. The command begins when the guard knows of it: at no moment
// can this process die and leave the command behind.
package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Child is a command that runs.
type Child struct {
	cmd     *exec.Cmd
	guard   *guard
	end     ending
	stopped chan struct{} // has room for one stop of the command
	ended   chan struct{} // closed when the command has ended, its group perhaps not
	status  syscall.WaitStatus

	tty        *os.File // this process's terminal, if the command reads from it; nil if not
	foreground bool     // whether the group was given the terminal
}

// Start starts a command. cmd is the command line of a process that calls Exec, guardCommand that of one that runs
// Guard. If this process dies, the guard ends the group: by the signal, and by SIGKILL after grace.
func Start(cmd, guardCommand *exec.Cmd, signal syscall.Signal, grace time.Duration) (*Child, error) {
	g, err := startGuard(guardCommand)
	if err != nil {
		return nil, err
	}
	c := &Child{
		cmd: cmd, guard: g, end: ending{signal, grace},
		stopped: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.Release())
	}
	go c.wait() // ended by the command's end, which the caller awaits
	return c, nil
}

func (c *Child) start() error {
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	defer tell.Close()
	c.cmd.ExtraFiles = []*os.File{told}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if tty, ok := c.cmd.Stdin.(*os.File); ok && foreground(tty) > 0 {
		c.tty = tty
		if inForeground(tty) {
			// A group in the background may not read from the terminal, and Ctrl-C would not reach it.
			c.cmd.SysProcAttr.Foreground, c.cmd.SysProcAttr.Ctty = true, int(tty.Fd())
			c.foreground = true
		}
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	if err := c.guard.watch(c.cmd.Process.Pid, c.end); err != nil {
		c.Signal(syscall.SIGKILL)
		_ = c.cmd.Wait()
		return err
	}
	_, _ = tell.WriteString("go") // the error is that it has ended, of which its status tells
	return nil
}

// wait waits for the command itself: os/exec's Wait does not tell of stops.
func (c *Child) wait() {
	defer close(c.ended)
	for {
		_, err := syscall.Wait4(c.cmd.Process.Pid, &c.status, syscall.WUNTRACED, nil)
		if err == nil && c.status.Stopped() {
			select {
			case c.stopped <- struct{}{}:
			default:
			}
		} else if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	_ = c.cmd.Wait() // the error is that the process was waited for; what copies its streams was not
}

// Ended returns a channel that is closed when the command has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Gone returns a channel that is closed when nobody is left in the group.
func (c *Child) Gone() <-chan struct{} {
	gone := make(chan struct{})
	go func() { // ended by the group's end, or with this process
		defer close(gone)
		awaitGroup(c.cmd.Process.Pid, nil)
	}()
	return gone
}

// Status is the command's exit status as a shell has it, after its end.
func (c *Child) Status() int {
	if c.status.Signaled() {
		return 128 + int(c.status.Signal())
	}
	return c.status.ExitStatus()
}

// Signal sends a signal to every process in the group. There may be none any more.
func (c *Child) Signal(s syscall.Signal) { signalGroup(c.cmd.Process.Pid, s) }

// Release lets the guard go and takes the terminal back, when the command has ended or must not be watched any more.
func (c *Child) Release() error {
	if c.foreground {
		setForeground(c.tty, syscall.Getpgrp())
	}
	return c.guard.dismiss()
}

func signalGroup(pgid int, s syscall.Signal) {
	_ = syscall.Kill(-pgid, s) // the error is that nobody is left
	if s != syscall.SIGKILL {
		_ = syscall.Kill(-pgid, syscall.SIGCONT) // a stopped process gets it only then
	}
}

// groupAlive is true as well if the processes belong to somebody else.
func groupAlive(pgid int) bool { return !errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) }

// groupPoll is how often a group is looked at: nobody tells when its last process ends.
const groupPoll = 10 * time.Millisecond

// awaitGroup waits until nobody is in the group, or for limit.
func awaitGroup(pgid int, limit <-chan time.Time) {
	for groupAlive(pgid) {
		select {
		case <-time.After(groupPoll):
		case <-limit:
			return
		}
	}
}
