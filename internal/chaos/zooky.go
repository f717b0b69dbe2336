//go:build unix

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// The last client is no worker of the library but runs the command line: zooky run, again and
// again, with this program for the command. Faults that stop or kill a client stop or kill zooky
// alone: its command must have ended before another client is granted the lock, and that zooky did
// not run is no excuse.

// buildZooky builds the command line.
func buildZooky(ctx context.Context) (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "chaos-zooky.")
	if err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "zooky")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", file,
		"github.com/zookylock/zklock/cmd/zooky").CombinedOutput()
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("build zooky: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return file, func() { os.RemoveAll(dir) }, nil
}

// zookyJobs is what the client does, each by one zooky at a time.
var zookyJobs = []struct {
	lock   string
	shared bool
}{{mutexName, false}, {tableName, true}}

// runZooky works with the command line until standard input ends. A line there is a signal for
// every zooky that runs.
func (w *worker) runZooky() {
	ctx, cancel := context.WithCancel(context.Background())
	var running processes
	go func() { // ends with standard input
		defer cancel()
		for {
			var n int
			if _, err := fmt.Fscanln(os.Stdin, &n); err != nil {
				return
			}
			running.signal(syscall.Signal(n))
		}
	}()
	w.record(Event{Kind: kindStart})
	var working sync.WaitGroup
	for i := range zookyJobs {
		working.Go(func() { // ends after ctx; waited for below
			rng := rand.New(rand.NewPCG(w.cfg.Seed, uint64(w.cfg.Worker)<<32|uint64(i)))
			for ctx.Err() == nil {
				w.zooky(ctx, i, rng, &running)
			}
		})
	}
	working.Wait()
	w.record(Event{Kind: kindClosed})
}

// zooky runs it once. In one of four cases it is stopped in the middle, for longer than its session
// lasts, and its command has work for longer than that.
func (w *worker) zooky(ctx context.Context, i int, rng *rand.Rand, running *processes) {
	j, op, timeout := zookyJobs[i], int(w.ops.Add(1)), w.cfg.Timeout
	stops, work := rng.IntN(4) == 0, rand64(rng, timeout/4)
	if stops {
		work = 2 * timeout
	}
	order, err := json.Marshal(commandConfig{Worker: w.cfg.Worker, Life: w.cfg.Life,
		Goroutine: i, Op: op,
		Lock: j.lock, Shared: j.shared, Store: w.cfg.Store, For: work, Stubborn: rng.IntN(3) == 0})
	if err != nil {
		panic(err) // it has nothing that cannot be encoded
	}
	self, err := os.Executable()
	if err != nil {
		panic(err) // it was started by that
	}
	args := []string{"run", j.lock, "--servers", w.cfg.Connect, "--root", lockRoot,
		"--session-timeout", timeout.String(),
		"--timeout", timeout.String(), "--wait", (3 * timeout).String()}
	if j.shared {
		args = append(args, "--shared")
	}
	cmd := exec.Command(w.cfg.Zooky, append(args, "--", self)...)
	cmd.Env = append(os.Environ(), workerVariable+"=", commandVariable+"="+string(order))
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, &stderr, workerAttributes()
	w.record(Event{Kind: kindLock, Goroutine: i, Op: op, Lock: j.lock,
		Shared: j.shared, How: "zooky"})
	if err := running.start(cmd); err != nil {
		w.record(Event{Kind: kindFailed, Goroutine: i, Op: op, Lock: j.lock, Result: "error",
			Err: err.Error()})
		return
	}
	ended := make(chan struct{})
	var stopping sync.WaitGroup
	if stops {
		after, span := rand64(rng, timeout), timeout+rand64(rng, timeout)
		// ends with zooky; waited for below
		stopping.Go(func() { w.stopZooky(cmd, after, span, ended) })
	}
	defer context.AfterFunc(ctx, func() { running.signal(syscall.SIGTERM) })()
	_ = cmd.Wait() // its status tells
	running.remove(cmd)
	close(ended)
	stopping.Wait()
	w.zookyEnded(i, op, cmd.ProcessState, stderr.String())
}

func (w *worker) stopZooky(cmd *exec.Cmd, after, span time.Duration, ended <-chan struct{}) {
	select {
	case <-time.After(after):
	case <-ended:
		return
	}
	w.record(Event{Kind: kindStopZooky})
	_ = cmd.Process.Signal(syscall.SIGSTOP) // the error is that it has ended
	<-time.After(span)
	_ = cmd.Process.Signal(syscall.SIGCONT)
}

