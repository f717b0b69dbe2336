//go:build unix

// Package child runs a command in a process group of its own, of which nothing is left when it has to end.
package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Child is a command that runs.
type Child struct {
	cmd   *exec.Cmd
	guard *guard
	ended chan struct{} // closed when the command has ended, its group perhaps not
	tty   *os.File      // the terminal that the group was given; nil if none
}

// Start starts cmd. guardCommand is the command line of a process that runs Guard. If this process dies, the guard ends
// the group: by the signal, and by SIGKILL after grace.
func Start(cmd, guardCommand *exec.Cmd, signal syscall.Signal, grace time.Duration) (*Child, error) {
	g, err := startGuard(guardCommand)
	if err != nil {
		return nil, err
	}
	c := &Child{cmd: cmd, guard: g, ended: make(chan struct{})}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if tty, ok := cmd.Stdin.(*os.File); ok && inForeground(tty) {
		// A group in the background may not read from the terminal, and Ctrl-C would not reach it.
		cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, int(tty.Fd())
		c.tty = tty
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, g.dismiss())
	}
	if err := g.watch(cmd.Process.Pid, signal, grace); err != nil {
		c.Signal(syscall.SIGKILL)
		cmd.Wait()
		return nil, errors.Join(err, g.dismiss())
	}
	go c.wait() // ended by the command's end, which the caller awaits
	return c, nil
}

func (c *Child) wait() {
	defer close(c.ended)
	_ = c.cmd.Wait() // ProcessState has what is wanted
	if c.tty != nil {
		takeForeground(c.tty)
	}
}

// Ended returns a channel that is closed when the command has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Status is the command's exit status as a shell has it, after its end.
func (c *Child) Status() int {
	if status := c.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal())
	}
	return c.cmd.ProcessState.ExitCode()
}

// Signal sends a signal to every process in the group. There may be none any more.
func (c *Child) Signal(s syscall.Signal) { signalGroup(c.cmd.Process.Pid, s) }

// Alive reports whether anybody is in the group.
func (c *Child) Alive() bool { return groupAlive(c.cmd.Process.Pid) }

// Release lets the guard go, after the command's end.
func (c *Child) Release() error { return c.guard.dismiss() }

func signalGroup(pgid int, s syscall.Signal) {
	_ = syscall.Kill(-pgid, s) // the error is that nobody is left
	if s != syscall.SIGKILL {
		_ = syscall.Kill(-pgid, syscall.SIGCONT) // a stopped process gets it only then
	}
}

// groupAlive is true as well if the processes belong to somebody else.
func groupAlive(pgid int) bool { return !errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) }

// inForeground reports whether f is this process's terminal, and this process's group in its foreground.
func inForeground(f *os.File) bool {
	pgid, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err == nil && pgid == unix.Getpgrp()
}
