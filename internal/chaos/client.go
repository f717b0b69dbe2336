//go:build unix

package chaos

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// client is a worker as the harness sees it: a process that is started, stopped and killed.
type client struct {
	h      *history
	cfg    workerConfig // of the next life
	links  []*link      // to each server
	names  *names       // of the servers; nil if they have addresses only
	moves  int          // how often the servers have got other addresses
	mu     sync.Mutex   // guards the fields below
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr *bytes.Buffer
	read   chan struct{} // closed when the history has everything of this life
}

// start begins a life of the worker.
func (c *client) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := json.Marshal(c.cfg)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), workerVariable+"="+string(text))
	cmd.SysProcAttr = workerAttributes()
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	read := make(chan struct{})
	go func() { // ends with the process, and is waited for by finish
		defer close(read)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			c.h.addLine(lines.Bytes())
		}
	}()
	c.cmd, c.stdin, c.stderr, c.read = cmd, stdin, stderr, read
	return nil
}

// signal sends a signal to the worker, which is our child until finish has waited for it.
func (c *client) signal(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cmd.Process.Signal(sig)
}

func (c *client) event(kind Kind) {
	c.h.record(Event{Kind: kind, Worker: c.cfg.Worker, Life: c.cfg.Life})
}

// pause stops the process for a while.
func (c *client) pause(wait func()) error {
	if c.cfg.Zooky != "" {
		c.event(kindStopZooky)
		err := c.signalZooky(syscall.SIGSTOP)
		wait()
		return errors.Join(err, c.signalZooky(syscall.SIGCONT))
	}
	c.event(kindStop)
	err := c.signal(syscall.SIGSTOP)
	wait()
	err = errors.Join(err, c.signal(syscall.SIGCONT))
	c.event(kindCont)
	return err
}

// signalZooky sends a signal to every zooky that the client runs, and to none of their commands.
func (c *client) signalZooky(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintln(c.stdin, int(sig))
	return err
}

// restart kills the process and starts the next life.
func (c *client) restart(wait func()) error {
	if c.cfg.Zooky != "" { // which the client starts again by itself
		c.event(kindStopZooky)
		return c.signalZooky(syscall.SIGKILL)
	}
	c.event(kindKill)
	if err := c.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-c.read
	c.cmd.Wait() // killed, as we know
	wait()
	c.cfg.Life++
	return c.start()
}

// finish makes the worker close its Session and end, and waits for it.
func (c *client) finish(patience time.Duration) error {
	c.stdin.Close()
	select {
	case <-c.read:
	case <-time.After(patience):
		return fmt.Errorf("worker %d had not ended after %v:\n%s", c.cfg.Worker,
			patience, c.stacks())
	}
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("worker %d: %w:\n%s", c.cfg.Worker, err, c.stderr)
	}
	return nil
}

// stacks ends the process, and returns what its goroutines were doing.
func (c *client) stacks() string {
	c.event(kindKill)
	c.signal(syscall.SIGQUIT)
	select {
	case <-c.read:
		c.cmd.Wait() // it ends with an error, as wanted
	case <-time.After(5 * time.Second):
		c.kill()
	}
	return c.stderr.String()
}

// kill ends the process without a question.
func (c *client) kill() {
	c.signal(syscall.SIGKILL)
	<-c.read
	c.cmd.Wait()
}

// reach opens the client's links to some servers and shuts the others.
func (c *client) reach(which func(server int) bool) {
	for i, l := range c.links {
		l.shut(!which(i))
	}
}

// hanging returns how many writes of the client's no server has answered.
func (c *client) hanging() (n int) {
	for _, l := range c.links {
		n += l.hanging()
	}
	return n
}

// harm breaks the client's links to every server until wait returns.
func (c *client) harm(f linkFaults, wait func()) {
	for _, l := range c.links {
		l.set(f)
	}
	wait()
	for _, l := range c.links {
		l.set(linkFaults{})
	}
}
