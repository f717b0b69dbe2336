package peers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// process is a peer in a process of its own. Both sides write one line a message, of fields between
// tabs:
//
//	7  lock  h1  2.5        a request: its number, what to do, the handle, …
//	7  ok  true             its answer
//	7  error  …
//	!  revoked  h1          unasked: another client asked the handle to release
//
// It ends with its stdin, so also with this process.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	stderr  bytes.Buffer // to be read once ended is closed
	ended   chan struct{}
	Version string // as the peer says

	mu      sync.Mutex // guards the fields below, and writes to stdin
	last    int        // number of a request
	handles int
	waiting map[int]chan answer
	revoked map[string]chan struct{}
}

type answer struct {
	text string
	err  error
}

// start runs a peer and waits until it has connected.
func start(ctx context.Context, env []string, argv ...string) (*process, error) {
	p := &process{
		cmd:     exec.Command(argv[0], argv[1:]...),
		ended:   make(chan struct{}),
		waiting: make(map[int]chan answer),
		revoked: make(map[string]chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = 2 * time.Second
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	ready := make(chan answer, 1)
	p.waiting[0] = ready
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(stdout) // ends with the process; Kill and Close wait for it
	ctx, cancel := withStartLimit(ctx)
	defer cancel()
	select {
	case a := <-ready:
		p.Version = a.text
		err = a.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		p.Kill()
		return nil,
			fmt.Errorf("peers: start %s: %w\n%s", strings.Join(argv, " "), err, p.stderr.String())
	}
	return p, nil
}

func (p *process) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		p.dispatch(strings.Split(lines.Text(), "\t"))
	}
	err := errors.Join(lines.Err(), p.cmd.Wait())
	p.mu.Lock()
	defer p.mu.Unlock()
	for number, ch := range p.waiting {
		ch <- answer{err: fmt.Errorf("peers: the process has ended: %v\n%s", err,
			p.stderr.String())}
		delete(p.waiting, number)
	}
	p.waiting = nil
	close(p.ended)
}

func (p *process) dispatch(fields []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fields[0] == "!" && len(fields) == 3 {
		select {
		case p.revoked[fields[2]] <- struct{}{}:
		default: // no goroutine listens, or it has been said already
		}
		return
	}
	number, err := strconv.Atoi(fields[0])
	ch := p.waiting[number]
	if err != nil || ch == nil || len(fields) < 2 {
		return // what a library prints
	}
	delete(p.waiting, number)
	a := answer{text: strings.Join(fields[2:], "\t")}
	if fields[1] != "ok" {
		a.err = errors.New(a.text)
	}
	ch <- a // has room for one
}

// call sends a request and waits for its answer, or the end of the process.
func (p *process) call(verb string, args ...string) (string, error) {
	ch := make(chan answer, 1)
	p.mu.Lock()
	if p.waiting == nil {
		p.mu.Unlock()
		return "", errors.New("peers: the process has ended")
	}
	p.last++
	p.waiting[p.last] = ch
	_, err := fmt.Fprintf(p.stdin, "%d\t%s\t%s\n", p.last, verb, strings.Join(args, "\t"))
	p.mu.Unlock()
	if err != nil {
		<-p.ended // which answers ch
	}
	a := <-ch
	return a.text, a.err
}

// Open implements Client.
func (p *process) Open(kind Kind, path string, extra ...string) (Handle, error) {
	p.mu.Lock()
	p.handles++
	name := "h" + strconv.Itoa(p.handles)
	p.revoked[name] = make(chan struct{}, 1)
	p.mu.Unlock()
	_, err := p.call("open", append([]string{name, string(kind), path}, extra...)...)
	return &remote{p, name}, err
}

// SessionID implements Client.
func (p *process) SessionID() (int64, error) {
	text, err := p.call("session")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// Kill implements Client.
func (p *process) Kill() {
	p.cmd.Process.Kill() // the only error is that it has ended
	<-p.ended
}

// closePatience is how long a peer may take to end its session.
const closePatience = 10 * time.Second

// Close implements Client.
func (p *process) Close() error {
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(closePatience):
		p.Kill()
		return errors.New("peers: the process did not end with its stdin")
	}
	return nil
}

// remote is a Handle in another process.
type remote struct {
	p    *process
	name string
}

func (r *remote) Lock(timeout time.Duration) (bool, error) {
	text, err := r.p.call("lock", r.name, seconds(timeout))
	return strings.EqualFold(text, "true"), err
}

func (r *remote) Unlock() error {
	_, err := r.p.call("unlock", r.name)
	return err
}

// kazooPatience is for how long a reader of kazoo 2.8 waits in Churn before it queues anew: it and
// a writer behind it can wait for one another forever.
const kazooPatience = 20 * time.Millisecond

func (r *remote) Churn(n int, dir string) error {
	_, err := r.p.call("churn", r.name, strconv.Itoa(n), dir, seconds(kazooPatience))
	return err
}

func (r *remote) Contenders() ([]string, error) {
	text, err := r.p.call("contenders", r.name)
	if text == "" {
		return nil, err
	}
	return strings.Split(text, "\t"), err
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
