package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/debian"
)

// tools are the programs that check a model.
type tools struct{ spin, cc string }

// findTools finds spin, or fetches Debian's, and the C compiler that its checkers need.
func findTools(ctx context.Context, logf func(string, ...any)) (tools, error) {
	cc := debian.Look("gcc")
	if cc == "" {
		return tools{}, errors.New("models need gcc: install a C compiler")
	}
	if spin := debian.Look("spin"); spin != "" {
		return tools{spin, cc}, nil
	}
	cache, err := debian.Open(logf)
	if err != nil {
		return tools{}, err
	}
	root, err := cache.Entry(ctx, "spin", func(work string) (string, error) {
		return cache.Unpack(ctx, work, "spin")
	})
	if err != nil {
		return tools{}, fmt.Errorf("models need spin, and it could not be fetched: %w", err)
	}
	return tools{filepath.Join(root, "usr", "bin", "spin"), cc}, nil
}

// depth bounds a search in steps, and memory in megabytes. A search that meets a bound is no proof.
const (
	depth  = 1_000_000
	memory = 4000
)

// result is how a search ended.
type result struct {
	broke  string // the property that does not hold; "" if all do
	states int
	depth  int
	took   time.Duration
}

var (
	assertion  = regexp.MustCompile(`pan:1: assertion violated (\w+) `)
	otherError = regexp.MustCompile(`pan:1: (.*) \(at depth`)
	incomplete = regexp.MustCompile(`max search depth too small|out of memory|reached -DMEMLIM|Search not completed`)
	figures    = regexp.MustCompile(`(?s)depth reached (\d+), errors: (\d+).*?(\d+) states, stored`)
)

// waiting is the name of the property that no client waits forever.
const waiting = "waiting"

// check searches all states of a model. If breaks names a property, only that is checked.
func (t tools) check(ctx context.Context, file string, mutant int, breaks string,
	bounds []string) (result, error) {
	dir, err := os.MkdirTemp("", "model.")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	model, err := filepath.Abs(file)
	if err != nil {
		return result{}, err
	}
	generate := []string{"-a", "-DMUTANT=" + strconv.Itoa(mutant)}
	if breaks != "" {
		generate = append(generate, "-DBREAKS="+strings.ToUpper(breaks))
	}
	for _, bound := range bounds {
		generate = append(generate, "-D"+bound)
	}
	if out, err := debian.Run(ctx, dir, t.spin, append(generate, model)...); err != nil {
		return result{}, err
	} else if strings.Contains(string(out), "Error") {
		return result{}, fmt.Errorf("spin: %s", out)
	}
	optimize := "-O2"
	if breaks != "" {
		optimize = "-O0" // the search is soon over
	}
	compile := []string{optimize, "-w", "-DSAFETY", "-DCOLLAPSE", fmt.Sprint("-DMEMLIM=", memory),
		"-o", "pan", "pan.c"}
	if _, err := debian.Run(ctx, dir, t.cc, compile...); err != nil {
		return result{}, err
	}
	search := []string{fmt.Sprint("-m", depth)}
	switch breaks {
	case "":
	case waiting:
		search = append(search, "-A") // no assertions
	default:
		search = append(search, "-E") // no invalid end states
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "pan"), search...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	r, readErr := read(string(out))
	if readErr != nil {
		return r, fmt.Errorf("%w: %v\n%s", readErr, err, out)
	}
	r.took = time.Since(begun)
	return r, nil
}

// read reads what a checker has printed.
func read(out string) (r result, err error) {
	if m := assertion.FindStringSubmatch(out); m != nil {
		r.broke = m[1]
	} else if m := otherError.FindStringSubmatch(out); m != nil {
		r.broke = m[1]
		if r.broke == "invalid end state" {
			r.broke = waiting
		}
	}
	m := figures.FindStringSubmatch(out)
	switch {
	case m == nil:
		return r, errors.New("the checker did not finish")
	case r.broke == "" && incomplete.MatchString(out):
		return r, errors.New("the search was not complete")
	case (m[2] == "0") != (r.broke == ""):
		return r, errors.New("the checker found an error that it does not name")
	}
	r.depth, _ = strconv.Atoi(m[1])
	r.states, _ = strconv.Atoi(m[3])
	return r, nil
}
