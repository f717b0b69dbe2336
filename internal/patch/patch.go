// Package patch changes single places of a copy of this module, for commands that show what
// becomes of the library without them.
package patch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Copy copies the module zklock, without what begins with a dot, into a temporary folder, which is
// the caller's to remove. It works in the folders of the module and of those beside it.
func Copy(ctx context.Context) (tree string, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}",
		"github.com/zookylock/zklock").Output()
	if err != nil {
		return "", err
	}
	root := strings.TrimSpace(string(out))
	if tree, err = os.MkdirTemp("", "zklock-copy."); err != nil {
		return "", err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(root, path)
		if err := errors.Join(err, relErr); err != nil {
			return err
		}
		switch {
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(tree, name), 0o777)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tree, name), text, 0o666)
	})
	return tree, err
}

// Edit replaces a piece of a file that must be there exactly once. It is an alias, so that tables
// of other packages can leave out the names of its fields.
type Edit = struct{ File, Old, New string }

// Apply makes edits in the copy, in their order. undo puts the files back as they were. If an edit
// does not apply, Apply undoes the edits before it.
func Apply(tree string, edits []Edit) (undo func() error, err error) {
	undo = func() error { return nil }
	for _, e := range edits {
		last, err := replace(filepath.Join(tree, e.File), e.Old, e.New)
		if err != nil {
			return nil, errors.Join(err, undo())
		}
		before := undo
		undo = func() error { return errors.Join(last(), before()) } // several may be of one file
	}
	return undo, nil
}

func replace(file, old, new string) (undo func() error, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), old); n != 1 {
		return nil, fmt.Errorf("no longer applies: %s has %d times\n%s", file, n, old)
	}
	return func() error { return os.WriteFile(file, text, 0o666) },
		os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o666)
}
