package benchmarks

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
)

// startLimit is no lock: it creates a candidate and deletes it. No lock of ZooKeeper's can do less.
func startLimit(context.Context, *bench) (client, error) {
	return limit{inProcess{func(ctx context.Context, p place) (session, error) {
		conn, err := connect(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := createAll(conn, p.path); err != nil {
			conn.Close()
			return nil, err
		}
		return limitSession{conn}, nil
	}}}, nil
}

// createAll creates a znode and those above it.
func createAll(conn *zk.Conn, path string) error {
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		_, err := conn.Create(path[:i], nil, zk.FlagPersistent, everyone)
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return fmt.Errorf("create %s: %w", path[:i], err)
		}
	}
	return nil
}

// limit runs alone where others share a lock: it locks nothing.
type limit struct{ c inProcess }

func (l limit) loop(ctx context.Context, lp loop) (tally, error) {
	if lp.names == oneName {
		lp.sessions, lp.workers = 1, 1
	}
	return l.c.loop(ctx, lp)
}

func (l limit) close() error { return nil }

type limitSession struct{ conn *zk.Conn }

func (s limitSession) close() error {
	s.conn.Close()
	return nil
}

// lockers returns one, for the only worker.
func (s limitSession) lockers(path string, _ int) ([]locker, error) {
	return []locker{&limitLocker{conn: s.conn, path: path}}, createAll(s.conn, path)
}

// found returns a locker that creates the lock's znode too, whose parent is the path of the pass.
func (s limitSession) found(path string) locker {
	return limitFounder{&limitLocker{conn: s.conn, path: path}}
}

var everyone = zk.WorldACL(zk.PermAll)

type limitLocker struct {
	conn       *zk.Conn
	path, node string
}

func (l *limitLocker) prefix() string { return l.path + "/limit-lock-" }

func (l *limitLocker) lock(context.Context) (err error) {
	l.node, err = l.conn.Create(l.prefix(), data, zk.FlagEphemeralSequential, everyone)
	return err
}

func (l *limitLocker) unlock(context.Context) error { return l.conn.Delete(l.node, -1) }

// limitFounder creates both znodes in one request, which is less than one for each.
type limitFounder struct{ *limitLocker }

func (l limitFounder) lock(context.Context) error {
	created, err := l.conn.Multi(
		&zk.CreateRequest{Path: l.path, Acl: everyone},
		&zk.CreateRequest{Path: l.prefix(), Data: data, Acl: everyone,
			Flags: zk.FlagEphemeralSequential})
	if err != nil {
		return err
	}
	l.node = created[1].String
	return nil
}
