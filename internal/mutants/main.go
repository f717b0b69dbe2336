// Command mutants proves that the tests can fail. It breaks the library in one place after the
// other, in a copy, and wants a test to notice each time. It exits with 1 if a mutant survives, and
// with 2 if one could not be tried: because the code it changes is no longer there, does not
// compile with it, or the tests fail without it.
//
//	go run ./internal/mutants            # all
//	go run ./internal/mutants -run lease # those whose names match, or whose files do
//	go run ./internal/mutants -shard 1/2 # half of them, while another process tries 2/2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zookylock/zklock/internal/patch"
)

type edit = patch.Edit

// mutant is one way to break the library.
type mutant struct {
	name  string
	edits []edit
	tests string // the tests that must fail, with | between them, few enough to be quick
	seeds int    // how many the simulator may try, if that is to notice and not a test for it
}

// The tests of a mutant may take some times longer than they do without it, and this long at least.
// A test that is cut short by that has noticed: it would hang, or wait for something until its own
// patience is over.
const (
	slowdown   = 3
	leastLimit = 10 * time.Second
)

// The simulator is not cut short: that would say nothing. Without a mutant it tries few seeds.
const (
	simulator      = "TestSimulate"
	simulatorLimit = 30 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	pattern := flag.String("run", "", "regular expression for the names or files of the mutants to try")
	shard := flag.String("shard", "1/1", "which part of how many to try: 2/3 is the second third")
	flag.Parse()
	wanted, err := regexp.Compile(*pattern)
	part, of, ok := parseShard(*shard)
	if err != nil || !ok || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	if err := adoptOrphans(); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 2
	}
	tree, err := patch.Copy(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 2
	}
	defer os.RemoveAll(tree)

	homes, err := testHomes(tree)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 2
	}
	chosen := slices.DeleteFunc(all(), func(m mutant) bool { return !m.matches(wanted) })
	chosen = chosen[len(chosen)*(part-1)/of : len(chosen)*part/of]
	if len(chosen) == 0 {
		fmt.Fprintln(os.Stderr, "mutants: none of that name")
		return 2
	}
	var tests, packages []string
	for _, m := range chosen {
		if !slices.Contains(tests, m.tests) {
			tests = append(tests, m.tests)
		}
		for _, pkg := range m.packages(homes) {
			if !slices.Contains(packages, pkg) {
				packages = append(packages, pkg)
			}
		}
	}
	sound := test(ctx, tree, strings.Join(tests, "|"), 20*time.Minute, 0, false, packages...)
	unsound := sound.failures()
	if sound.failed() && len(unsound) == 0 {
		fmt.Fprintf(os.Stderr, "mutants: the tests do not pass without a mutant:\n%s", sound.output)
		return 2
	}
	survived, broken := 0, 0
	for _, m := range chosen {
		if name := m.oneOf(unsound); name != "" {
			broken++
			fmt.Printf("%-55s ERROR %s does not pass without it\n", m.name, name)
			continue
		}
		begun := time.Now()
		limit := max(leastLimit, slowdown*sound.took(m.tests))
		if m.seeds > 0 {
			limit = simulatorLimit
		}
		v, err := m.try(ctx, tree, homes, limit)
		switch {
		case err != nil:
			broken++
			fmt.Printf("%-55s ERROR %v\n", m.name, err)
		case !v.failed():
			survived++
			fmt.Printf("%-55s SURVIVED %s\n", m.name, m.tests)
		default:
			fmt.Printf("%-55s caught by %s (%v)\n", m.name, v.by,
				time.Since(begun).Round(time.Second))
		}
		if ctx.Err() != nil {
			return 2
		}
	}
	fmt.Printf("%d mutants, %d caught, %d survived, %d could not be tried\n",
		len(chosen), len(chosen)-survived-broken, survived, broken)
	switch {
	case broken > 0:
		return 2
	case survived > 0:
		return 1
	default:
		return 0
	}
}

// parseShard reads "2/3". It is false if there is no such part.
func parseShard(text string) (part, of int, ok bool) {
	first, second, _ := strings.Cut(text, "/")
	part, err := strconv.Atoi(first)
	of, err2 := strconv.Atoi(second)
	return part, of, err == nil && err2 == nil && 1 <= part && part <= of
}

// all returns the ways to break the library that some test must notice, those for the simulator
// among them.
func all() []mutant {
	list := slices.Concat(ofLibrary, ofSurvey, ofHolds, ofCandidates, ofSemaphores, ofEnsemble,
		ofWire, ofZooky, ofOthers)
	for _, m := range simulated {
		m.tests = simulator
		list = append(list, m)
	}
	return list
}

// try applies the mutant to the copy, runs its tests, and takes it back.
func (m mutant) try(ctx context.Context, tree string, homes map[string][]string,
	limit time.Duration) (verdict, error) {
	undo, err := patch.Apply(tree, m.edits)
	if err != nil {
		return verdict{}, err
	}
	defer undo()
	v := test(ctx, tree, m.tests, limit, m.seeds, true, m.packages(homes)...)
	if v.failed() && v.by == "" {
		return v, fmt.Errorf("no test failed, go test did:\n%s", v.output)
	}
	return v, nil
}

