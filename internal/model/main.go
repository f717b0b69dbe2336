// Command model checks the models of the lock recipe, with spin. Every model must hold in every
// state within its bounds, and every mutant of it, a model with one rule left out, must break the
// property that the rule is for. It exits with 1 if not, and with 2 if a search could not be made
// or was not complete. docs/model.md says what that proves.
//
//	go run ./internal/model             # all, within small bounds
//	go run ./internal/model -full       # within larger ones
//	go run ./internal/model -run lease  # those whose names match
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// atOnce is how many searches run at a time.
const atOnce = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	full := flag.Bool("full", false, "search within larger bounds as well")
	pattern := flag.String("run", "", "regular expression for the names of the searches to make")
	dir := flag.String("dir", filepath.Join("internal", "model"), "folder of the models")
	flag.Parse()
	wanted, err := regexp.Compile(*pattern)
	if err != nil || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	t, err := findTools(ctx, func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "model:", err)
		return 2
	}
	var chosen []search
	for _, s := range searches(*full) {
		if wanted.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		fmt.Fprintln(os.Stderr, "model: none of that name")
		return 2
	}
	begun := time.Now()
	wrong, broken := t.all(ctx, *dir, chosen)
	if ctx.Err() != nil {
		return 2
	}
	fmt.Printf("%d searches in %v, %d wrong, %d could not be made\n",
		len(chosen), time.Since(begun).Round(time.Second), wrong, broken)
	switch {
	case broken > 0:
		return 2
	case wrong > 0:
		return 1
	default:
		return 0
	}
}

// all makes the searches, and prints how each has ended.
func (t tools) all(ctx context.Context, dir string, chosen []search) (wrong, broken int) {
	var mu sync.Mutex // guards what is printed and counted
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, s := range chosen {
		if ctx.Err() != nil {
			break
		}
		room <- struct{}{}
		all.Go(func() { // ends with its search; waited for below
			defer func() { <-room }()
			r, err := t.check(ctx, filepath.Join(dir, s.file), s.mutant, s.breaks, s.bounds)
			mu.Lock()
			defer mu.Unlock()
			verdict := "holds"
			switch {
			case err != nil:
				broken++
				verdict = "ERROR " + err.Error()
			case r.broke != s.breaks:
				wrong++
				verdict = fmt.Sprintf("WRONG: breaks %q, not %q", r.broke, s.breaks)
			case s.breaks != "":
				verdict = "breaks " + r.broke
			}
			fmt.Printf("%-76s %9d states, depth %6d, %5.1f s  %s\n", s.name, r.states, r.depth,
				r.took.Seconds(), verdict)
			if s.mutant == 0 {
				fmt.Printf("    %s\n", strings.Join(s.bounds, " "))
			}
		})
	}
	all.Wait()
	return wrong, broken
}
