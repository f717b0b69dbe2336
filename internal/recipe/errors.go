package recipe

import (
	"errors"
	"fmt"

	"github.com/zookylock/zklock/internal/ensemble"
)

// The errors of package zklock with these names; their contract is there.
var (
	ErrLocked        = errors.New("lock is taken")
	ErrNotLocked     = errors.New("not locked")
	ErrRevoked       = errors.New("lock revoked")
	ErrLost          = errors.New("lock lost")
	ErrMixedDialects = errors.New("clients of the lock do not agree on the order of its queue")
	ErrExhausted     = errors.New("sequence numbers of the lock are used up")
	ErrSize          = errors.New("the size of the semaphore does not fit")
)

// errRemoved is a loss and a revocation, so that it matches either.
var errRemoved = removed(ErrRevoked)

func removed(revoked error) error {
	return fmt.Errorf("%w: %w: %w", ErrLost, ensemble.ErrRemoved, revoked)
}

// loss returns what the end of a session, or of a znode, means for a hold. Other errors stay as
// they are.
func loss(err error) error {
	switch {
	case errors.Is(err, ErrLost):
		return err
	case errors.Is(err, ensemble.ErrRemoved):
		return errRemoved
	case isOver(err):
		return fmt.Errorf("%w: %w", ErrLost, err)
	default:
		return err
	}
}

// isOver reports whether err is there because a hold is lost or a ZooKeeper session has ended.
func isOver(err error) bool {
	return errors.Is(err, ErrLost) || errors.Is(err, ensemble.ErrExpired) ||
		errors.Is(err, ensemble.ErrLeaseRanOut) || errors.Is(err, ensemble.ErrClosed)
}