// verdict is how the tests went.
type verdict struct {
	err    error
	by     string // the test that noticed
	output string
}

func (v verdict) failed() bool { return v.err != nil }

// failures returns the tests that have failed, without their parts.
func (v verdict) failures() (names []string) {
	for _, m := range failedTest.FindAllStringSubmatch(v.output, -1) {
		if !strings.Contains(m[1], "/") {
			names = append(names, m[1])
		}
	}
	return names
}

// took returns how long the tests took, their parts one after the other.
func (v verdict) took(tests string) (sum time.Duration) {
	wanted := regexp.MustCompile("^(" + tests + ")$")
	for _, m := range passedTest.FindAllStringSubmatch(v.output, -1) {
		name, _, _ := strings.Cut(m[1], "/") // a test whose parts are parallel takes no time itself
		if took, err := time.ParseDuration(m[2]); err == nil && wanted.MatchString(name) {
			sum += took
		}
	}
	return sum
}

var (
	passedTest  = regexp.MustCompile(`(?m)^\s*--- PASS: (\S+) \((\S+)\)`)
	failedSeed  = regexp.MustCompile(`(?m): seed (\d+) fails:$`)
	failedTest  = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	hangingTest = regexp.MustCompile(`(?s)panic: test timed out.*?running tests:\s+(\S+)`)
	panicked    = regexp.MustCompile(`(?m)^panic: (.*)$`)
	leaked      = regexp.MustCompile(`(?m)^goroutines are left:`)
)

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// testHomes finds the packages that have a test of a given name.
func testHomes(tree string) (map[string][]string, error) {
	homes := make(map[string][]string)
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(tree, filepath.Dir(path))
		for _, f := range testFunc.FindAllStringSubmatch(string(text), -1) {
			homes[f[1]] = append(homes[f[1]], "./"+filepath.ToSlash(dir))
		}
		return err
	})
	return homes, err
}

// matches reports whether the mutant's name, or a file that it changes, does.
func (m mutant) matches(pattern *regexp.Regexp) bool {
	return pattern.MatchString(m.name) ||
		slices.ContainsFunc(m.edits, func(e edit) bool { return pattern.MatchString(e.File) })
}

// oneOf returns the first of the mutant's tests that is one of these, "" if none is.
func (m mutant) oneOf(names []string) string {
	for name := range strings.SplitSeq(m.tests, "|") {
		if slices.Contains(names, name) {
			return name
		}
	}
	return ""
}

// packages are the packages of the mutant's tests.
func (m mutant) packages(homes map[string][]string) (packages []string) {
	for name := range strings.SplitSeq(m.tests, "|") {
		packages = append(packages, homes[name]...)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// byModule returns packages by the folder of their module: the tree's own, or the package itself.
func byModule(tree string, packages []string) map[string][]string {
	modules := make(map[string][]string)
	for _, pkg := range packages {
		if _, err := os.Stat(filepath.Join(tree, pkg, "go.mod")); err == nil && pkg != "./" {
			modules[pkg] = append(modules[pkg], ".")
		} else {
			modules["."] = append(modules["."], pkg)
		}
	}
	return modules
}

// test runs tests of packages, until one fails if first is set. The simulator tries so many seeds,
// always the same, or a few if seeds is 0.
func test(ctx context.Context, tree, tests string, limit time.Duration, seeds int, first bool,
	packages ...string) verdict {
	var v verdict
	for module, packages := range byModule(tree, packages) {
		args := []string{"test", "-v", "-count=1", "-vet=off", "-timeout", limit.String(),
			"-failfast=" + strconv.FormatBool(first), "-run", "^(" + tests + ")$"}
		cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
		cmd.Dir = filepath.Join(tree, module)
		cmd.Env = append(os.Environ(), "SIMULATE_SHRINK=no")
		if seeds > 0 {
			cmd.Env = append(cmd.Env, "SIMULATE_FIRST=1", fmt.Sprintf("SIMULATE_SEEDS=%d", seeds))
		}
		out, err := cmd.CombinedOutput()
		endOrphans()
		v.output += string(out)
		v.err = errors.Join(v.err, err)
	}
	if m := failedTest.FindAllStringSubmatch(v.output, -1); m != nil {
		v.by = m[len(m)-1][1] // the innermost stands last
		if m := failedSeed.FindStringSubmatch(v.output); m != nil && seeds > 0 {
			v.by += fmt.Sprintf(", with seed %s of %d", m[1], seeds)
		}
	} else if m := hangingTest.FindStringSubmatch(v.output); m != nil {
		v.by = m[1] + ", which hangs"
	} else if m := panicked.FindStringSubmatch(v.output); m != nil {
		v.by = "a panic: " + m[1]
	} else if leaked.MatchString(v.output) {
		v.by = "goleak, after " + tests
	}
	if v.err == nil && strings.Count(v.output, "no tests to run") >= len(packages) {
		v.err = errors.New("no tests to run")
	}
	return v
}
