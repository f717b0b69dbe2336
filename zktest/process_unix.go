//go:build unix

package zktest

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// detach puts cmd into a process group of its own, so that Ctrl-C in a terminal reaches the
// program, which then ends the servers, and does not reach the servers first.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// pause returns when the process has stopped. kill(2) does not wait for that: until one thread
// handles the signal the others run on. On a busy machine a third of the servers "paused" by the
// signal alone still answered.
func (p *process) pause() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	limit := time.After(stopLimit)
	for {
		if stopped, err := p.stopped(); stopped || err != nil {
			return err
		}
		select {
		case <-poll.C:
		case <-p.exited:
			return os.ErrProcessDone
		case <-limit:
			return errors.New("still running after SIGSTOP")
		}
	}
}

func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// terminate asks for an orderly end. A paused process gets the signal only once it continues.
func (p *process) terminate() error {
	return errors.Join(p.cmd.Process.Signal(syscall.SIGTERM), p.cmd.Process.Signal(syscall.SIGCONT))
}
