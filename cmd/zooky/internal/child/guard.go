//go:build unix

package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// guard is a process that ends the group if this process dies, kill -9 included: the lock is granted to somebody else
// soon after, and the command must not be running then.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser // whose end, without a word, means that this process is dead
	out io.Reader      // a line for each line of in that it goes by
}

// ending is how a group is ended: by a signal, and by SIGKILL after grace.
type ending struct {
	signal syscall.Signal
	grace  time.Duration
}

// now leaves no time for anything.
var now = ending{signal: syscall.SIGKILL}

func startGuard(cmd *exec.Cmd) (*guard, error) {
	// A group of its own: what is sent to ours, by a terminal or a supervisor, must not end the guard.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	return &guard{cmd: cmd, in: in, out: out}, nil
}

// watch tells the guard what to end, and how, and returns when the guard knows. The last word counts.
func (g *guard) watch(pgid int, e ending) error {
	_, err := fmt.Fprintln(g.in, pgid, int(e.signal), e.grace.Nanoseconds())
	if err == nil {
		_, err = io.ReadFull(g.out, make([]byte, len(heard)))
	}
	if err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	return nil
}

// heard is the guard's answer.
const heard = "\n"

// dismiss ends the guard and waits for it.
func (g *guard) dismiss() error {
	fmt.Fprintln(g.in, dismissed) // if it has been killed, there is nothing to dismiss
	g.in.Close()
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	return nil
}

const dismissed = "done"

// Guard is what the guard's process does: it returns when it is dismissed, or has ended the group.
func Guard(in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	var pgid int
	var e ending
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if lines.Text() == dismissed {
			return nil
		}
		if _, err := fmt.Sscan(lines.Text(), &pgid, (*int)(&e.signal), (*int64)(&e.grace)); err != nil || pgid <= 1 {
			return errors.New("it was told no process group")
		}
		if _, err := io.WriteString(out, heard); err != nil {
			break // the reader has died
		}
	}
	if pgid > 1 {
		signalGroup(pgid, e.signal)
		awaitGroup(pgid, time.After(e.grace))
		signalGroup(pgid, syscall.SIGKILL)
	}
	return nil
}
