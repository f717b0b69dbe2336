// Command api compares the exported API of the module's packages with the files in api/, one line
// for each thing that a program can use. It exits with 1 if they differ: a change of the API is
// seen in review as a change of these files.
//
//	go run ./internal/api    # compare, as make lint does
//	go run ./internal/api -w # write the files, as make api does
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// packages are the packages that programs import.
var packages = []string{".", "./zktest"}

func main() {
	write := flag.Bool("w", false, "write the files")
	flag.Parse()
	var problems []error
	for _, pkg := range packages {
		if err := check(pkg, "api", *write); err != nil {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check compares a package with its file in dir, or writes the file.
func check(pkg, dir string, write bool) error {
	p, err := load(pkg)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, path.Base(p.Path())+".txt")
	have := describe(p)
	if write {
		return os.WriteFile(file, []byte(strings.Join(have, "\n")+"\n"), 0o644)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return compare(file, want, have)
}

// compare returns an error that names what is in one list only. Both are sorted.
func compare(file string, want, have []string) error {
	gone, added := without(want, have), without(have, want)
	if len(gone)+len(added) == 0 {
		return nil
	}
	var message strings.Builder
	fmt.Fprintf(&message, "%s is not the API of the code; if the change is meant, run make api\n",
		file)
	if len(gone) > 0 {
		message.WriteString("and list it under Changed in CHANGELOG.md, for programs that use these lines break:\n")
	}
	for _, line := range gone {
		message.WriteString("\t-" + line + "\n")
	}
	for _, line := range added {
		message.WriteString("\t+" + line + "\n")
	}
	return errors.New(message.String())
}

// without returns the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool {
		_, found := slices.BinarySearch(b, line)
		return found
	})
}
