package ensemble

import (
	"context"
	"errors"
	"fmt"
)

// Why a session, or a tenant of it, is over.
var (
	ErrClosed      = errors.New("session closed")
	ErrExpired     = errors.New("session expired")
	ErrLeaseRanOut = errors.New("no answer from the ensemble within the lease")
	ErrRemoved     = errors.New("its znode was removed")
)

// ContextError is why ctx ended: it matches both ctx.Err and context.Cause(ctx).
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
