package benchmarks

import (
	"context"
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
		lockers[i] = zkLockLocker{zk.NewLock(s.conn, path, everyone)}
	}
	return lockers, nil
}

type zkLockLocker struct{ l *zk.Lock }

func (l zkLockLocker) lock(context.Context) error   { return l.l.LockWithData(data) }
func (l zkLockLocker) unlock(context.Context) error { return l.l.Unlock() }
