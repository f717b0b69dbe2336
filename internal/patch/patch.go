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

// Replace replaces a piece of a file of the copy that must be there exactly once. undo puts the
// file back as it was.
func Replace(tree, file, old, new string) (undo func() error, err error) {
	file = filepath.Join(tree, file)
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
