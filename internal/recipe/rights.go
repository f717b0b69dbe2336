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

// checkSticky refuses to create a candidate in dir if it is known that we may not delete candidates
// there, unless the rights have been mended. No znode there has that name.
func (zs *Local) checkSticky(ctx context.Context, dir, name string) error {
	if !zs.root.isSticky(dir) {
		return nil
	}
	err := zs.DoApart(ctx, func() error { return zs.Conn.Delete(dir+"/"+name, -1) })
	if err == nil || errors.Is(err, zk.ErrNoNode) {
		zs.root.forgetSticky(dir)
		return nil
	}
	if errors.Is(err, zk.ErrNoAuth) {
		return fmt.Errorf("%w: candidates can be created in the lock's znode, but not deleted; give its ACL zk.PermDelete", err)
	}
	return err
}
