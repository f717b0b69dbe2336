// Command without measures what each mechanism of the library gains. In a copy of the module it
// takes one out at a time, and runs the benchmark that should show it, with the mechanism and
// without it in turn.
//
//	go run ./cmd/without               # all
//	go run ./cmd/without -run siblings # those whose names match
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/zookylock/zklock/benchmarks"
	"github.com/zookylock/zklock/internal/patch"
)

func main() {
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("without", flag.ExitOnError)
	pattern := flags.String("run", "", "only the mechanisms that match this `regexp`")
	rounds := flags.Int("rounds", 5, "how often each is measured with and without")
	measure := flags.String("measure", "3s", "how long a pass is measured")
	page := flags.String("docs", "", "write the table into this `file`, between its comments")
	if err := flags.Parse(args); err != nil {
		return err
	}
	wanted, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	tree, err := patch.Copy(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tree)) }()
	b := bench{tree: tree, measure: *measure}
	with, err := b.build(ctx, "with")
	if err != nil {
		return err
	}
	rows := []string{"| without | case | figure | with | without | ratio |",
		"|---|---|---|---:|---:|---:|"}
	for _, m := range mechanisms {
		if !wanted.MatchString(m.name) {
			continue
		}
		undo, err := patch.Apply(tree, m.edits)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		without, err := b.build(ctx, "without")
		if err = errors.Join(err, undo()); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		found, err := b.compare(ctx, m, with, without, *rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, found...)
		fmt.Println(strings.Join(found, "\n"))
	}
	if *page == "" {
		return nil
	}
	return fill(*page, strings.Join(rows, "\n"))
}

// bench builds and runs the benchmarks of a copy of the module.
type bench struct{ tree, measure string }

// build makes a program of the copy as it is.
func (b bench) build(ctx context.Context, name string) (program string, err error) {
	program = filepath.Join(b.tree, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/bench")
	cmd.Dir = filepath.Join(b.tree, "benchmarks")
	cmd.Stderr = os.Stderr
	return program, cmd.Run()
}

// compare runs both programs in turn, the other one first each time, and returns a row for each
// figure of the mechanism.
func (b bench) compare(ctx context.Context, m mechanism, with, without string,
	rounds int) (rows []string, err error) {
	values := make(map[string]map[string][]float64) // by program and figure
	title := ""
	for round := range rounds {
		programs := []string{with, without}
		if round%2 == 1 {
			slices.Reverse(programs)
		}
		for _, program := range programs {
			result, err := b.once(ctx, program, m.benchmark)
			if err != nil {
				return nil, err
			}
			title = result.Title
			if values[program] == nil {
				values[program] = make(map[string][]float64)
			}
			for _, figure := range m.figures {
				values[program][figure] = append(values[program][figure], result.Values[figure]...)
			}
		}
		log.Printf("%s: round %d of %d", m.name, round+1, rounds)
	}
	for i, figure := range m.figures {
		before, name := "", ""
		if i == 0 {
			before, name = m.name, title
		}
		has, lacks := benchmarks.Median(values[with][figure]),
			benchmarks.Median(values[without][figure])
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %.4g | %.4g | %.2f |", before, name, figure,
			has, lacks, lacks/has))
	}
	return rows, nil
}

// once makes a program run one benchmark once.
func (b bench) once(ctx context.Context, program, benchmark string) (benchmarks.Result, error) {
	file := filepath.Join(b.tree, "bench.json")
	out, err := exec.CommandContext(ctx, program, "-library", "^zklock$", "-rounds", "1", "-measure",
		b.measure, "-case", "^"+benchmark+"$", "-json", file).CombinedOutput()
	if err != nil {
		return benchmarks.Result{}, fmt.Errorf("%w\n%s", err, out)
	}
	report, err := benchmarks.ReadReport(file)
	if err != nil {
		return benchmarks.Result{}, err
	}
	if len(report.Results) != 1 {
		return benchmarks.Result{}, fmt.Errorf("no benchmark %s", benchmark)
	}
	return report.Results[0], nil
}

const (
	blockBegin = "<!-- without -->\n\n"
	blockEnd   = "\n\n<!-- end -->"
)

// fill writes the table into the page.
func fill(page, table string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), blockBegin)
	_, after, ends := strings.Cut(rest, blockEnd)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table: want %q and %q", page, blockBegin, blockEnd)
	}
	return os.WriteFile(page, []byte(before+blockBegin+table+blockEnd+after), 0o644)
}
