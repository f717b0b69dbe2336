package recipe

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
)

// errStuck is why holds are lost whose session is given up for another's sake.
var errStuck = fmt.Errorf("%w: it was given up, because a server refuses to remove one of its candidates", ensemble.ErrExpired)

// noRight says what the refusal of a creation lacks.
func noRight(err error, dir string) error {
	if errors.Is(err, zk.ErrNoAuth) {
		return fmt.Errorf("%w: the session's credentials have no right to create below %s", err, dir)
	}
	return err
}

// noteSticky takes note that we may create candidates in a lock's znode, and not delete them.
func (l *Locks) noteSticky(dir string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sticky == nil {
		l.sticky = make(map[string]struct{})
	}
	l.sticky[dir] = struct{}{}
}

func (l *Locks) isSticky(dir string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, sticky := l.sticky[dir]
	return sticky
}

// checkSticky refuses a lock of which it is known that we may not delete candidates there, unless
// the rights have been mended.
func (c *candidate) checkSticky(ctx context.Context) error {
	err := c.checkStickyIn(ctx, c.dir)
	if err == nil && c.cfg.Pool != nil {
		err = c.checkStickyIn(ctx, c.cfg.Pool.Permits())
	}
	return err
}

func (c *candidate) checkStickyIn(ctx context.Context, dir string) error {
	l := c.zs.locks
	if !l.isSticky(dir) {
		return nil
	}
	// there is no such znode
	err := c.zs.DoApart(ctx, func() error { return c.zs.Conn.Delete(dir+"/"+c.prefix, -1) })
	if err == nil || errors.Is(err, zk.ErrNoNode) {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.sticky, dir)
		return nil
	}
	if errors.Is(err, zk.ErrNoAuth) {
		return fmt.Errorf("%w: candidates can be created in the lock's znode, but not deleted; give its ACL zk.PermDelete", err)
	}
	return err
}
