package simulate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zookylock/zklock"
)

// Seeds are those to try: First and those after it, Count of them, or as many as For allows.
type Seeds struct {
	First uint64
	Count int
	For   time.Duration // 0 for no bound
}

// planVariable makes a process run one plan and print what happened, and seedsVariable so many
// seeds.
const (
	planVariable  = "SIMULATE_PLAN"
	seedsVariable = "SIMULATE_WORKER"
)

// Main is the body of a test: it tries seeds, in a process of its own, for a plan that fails can
// take the process with it. Of the first one that fails it reports the fewest steps that fail
// still.
func Main(t *testing.T, seeds Seeds, opts ...zklock.SessionOption) {
	if text := os.Getenv(planVariable); text != "" {
		runOne(t, text, opts)
		return
	}
	if text := os.Getenv(seedsVariable); text != "" {
		runSeeds(t, text, opts)
		return
	}
	out, failed := process(t,
		seedsVariable+"="+fmt.Sprint(seeds.First, " ", seeds.Count, " ", seeds.For), 0)
	seed, ok := lastSeed(out)
	if !failed {
		t.Log(lastLines(out, 3))
		return
	}
	if !ok {
		t.Fatal(out)
	}
	t.Errorf("seed %d fails:\n%s", seed, lastLines(out, 40))
	if os.Getenv("SIMULATE_SHRINK") == "no" {
		return
	}
	var last string
	shrunk, ok := Shrink(New(seed), func(p Plan) bool {
		for range 3 {
			if out, failed := process(t, planVariable+"="+p.Encode(), time.Minute); failed {
				last = out
				return true
			}
		}
		return false
	})
	if !ok {
		t.Error("not again: what fails depends on more than the plan")
	}
	t.Errorf("%s=%s\n%v\n%s", planVariable, "'"+shrunk.Encode()+"'", shrunk, lastLines(last, 200))
}

// Shrink returns the fewest steps found that fail still. It is false if the whole plan does not
// fail.
func Shrink(p Plan, fails func(Plan) bool) (Plan, bool) {
	if !fails(p) {
		return p, false
	}
	for n := (len(p.Steps) + 1) / 2; n > 0; n /= 2 {
		for at := 0; at < len(p.Steps); {
			less := p
			less.Steps = append(append([]Step(nil), p.Steps[:at]...),
				p.Steps[min(at+n, len(p.Steps)):]...)
			if fails(less) {
				p = less
			} else {
				at += n
			}
		}
	}
	return p, true
}

// process runs the test in a process of its own, and reports whether it fails.
func process(t *testing.T, setting string, limit time.Duration) (out string, failed bool) {
	ctx, cancel := t.Context(), context.CancelFunc(func() {})
	if limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=24h")
	cmd.Env = append(os.Environ(), setting)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	err := cmd.Run()
	return text.String(), err != nil
}

// stalled is for how long one plan may run on the machine's clock. If virtual time stands still it
// does not end.
const stalled = 45 * time.Second

// watch ends the process if a plan goes on for too long. The caller stops it.
func watch() (stop func() bool) {
	return time.AfterFunc(stalled, func() {
		fmt.Fprintln(os.Stderr, "VIOLATION virtual time stands still")
		panic("virtual time stands still")
	}).Stop
}

func runOne(t *testing.T, text string, opts []zklock.SessionOption) {
	p, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	defer watch()()
	wrong, trace := Run(t, p, opts...)
	if len(wrong) > 0 {
		t.Error(strings.Join(trace, "\n"))
		t.Error(strings.Join(wrong, "\n"))
	}
}

func runSeeds(t *testing.T, text string, opts []zklock.SessionOption) {
	var seeds Seeds
	var duration string
	if _, err := fmt.Sscan(text, &seeds.First, &seeds.Count, &duration); err != nil {
		t.Fatal(err)
	}
	limit, err := time.ParseDuration(duration)
	if err != nil {
		t.Fatal(err)
	}
	begun, n := time.Now(), 0
	for seed := seeds.First; n < seeds.Count && (limit == 0 || time.Since(begun) < limit); seed++ {
		fmt.Println("SEED", seed)
		stop := watch()
		wrong, _ := Run(t, New(seed), opts...)
		if stop(); len(wrong) > 0 {
			t.Fatal(strings.Join(wrong, "\n"))
		}
		n++
	}
	took := time.Since(begun)
	fmt.Printf("%d seeds from %d in %v, %.1f a second, none fails\n",
		n, seeds.First, took.Round(time.Second), float64(n)/took.Seconds())
}

// lastSeed returns the seed that was tried last.
func lastSeed(out string) (seed uint64, ok bool) {
	at := strings.LastIndex(out, "SEED ")
	if at < 0 {
		return 0, false
	}
	text, _, _ := strings.Cut(out[at+len("SEED "):], "\n")
	seed, err := strconv.ParseUint(text, 10, 64)
	return seed, err == nil
}

func lastLines(out string, n int) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
