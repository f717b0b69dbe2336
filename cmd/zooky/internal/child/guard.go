//go:build unix

package child

import (
	"bufio"
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
}

func startGuard(cmd *exec.Cmd) (*guard, error) {
	// A group of its own: what is sent to ours, by a terminal or a supervisor, must not end the guard.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	return &guard{cmd: cmd, in: in}, nil
}

// watch tells the guard what to end, and how.
func (g *guard) watch(pgid int, s syscall.Signal, grace time.Duration) error {
	_, err := fmt.Fprintln(g.in, pgid, int(s), grace.Nanoseconds())
	return err
}

// dismiss ends the guard and waits for it.
func (g *guard) dismiss() error {
	fmt.Fprintln(g.in, "done") // if it has been killed, there is nothing to dismiss
	g.in.Close()
	_ = g.cmd.Wait()
	return nil
}

// Guard is what the guard's process does: it returns when it is dismissed, or has ended the group.
func Guard(in io.Reader) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	lines := bufio.NewScanner(in)
	if !lines.Scan() || lines.Text() == "done" {
		return lines.Err()
	}
	var pgid, s int
	var grace time.Duration
	if _, err := fmt.Sscan(lines.Text(), &pgid, &s, (*int64)(&grace)); err != nil || pgid <= 1 {
		return fmt.Errorf("guard: %q is no process group", lines.Text())
	}
	if lines.Scan() {
		return nil
	}
	signalGroup(pgid, syscall.Signal(s))
	awaitGroup(pgid, time.After(grace))
	signalGroup(pgid, syscall.SIGKILL)
	return nil
}

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
