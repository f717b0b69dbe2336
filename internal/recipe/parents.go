package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// makeParents creates a lock's znode and what is missing above it. Concurrent calls share the work.
// Unless the lock's Naming has it otherwise, those below the root are container znodes, which the
// server removes some time after their last child, where servers have such; those up to the root
// are persistent.
func (zs *Local) makeParents(ctx context.Context, dir string, cfg *Config) error {
	return zs.Apart(ctx, func() error {
		_, err, _ := zs.parents.Do(dir, func() (any, error) {
			return nil, zs.makeMissing(dir, cfg)
		})
		return err
	})
}

func (zs *Local) makeMissing(dir string, cfg *Config) error {
	for i := 1; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		path := dir[:i]
		acl := zs.root.acl
		if cfg.isOwn(path, dir) {
			acl = cfg.ACL
		}
		err := zs.Do(context.Background(), func() error {
			return zs.makeParent(path, cfg.parent(path, dir, zs.root.path), acl)
		})
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return fmt.Errorf("creating %s: %w", path, noRight(err, above(path)))
		}
	}
	return nil
}

// above returns the path of the znode above.
func above(path string) string { return cmp.Or(path[:strings.LastIndexByte(path, '/')], "/") }

func (zs *Local) makeParent(path string, p parent, acl []zk.ACL) error {
	// A client without the right to create above an existing znode must still be able to use what
	// is below.
	exists, _, err := zs.Conn.Exists(path)
	if exists || errors.Is(err, zk.ErrNoAuth) { // which is said of a znode that is there
		return nil
	}
	if err != nil {
		return err
	}
	if p.container && zs.Takes(wire.OpCreateContainer) {
		_, err := zs.Conn.CreateContainer(path, p.data, zk.FlagContainer, acl)
		if err == nil || !zs.NoteRefusal(wire.OpCreateContainer, err) {
			return err
		}
	}
	_, err = zs.Conn.Create(path, p.data, zk.FlagPersistent, acl)
	return err
}
