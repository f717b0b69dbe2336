package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// crew is the worker processes as the demonstration sees them.
type crew struct {
	members []*member
	events  chan event
	closing chan struct{}  // closed by close
	readers sync.WaitGroup // one for each process
}

// member is one worker process.
type member struct {
	name   string
	cmd    *exec.Cmd
	orders io.WriteCloser // the process's standard input
	told   io.Reader      // its standard output
	exited chan struct{}  // closed when the process has ended
}

// startCrew starts a process for every name, with what command returns.
func startCrew(names []string, command func(name string) *exec.Cmd) (*crew, error) {
	c := &crew{events: make(chan event), closing: make(chan struct{})}
	for _, name := range names {
		m := &member{name: name, cmd: command(name), exited: make(chan struct{})}
		if err := m.start(); err != nil {
			c.close()
			return nil, fmt.Errorf("start worker %s: %w", name, err)
		}
		c.members = append(c.members, m)
		c.readers.Go(func() { c.read(m) }) // ends with the process, which close sees to
	}
	return c, nil
}

func (m *member) start() (err error) {
	if m.orders, err = m.cmd.StdinPipe(); err != nil {
		return err
	}
	if m.told, err = m.cmd.StdoutPipe(); err != nil {
		return err
	}
	return m.cmd.Start()
}

// read passes on what one process tells, and that it has ended.
func (c *crew) read(m *member) {
	defer close(m.exited)
	reason := ""
	lines := bufio.NewScanner(m.told)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			reason = fmt.Sprintf("said %q: ", lines.Text())
			continue
		}
		e.Worker = m.name
		c.pass(e)
	}
	if err := m.cmd.Wait(); err != nil {
		reason += err.Error()
	}
	c.pass(event{Worker: m.name, What: exited, At: time.Now(), Reason: reason})
}

// pass hands an event to the receiver. After close there is none.
func (c *crew) pass(e event) {
	select {
	case c.events <- e:
	case <-c.closing:
	}
}

func (c *crew) member(name string) *member {
	for _, m := range c.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// order tells one worker what to do.
func (c *crew) order(name, order string) error {
	if _, err := io.WriteString(c.member(name).orders, order+"\n"); err != nil {
		return fmt.Errorf("order %q to worker %s: %w", order, name, err)
	}
	return nil
}

// kill ends one worker as kill -9 does.
func (c *crew) kill(name string) error { return c.member(name).cmd.Process.Kill() }

// next returns the next event.
func (c *crew) next(ctx context.Context) (event, error) {
	select {
	case e := <-c.events:
		return e, nil
	case <-ctx.Done():
		return event{}, context.Cause(ctx)
	}
}

// closePatience is how long a worker may take to notice that it has to end.
const closePatience = 5 * time.Second

// close ends every process that still runs, and waits for it.
func (c *crew) close() {
	close(c.closing)
	for _, m := range c.members {
		m.orders.Close() // which the worker notices; the error is that it has ended
	}
	limit := time.After(closePatience)
	for _, m := range c.members {
		select {
		case <-m.exited:
		case <-limit:
			limit = time.After(0)
			m.cmd.Process.Kill()
		}
	}
	c.readers.Wait()
}
