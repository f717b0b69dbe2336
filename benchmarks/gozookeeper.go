package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

// data is what candidates of zk.Lock and the limit carry; zklock, kazoo and Curator say who they
// are by themselves.
var data = []byte("benchmark/1")

// zkLock runs go-zookeeper's zk.Lock.
type zkLock struct{ inProcess }

func startZkLock(context.Context, *bench) (client, error) {
	return zkLock{inProcess{func(ctx context.Context, p place) (session, error) {
		conn, err := connect(ctx, p)
		return zkLockSession{conn}, err
	}}}, nil
}

// connect opens a session of go-zookeeper's.
func connect(ctx context.Context, p place) (*zk.Conn, error) {
	conn, events, err := zk.Connect(strings.Split(p.connect, ","), p.timeout,
		zk.WithLogger(silence{}))
	if err != nil {
		return nil, err
	}
	for {
		select {
		case ev := <-events:
			if ev.State == zk.StateHasSession {
				return conn, nil
			}
		case <-ctx.Done():
			conn.Close()
			return nil, ctx.Err()
		}
	}
}

// silence keeps go-zookeeper from logging how its connections end.
type silence struct{}

func (silence) Printf(string, ...any) {}

type zkLockSession struct{ conn *zk.Conn }

func (s zkLockSession) close() error {
	s.conn.Close()
	return nil
}

// lockers returns a zk.Lock for each worker: one is good for one goroutine.
func (s zkLockSession) lockers(path string, n int) ([]locker, error) {
	lockers := make([]locker, n)
	for i := range lockers {
		lockers[i] = zkLockLocker{zk.NewLock(s.conn, path, zk.WorldACL(zk.PermAll))}
	}
	return lockers, nil
}

type zkLockLocker struct{ l *zk.Lock }

func (l zkLockLocker) lock(context.Context) error   { return l.l.LockWithData(data) }
func (l zkLockLocker) unlock(context.Context) error { return l.l.Unlock() }

// startLimit is no lock: it creates a candidate and deletes it. No lock of ZooKeeper's can do less.
func startLimit(context.Context, *bench) (client, error) {
	return limit{inProcess{func(ctx context.Context, p place) (session, error) {
		conn, err := connect(ctx, p)
		if err != nil {
			return nil, err
		}
		for i := 1; i <= len(p.path); i++ {
			if i < len(p.path) && p.path[i] != '/' {
				continue
			}
			_, err := conn.Create(p.path[:i], nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
			if err != nil && !errors.Is(err, zk.ErrNodeExists) {
				conn.Close()
				return nil, fmt.Errorf("create %s: %w", p.path[:i], err)
			}
		}
		return limitSession{conn}, nil
	}}}, nil
}

// limit always runs alone: it locks nothing.
type limit struct{ c inProcess }

func (l limit) loop(ctx context.Context, lp loop) (tally, error) {
	lp.sessions, lp.workers = 1, 1
	return l.c.loop(ctx, lp)
}

func (l limit) close() error { return nil }

type limitSession struct{ conn *zk.Conn }

func (s limitSession) close() error {
	s.conn.Close()
	return nil
}

func (s limitSession) lockers(path string, n int) ([]locker, error) {
	return []locker{&limitLocker{conn: s.conn, prefix: path + "/limit-lock-"}}, nil
}

type limitLocker struct {
	conn         *zk.Conn
	prefix, node string
}

func (l *limitLocker) lock(context.Context) (err error) {
	l.node, err = l.conn.Create(l.prefix, data, zk.FlagEphemeralSequential, zk.WorldACL(zk.PermAll))
	return err
}

func (l *limitLocker) unlock(context.Context) error { return l.conn.Delete(l.node, -1) }
