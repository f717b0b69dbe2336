package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/zookylock/zklock"
)

// errNoRoot is returned where there is no root: then no lock was ever taken there.
var errNoRoot = errors.New("no such root")

// withRoot is with for what is about locks that exist. It fails if the user has said where the root
// is, and there is none: the root or the chroot may be mistyped.
func (t *target) withRoot(ctx context.Context,
	f func(context.Context, *zklock.Session) error) error {
	return t.with(ctx, func(ctx context.Context, s *zklock.Session) error {
		if err := t.findRoot(ctx, s); err != nil {
			return err
		}
		return f(ctx, s)
	})
}

// withLock is withRoot for one lock.
func (t *target) withLock(ctx context.Context, name string,
	f func(context.Context, *zklock.Session, *zklock.Mutex) error) error {
	return t.with(ctx, func(ctx context.Context, s *zklock.Session) error {
		m, err := s.Mutex(name)
		if err != nil {
			return err
		}
		if err := t.findRoot(ctx, s); err != nil {
			return err
		}
		return f(ctx, s, m)
	})
}

// isNamed reports whether the user has said where the locks are. The default root is missing on
// servers that are new.
func (t *target) isNamed() bool {
	return cmp.Or(t.root, defaultRoot) != defaultRoot || strings.Contains(t.servers, "/")
}

func (t *target) findRoot(ctx context.Context, s *zklock.Session) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	anyLock, err := s.Mutex("any")
	if err != nil {
		return err
	}
	root := path.Dir(anyLock.Path()) // with the chroot
	exists, err := answer(ctx, func() (bool, error) {
		exists, _, err := s.Conn().Exists(root)
		return exists, err
	})
	switch {
	case err != nil:
		return fmt.Errorf("look at %s: %w", root, err)
	case !exists && t.isNamed():
		return &exitError{status: exitNo,
			err: fmt.Errorf("%s: %w: it is mistyped, or no lock was ever taken there",
				root, errNoRoot)}
	}
	return nil
}
