package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/patch"
)

// TestEveryMutantCompiles tells at once, and not only make mutants, when the library has changed so
// that a mutant does not compile. The files that it changes are checked against all others as they
// are.
func TestEveryMutantCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: run without -short")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	modules := make(map[string]checker)
	for _, m := range all() {
		texts, err := patch.Texts(root, m.edits)
		require.NoError(t, err, m.name)
		dirs := make(map[string]bool)
		for path := range texts {
			dirs[filepath.Dir(path)] = true
		}
		for dir := range dirs {
			module := moduleOf(root, dir)
			if _, ok := modules[module]; !ok {
				modules[module] = newChecker(t, module)
			}
			if err := modules[module].check(dir, texts); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
	}
}

// moduleOf returns the folder of the module that a package belongs to: the root's, or its own.
func moduleOf(root, dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return dir
	}
	return root
}

// checker checks the types of one module's packages.
type checker struct {
	fset     *token.FileSet
	packages map[string]sources // by folder
	importer types.Importer
}

// sources are the files of a package as they are, by path, without the bodies of functions.
type sources struct {
	path  string
	files map[string]*ast.File
}

// newChecker lists the module's packages, and compiles what they import.
func newChecker(t *testing.T, dir string) checker {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps",
		"-json=ImportPath,Dir,Export,GoFiles,Standard,DepOnly", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err)
	c := checker{fset: token.NewFileSet(), packages: make(map[string]sources)}
	exports := make(map[string]string)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir, Export string
			GoFiles                 []string
			DepOnly                 bool
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		exports[p.ImportPath] = p.Export
		if p.DepOnly {
			continue
		}
		s := sources{p.ImportPath, make(map[string]*ast.File)}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(c.fset, path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					f.Body = nil // which is not checked
				}
			}
			s.files[path] = file
		}
		c.packages[p.Dir] = s
	}
	c.importer = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c
}

// check checks the files of a package that have other texts.
func (c checker) check(dir string, texts map[string]string) error {
	s := c.packages[dir]
	var files []*ast.File
	for path, file := range s.files {
		if text, ok := texts[path]; ok {
			var err error
			if file, err = parser.ParseFile(c.fset, path, text, parser.SkipObjectResolution); err != nil {
				return err
			}
		}
		files = append(files, file)
	}
	var wrong error
	config := types.Config{Importer: c.importer, Error: func(err error) {
		var where types.Error
		if !errors.As(err, &where) {
			wrong = errors.Join(wrong, err)
		} else if _, changed := texts[c.fset.Position(where.Pos).Filename]; changed {
			wrong = errors.Join(wrong, err)
		}
	}}
	_, _ = config.Check(s.path, c.fset, files, nil) // Error has what counts
	return wrong
}
