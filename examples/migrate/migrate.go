// Package migrate has the code of docs/migrating.md.
package migrate

import (
	"context"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// before has the lock of go-zookeeper.
func before(conn *zk.Conn, job func() error) error {
	lock := zk.NewLock(conn, "/locks/report", zk.WorldACL(zk.PermAll))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Unlock()
	return job()
}

// after has the same lock: both exclude each other.
func after(ctx context.Context, s *zklock.Session, job func(context.Context) error) error {
	m, err := s.Mutex("report") // s has zklock.WithRoot("/locks")
	if err != nil {
		return err
	}
	return m.Do(ctx, job)
}
