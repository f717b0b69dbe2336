package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
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

// makeMissing sends the creations of all of them in one packet, whether or not they are missing: a
// server that executes them one after the other leaves other clients no time to remove one of them
// again before the next.
func (zs *Local) makeMissing(dir string, cfg *Config) error {
	paths := upTo(dir)
	containers := make([]bool, len(paths))
	request := func(i int) *wire.Request {
		containers[i] = zs.isContainer(paths[i], dir, cfg)
		return zs.makeParent(paths[i], dir, cfg, containers[i])
	}
	return ensemble.AskEach(context.Background(), zs.Session, len(paths), len(paths), request,
		ensemble.Nothing, func(i int, answer ensemble.Response[struct{}]) error {
			err := answer.Err
			switch {
			case containers[i] && zs.NoteRefusal(wire.OpCreateContainer, err):
				return zk.ErrNoNode // the caller asks again, for a persistent one
			case err == nil, errors.Is(err, zk.ErrNodeExists):
				return nil
			case errors.Is(err, zk.ErrNoAuth):
				// A client without the right to create above an existing znode must still be able
				// to use what is below.
				err = zs.checkExists(paths[i], err)
			}
			if err != nil {
				err = fmt.Errorf("creating %s: %w", paths[i], noRight(err, above(paths[i])))
			}
			return err
		})
}

// checkExists returns otherwise unless the znode exists.
func (zs *Local) checkExists(path string, otherwise error) error {
	return zs.Do(context.Background(), func() error {
		exists, _, err := zs.Conn.Exists(path)
		switch {
		case exists, errors.Is(err, zk.ErrNoAuth): // which is said of a znode that is there
			return nil
		case err == nil:
			return otherwise
		default:
			return err
		}
	})
}

// upTo returns the paths from below the top to the znode at dir.
func upTo(dir string) (paths []string) {
	for i := 1; i <= len(dir); i++ {
		if i == len(dir) || dir[i] == '/' {
			paths = append(paths, dir[:i])
		}
	}
	return paths
}

// above returns the path of the znode above.
func above(path string) string { return cmp.Or(path[:strings.LastIndexByte(path, '/')], "/") }

// isContainer reports whether a znode above the candidates of the lock at dir is made as a container.
func (zs *Local) isContainer(path, dir string, cfg *Config) bool {
	return cfg.parent(path, dir, zs.root.path).container && zs.Takes(wire.OpCreateContainer)
}

// makeParent returns the request that creates such a znode.
func (zs *Local) makeParent(path, dir string, cfg *Config, container bool) *wire.Request {
	acl := zs.root.acl
	if cfg.isOwn(path, dir) {
		acl = cfg.ACL
	}
	data := cfg.parent(path, dir, zs.root.path).data
	if container {
		return wire.CreateContainer(path, data, acl)
	}
	return wire.CreatePersistent(path, data, acl)
}

// found returns a request to create the znode of a lock, if that isContainer. The first candidate of
// a handle sends it in the packet of its own creation if the znode of the last lock that was met in
// this session was missing. So a program that uses one name after another, each for the first time,
// takes one trip for each instead of three, and one whose locks exist sends one request in vain.
// What is missing above the lock's znode is left to makeParents.
func (zs *Local) found(dir string, cfg *Config) *wire.Request {
	return zs.makeParent(dir, dir, cfg, true)
}

// noteFounded notes what has become of that request.
func (zs *Local) noteFounded(err error) {
	zs.NoteRefusal(wire.OpCreateContainer, err)
	if errors.Is(err, zk.ErrNodeExists) {
		zs.meetsNew.Store(false)
	}
}
