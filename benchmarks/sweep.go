package benchmarks

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"
)

// sweep removes what a pass has left at its path. Otherwise the server would remove it, container
// after container, during later passes.
func (b *bench) sweep(ctx context.Context, path string) error {
	conn, err := connect(ctx, place{connect: b.server.ensemble.Connect(), timeout: sessionTimeout})
	if err != nil {
		return err
	}
	defer conn.Close()
	var g errgroup.Group
	g.SetLimit(64)
	if err := remove(conn, path, &g); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// remove removes a znode with all below it, children in the group. A candidate may be left: its
// session is about to end.
func remove(conn *zk.Conn, path string, g *errgroup.Group) error {
	err := conn.Delete(path, -1)
	if errors.Is(err, zk.ErrNotEmpty) {
		var children []string
		if children, _, err = conn.Children(path); err == nil {
			for _, child := range children {
				g.Go(func() error { return remove(conn, path+"/"+child, new(errgroup.Group)) })
			}
			err = g.Wait()
		}
		if err == nil {
			err = conn.Delete(path, -1)
		}
	}
	if errors.Is(err, zk.ErrNoNode) || errors.Is(err, zk.ErrNotEmpty) {
		return nil
	}
	return err
}
