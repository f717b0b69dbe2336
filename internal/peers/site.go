package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Site is a folder that stands for what a lock protects, whatever language its users are written in. Whoever is inside has a
// mark there, w-… or r-…; two that must not be inside together see one another's when they come or when they leave. An
// exclusive visit increments the number in the file counter, in a way that loses counts when visits overlap.
type Site struct{ dir string }

// NewSite makes a site of an existing folder.
func NewSite(dir string) (Site, error) {
	return Site{dir}, os.WriteFile(filepath.Join(dir, "counter"), []byte("0"), 0o600)
}

// Dir is the site's folder.
func (s Site) Dir() string { return s.dir }

// Counter returns how many exclusive visits there were.
func (s Site) Counter() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "counter"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// Visit is what is done under the lock. visitor is a name that no other has.
func (s Site) Visit(kind Kind, visitor string) error {
	mark := "w-" + visitor
	if kind == Read {
		mark = "r-" + visitor
	}
	path := filepath.Join(s.dir, mark)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	file.Close()
	if err := s.alone(kind, mark); err != nil {
		return err
	}
	n, err := s.Counter()
	if err != nil {
		return fmt.Errorf("overlap: %w", err)
	}
	if kind == Read {
		again, err := s.Counter()
		if err != nil || again != n {
			return fmt.Errorf("overlap: the counter was %d and is %d: %v", n, again, err)
		}
	} else if err := os.WriteFile(filepath.Join(s.dir, "counter"), []byte(strconv.Itoa(n+1)), 0o600); err != nil {
		return err
	}
	if err := s.alone(kind, mark); err != nil {
		return err
	}
	return os.Remove(path)
}

func (s Site) alone(kind Kind, mark string) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name != mark && (strings.HasPrefix(name, "w-") || kind != Read && strings.HasPrefix(name, "r-")) {
			return fmt.Errorf("overlap: %s and %s", mark, name)
		}
	}
	return nil
}
