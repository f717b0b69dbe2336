//go:build unix

package cli

import (
	"context"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// hold is what a command runs under: a lock, or one permit of a semaphore.
type hold interface {
	Name() string
	Path() string
	Contenders(ctx context.Context) ([]zklock.Contender, error)

	LockContext(ctx context.Context) (revoked <-chan struct{}, err error)
	TryLockContext(ctx context.Context) (revoked <-chan struct{}, err error)
	LockRevoking(
		ctx context.Context, how zklock.Revocation, opts ...zklock.RevokeOption,
	) (revoked <-chan struct{}, err error)
	UnlockContext(ctx context.Context) error

	Revoked() <-chan struct{}
	Lost() <-chan struct{}
	Err() error
	Deadline() time.Time
	Token() zklock.Token
	Guard() (*zk.CheckVersionRequest, error)
}

// slot is one permit of a semaphore. Once it is acquired it has the Permit's methods.
type slot struct {
	*zklock.Semaphore
	*zklock.Permit
}

func (s *slot) LockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	if s.Permit, err = s.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return s.Revoked(), nil
}

func (s *slot) TryLockContext(ctx context.Context) (revoked <-chan struct{}, err error) {
	if s.Permit, err = s.TryAcquire(ctx, 1); err != nil {
		return nil, err
	}
	return s.Revoked(), nil
}

// LockRevoking is not reached: --slots refuses --revoke.
func (s *slot) LockRevoking(
	ctx context.Context, _ zklock.Revocation, _ ...zklock.RevokeOption,
) (<-chan struct{}, error) {
	return s.LockContext(ctx)
}

func (s *slot) UnlockContext(ctx context.Context) error { return s.ReleaseContext(ctx) }