// commandDone is the exit status of a command that was not asked to end.
const commandDone = 42

// zookyEnded records why the lock was not acquired, or that zooky has ended in a way that it should
// not. If the command has begun it has recorded that itself.
func (w *worker) zookyEnded(i, op int, state *os.ProcessState, stderr string) {
	ev := Event{Kind: kindFailed, Goroutine: i, Op: op, Lock: zookyJobs[i].lock}
	switch state.ExitCode() {
	case commandDone, 123, 128 + int(syscall.SIGTERM), 128 + int(syscall.SIGKILL), -1:
		// -1: we have killed it
		return
	case 124, 125: // not in time, or no server
		ev.Result = "context"
	default:
		ev.Result, ev.Err = "error", fmt.Sprintf("zooky: %v: %s", state, stderr)
	}
	w.record(ev)
}

// processes are the processes that run.
type processes struct {
	mu  sync.Mutex // guards the field below
	all map[*exec.Cmd]struct{}
}

func (p *processes) start(cmd *exec.Cmd) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = make(map[*exec.Cmd]struct{})
	}
	p.all[cmd] = struct{}{}
	return cmd.Start()
}

func (p *processes) remove(cmd *exec.Cmd) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, cmd)
}

func (p *processes) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for cmd := range p.all {
		if cmd.Process != nil {
			_ = cmd.Process.Signal(s) // the error is that it has ended
		}
	}
}

// commandVariable is the environment variable that makes a process the command under zooky run. It
// holds a commandConfig.
const commandVariable = "ZKLOCK_CHAOS_COMMAND"

// commandConfig is what a command is told.
type commandConfig struct {
	Worker, Life, Goroutine, Op int
	Lock                        string
	Shared                      bool
	Store                       string
	For                         time.Duration // it works
	Stubborn                    bool          // it does not end when it is asked to
}

// maybeCommand does not return if this process was started as a command.
func maybeCommand() {
	text := os.Getenv(commandVariable)
	if text == "" {
		return
	}
	var cfg commandConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	os.Exit(cfg.run(&recorder{w: os.Stdout}))
}

// alivePeriod is how often a command says that it runs.
const alivePeriod = 5 * time.Millisecond

// run says that it runs, and writes to the stores, until it is done, asked to end, or killed. It
// returns the exit status.
func (c *commandConfig) run(events *recorder) int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	record := func(ev Event) {
		ev.Worker, ev.Life, ev.Goroutine, ev.Lock, ev.Shared = c.Worker, c.Life, c.Goroutine,
			c.Lock, c.Shared
		events.record(ev)
	}
	token := os.Getenv("ZOOKY_TOKEN")
	record(Event{Kind: kindGranted, Op: c.Op, How: "zooky", Token: token})
	conn, err := net.Dial("tcp", c.Store)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer conn.Close()
	store := newStoreClient(conn)
	done, last := time.After(c.For), now()
	for n := 0; ; n++ {
		select {
		case <-asked:
			if !c.Stubborn {
				record(Event{Kind: kindUnlock, Op: c.Op})
				return 128 + int(syscall.SIGTERM)
			}
		case <-done:
			record(Event{Kind: kindUnlock, Op: c.Op})
			return commandDone
		case <-time.After(alivePeriod):
		}
		if gap := now() - last; gap >= int64(longGap) {
			record(Event{Kind: kindGap, Gap: gap})
		}
		last = now()
		record(Event{Kind: kindAlive, Op: c.Op})
		if !c.Shared && n%10 == 0 {
			c.write(store, record, token, n)
		}
	}
}

// write writes to the store that looks at tokens. The number of the operation is one that no other
// has.
func (c *commandConfig) write(store *storeClient, record func(Event), token string, n int) {
	op := c.Op*commandWrites + n
	value := fmt.Sprintf("%d.%d.%d", c.Worker, c.Life, op)
	ev := Event{Kind: kindWrite, Op: op, How: fenced, Token: token, Value: value}
	record(ev)
	reply, err := store.do(storeRequest{Register: fenced, Lock: c.Lock, Token: token, Value: value})
	ev.Kind, ev.Result = kindWrote, resultOK
	switch {
	case err != nil:
		ev.Result, ev.Err = resultUnknown, err.Error()
	case !reply.Applied:
		ev.Result = resultRefused
	}
	record(ev)
}

// commandWrites is more than a command makes.
const commandWrites = 1_000_000
