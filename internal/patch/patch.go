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

// Texts returns what edits, in their order, make of the files that they change, by path. It fails
// if a piece is not there exactly once.
func Texts(tree string, edits []Edit) (map[string]string, error) {
	texts := make(map[string]string)
	for _, e := range edits {
		path := filepath.Join(tree, e.File)
		text, ok := texts[path] // several may be of one file
		if !ok {
			read, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			text = string(read)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("no longer applies: %s has %d times\n%s", path, n, e.Old)
		}
		texts[path] = strings.Replace(text, e.Old, e.New, 1)
	}
	return texts, nil
}

// Apply makes edits in the copy. undo puts the files back as they were. If an edit does not apply,
// Apply changes nothing.
func Apply(tree string, edits []Edit) (undo func() error, err error) {
	texts, err := Texts(tree, edits)
	if err != nil {
		return nil, err
	}
	undo = func() error { return nil }
	for path, text := range texts {
		was, err := os.ReadFile(path)
		if err == nil {
			before := undo
			undo = func() error { return errors.Join(os.WriteFile(path, was, 0o666), before()) }
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			return nil, errors.Join(err, undo())
		}
	}
	return undo, nil
}
