package benchmarks

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed" // for the programs
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/peers"
)

var (
	//go:embed drivers/kazoo.py
	kazooDriver string
	//go:embed drivers/CuratorBench.java
	curatorDriver string
)

// external runs the loops of a library that is not for Go, in one process that lives for as long as
// it is of use: Java is slow until it is warm. A pass is one line to the process and one line back:
//
//	loop 127.0.0.1:2181 10 /bench/a-1 8 1 0.5 3 0 one seconds; path; sessions and workers on each; warm-up and measuring; permits; names
//	ok 3.0002 511 509 …                               seconds, and how often each worker acquired the lock
//	error …
//
// It ends with its stdin, so also with this process.
type external struct {
	argv    []string
	env     []string
	version string // as the process says

	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *bytes.Buffer
}

func startKazoo(ctx context.Context, b *bench) (client, error) {
	py, err := peers.Kazoo(ctx, b.logf)
	if err != nil {
		return nil, err
	}
	return b.startExternal(py.Env, py.Binary, "-c", kazooDriver)
}

func startCurator(ctx context.Context, b *bench) (client, error) {
	java, err := peers.Curator(ctx, b.logf)
	if err != nil {
		return nil, err
	}
	source := filepath.Join(b.dir, "CuratorBench.java")
	if err := os.WriteFile(source, []byte(curatorDriver), 0o600); err != nil {
		return nil, err
	}
	compile := append(java.Compiler[1:], "-proc:none", "-d", b.dir, "-cp", java.ClassPath, source)
	if out, err := exec.CommandContext(ctx, java.Compiler[0],
		compile...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile %s: %w\n%s", source, err, out)
	}
	return b.startExternal(nil, java.Binary, "-Xmx1g", "-Djava.net.preferIPv4Stack=true",
		"-XX:-UsePerfData",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp",
		b.dir+string(filepath.ListSeparator)+java.ClassPath, "CuratorBench")
}

func (b *bench) startExternal(env []string, argv ...string) (*external, error) {
	e := &external{argv: argv, env: env}
	if err := e.start(); err != nil {
		return nil, err
	}
	b.versions = append(b.versions, e.version)
	return e, nil
}

func (e *external) start() error {
	e.cmd = exec.Command(e.argv[0], e.argv[1:]...)
	e.cmd.Env = append(os.Environ(), e.env...)
	e.stderr = new(bytes.Buffer)
	e.cmd.Stderr = e.stderr
	in, err := e.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := e.cmd.Start(); err != nil {
		return err
	}
	e.in, e.out = in, bufio.NewReader(out)
	e.version, err = e.answer(context.Background())
	return err
}

// stop ends the process at once, with what it may still be doing.
func (e *external) stop() {
	if e.cmd != nil {
		_ = e.cmd.Process.Kill() // it has ended otherwise
		_ = e.cmd.Wait()         // says that it was killed
		e.cmd = nil
	}
}

func (e *external) close() error {
	e.stop()
	return nil
}

// ask sends a request and returns the answer, in numbers.
func (e *external) ask(ctx context.Context, words ...any) ([]float64, error) {
	if e.cmd == nil {
		if err := e.start(); err != nil {
			return nil, err
		}
	}
	if _, err := fmt.Fprintln(e.in, words...); err != nil {
		return nil, e.died(err)
	}
	line, err := e.answer(ctx)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", words[0], err)
	}
	var numbers []float64
	for _, word := range strings.Fields(line) {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, fmt.Errorf("%v: answer %q: %w", words[0], line, err)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func (e *external) answer(ctx context.Context) (string, error) {
	kill := context.AfterFunc(ctx, func() { _ = e.cmd.Process.Kill() })
	defer kill()
	line, err := e.out.ReadString('\n')
	if err != nil {
		return "", e.died(err)
	}
	status, text, _ := strings.Cut(strings.TrimSpace(line), " ")
	if status != "ok" {
		return "", errors.New(text)
	}
	return text, nil
}

func (e *external) died(err error) error {
	e.stop()
	return fmt.Errorf("%s has ended: %w\n%s", filepath.Base(e.argv[0]), err, e.stderr)
}

func (e *external) loop(ctx context.Context, l loop) (tally, error) {
	n, err := e.ask(ctx, "loop", l.connect, l.timeout.Seconds(), l.path, l.sessions, l.workers,
		l.warm.Seconds(), l.measure.Seconds(), l.permits, cmp.Or(l.names, "one"))
	if err != nil {
		return tally{}, err
	}
	if len(n) != 1+l.sessions*l.workers {
		return tally{}, fmt.Errorf("loop: %d numbers in the answer", len(n))
	}
	return tally{seconds(n[0]), integers(n[1:])}, nil
}

func (e *external) readWrite(ctx context.Context, rw readWrite) (readWriteTally, error) {
	n, err := e.ask(ctx, "readwrite", rw.connect, rw.timeout.Seconds(), rw.path, rw.readers,
		rw.every.Seconds(), rw.warm.Seconds(), rw.measure.Seconds())
	if err != nil {
		return readWriteTally{}, err
	}
	if len(n) != 3+rw.readers {
		return readWriteTally{}, fmt.Errorf("readwrite: %d numbers in the answer", len(n))
	}
	return readWriteTally{tally{seconds(n[0]), integers(n[3:])}, int(n[1]), seconds(n[2])}, nil
}

func (e *external) queue(ctx context.Context, p place, sessions, n int,
	opened func()) (queued, error) {
	if err := e.open(ctx, p, sessions); err != nil {
		return nil, err
	}
	opened()
	_, err := e.ask(ctx, "queue", p.path, n)
	return e, err
}

// open opens the sessions of what is asked next.
func (e *external) open(ctx context.Context, p place, sessions int) error {
	_, err := e.ask(ctx, "open", p.connect, p.timeout.Seconds(), sessions)
	return err
}

func (e *external) handOff(ctx context.Context, n int) (time.Duration, error) {
	return e.duration(ctx, "handoff", n)
}

// duration asks how long something takes.
func (e *external) duration(ctx context.Context, words ...any) (time.Duration, error) {
	took, err := e.ask(ctx, words...)
	if err != nil {
		return 0, err
	}
	if len(took) != 1 {
		return 0, fmt.Errorf("%v: %d numbers in the answer", words[0], len(took))
	}
	return seconds(took[0]), nil
}

// leave ends the process too: thousands of threads of it have lost their session.
func (e *external) leave() error {
	_, err := e.ask(context.Background(), "leave")
	e.stop()
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func integers(numbers []float64) []int {
	n := make([]int, len(numbers))
	for i, f := range numbers {
		n[i] = int(math.Round(f))
	}
	return n
}
