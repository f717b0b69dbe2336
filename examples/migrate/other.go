package migrate

import (
	"context"

	"github.com/go-redsync/redsync/v4"
	"go.etcd.io/etcd/client/v3/concurrency"

	"github.com/zookylock/zklock"
)

// underRedsync is what a program has that uses Redsync.
func underRedsync(ctx context.Context, old *redsync.Mutex,
	job func(context.Context) error) error {
	if err := old.LockContext(ctx); err != nil {
		return err
	}
	defer old.Unlock()
	return job(ctx)
}

// underEtcd is what a program has that uses etcd.
func underEtcd(ctx context.Context, old *concurrency.Mutex,
	job func(context.Context) error) error {
	if err := old.Lock(ctx); err != nil {
		return err
	}
	defer old.Unlock(context.WithoutCancel(ctx))
	return job(ctx)
}

// step1 takes both locks, Redsync's first.
func step1(ctx context.Context, old *redsync.Mutex, m *zklock.Mutex,
	job func(context.Context) error) error {
	return underRedsync(ctx, old, func(ctx context.Context) error { return m.Do(ctx, job) })
}
