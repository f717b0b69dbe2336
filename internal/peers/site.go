package peers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Site is a folder that stands for what a lock protects, whatever language its users are written
// in. Each client that is inside has a mark there, w-… or r-…; two that must not be inside together
// see one another's when they come or when they leave. An exclusive visit increments the number in
// the file counter, in a way that loses counts when visits overlap. Clients that share the site
// under a semaphore have a mark s-… and count the others'. The file log has a line for each visit.
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
	if n := kind.permits(); n > 0 {
		return s.share(n, visitor)
	}
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
	if err := s.log(mark); err != nil {
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
	} else if err := os.WriteFile(filepath.Join(s.dir, "counter"), []byte(strconv.Itoa(n+1)),
		0o600); err != nil {
		return err
	}
	if err := s.alone(kind, mark); err != nil {
		return err
	}
	return os.Remove(path)
}

// share is what is done under a permit of a semaphore: the visitor stays for a while, so that there
// are others, and never too many.
func (s Site) share(most int, visitor string) error {
	mark := "s-" + visitor
	path := filepath.Join(s.dir, mark)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	file.Close()
	if err := s.crowd(most, mark); err != nil {
		return err
	}
	if err := s.log(mark); err != nil {
		return err
	}
	time.Sleep(2 * time.Millisecond) // sleep ok: the work
	if err := s.crowd(most, mark); err != nil {
		return err
	}
	return os.Remove(path)
}

// crowd fails if there are more than so many who share the site.
func (s Site) crowd(most int, mark string) error {
	inside, err := filepath.Glob(filepath.Join(s.dir, "s-*"))
	if err == nil && len(inside) > most {
		err = fmt.Errorf("overlap: %s is one of %d", mark, len(inside))
	}
	return err
}

func (s Site) log(mark string) error {
	file, err := os.OpenFile(filepath.Join(s.dir, "log"),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(mark + "\n")
	return errors.Join(err, file.Close())
}

// Visits returns the libraries of the visitors, in the order of their visits.
func (s Site) Visits() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	var libraries []string
	for mark := range strings.Lines(string(text)) {
		libraries = append(libraries, strings.SplitN(mark, "-", 3)[1])
	}
	return libraries, err
}

func (s Site) alone(kind Kind, mark string) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name != mark &&
			(strings.HasPrefix(name, "w-") || kind != Read && strings.HasPrefix(name, "r-")) {
			return fmt.Errorf("overlap: %s and %s", mark, name)
		}
	}
	return nil
}
