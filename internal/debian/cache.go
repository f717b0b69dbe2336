package debian

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Cache is the folder of what was fetched. An entry is complete from the
// moment that it exists: it is made beside and renamed into place, under a
// lock because go test runs several packages at the same time.
type Cache struct {
	dir  string
	logf func(string, ...any)
}

// ErrNoCache matches the errors of a cache folder that is missing and cannot be made, or cannot be
// written.
var ErrNoCache = errors.New("no cache")

// Open returns the cache. logf reports fetches, which take long.
func Open(logf func(string, ...any)) (*Cache, error) {
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return &Cache{dir: dir, logf: logf}, nil
}

// Logf tells what takes long.
func (c *Cache) Logf(format string, args ...any) { c.logf(format, args...) }

// Entry returns the folder called name. If there is none, create makes one in
// a work folder and returns its path, which becomes the entry. ctx bounds the
// wait for another process that creates one too.
func (c *Cache) Entry(ctx context.Context, name string,
	create func(work string) (string, error)) (string, error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoCache, err)
	}
	if err := requireOurs(c.dir); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	final := filepath.Join(c.dir, name)
	if IsDir(final) {
		if err := requireOurs(final); err != nil {
			return "", fmt.Errorf("cache: %w", err)
		}
		return final, nil
	}
	unlock, err := lockFile(ctx, filepath.Join(c.dir, "lock"))
	if errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("%w: %w", ErrNoCache, err)
	}
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer unlock()
	if IsDir(final) {
		return final, nil
	}
	// Left by a fetch that was killed; no other process works there while we hold the lock.
	work := filepath.Join(c.dir, "work")
	if err := os.RemoveAll(work); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer os.RemoveAll(work)
	begin := time.Now()
	made, err := create(work)
	if err != nil {
		return "", err
	}
	if err := os.Rename(made, final); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	c.logf("fetched %s in %v", name, time.Since(begin).Round(10*time.Millisecond))
	return final, nil
}
