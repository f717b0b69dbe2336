package ensemble

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
)

// Why a session, or a tenant of it, is over.
var (
	ErrClosed      = errors.New("session closed")
	ErrExpired     = errors.New("session expired")
	ErrLeaseRanOut = errors.New("no answer from the ensemble within the lease")
	ErrRemoved     = errors.New("its znode was removed")
)

// ErrTooMany is the error of package zklock with this name; its contract is there.
var ErrTooMany = errors.New("too many locks in one session")

// ErrUnavailable is the error of package zklock with this name; its contract is there.
var ErrUnavailable = errors.New("zookeeper is unavailable")

// ErrTooLarge is in place of an answer that is not read, for its size. Servers use the code for
// nothing else.
var ErrTooLarge = fmt.Errorf("the answer is larger than 8 MiB: %w", zk.ErrAPIError)

// errClosing is the cause of the contexts that Close ends. No user sees it, so that no context of a
// user's has it as its cause.
var errClosing = errors.New("session is closing")

// EndedByClose reports whether Client.Close has ended ctx.
func EndedByClose(ctx context.Context) bool { return context.Cause(ctx) == errClosing }

// GaveUp is the error inside the library of a call whose context has ended. The context's error and
// its cause are the caller's and can match anything, also zk.ErrNoNode or ErrClosed. GaveUp has no
// Unwrap, so that errors.Is does not take them for a server's answer, or for what has become of a
// session or a znode. Public returns what the user is to see.
type GaveUp struct{ Why error }

func (g GaveUp) Error() string { return g.Why.Error() }

// ContextError is why ctx has ended, nil if it has not. To the user it matches both ctx.Err and
// context.Cause(ctx).
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(cause, err):
		return GaveUp{cause}
	default:
		return GaveUp{fmt.Errorf("%w: %w", err, cause)}
	}
}

// noContext stands in for a context that is nil: it has ended, and says why.
type noContext struct{ context.Context }

var (
	errNoContext = errors.New("context is nil")
	noMore       = func() <-chan struct{} {
		ch := make(chan struct{})
		close(ch)
		return ch
	}()
)

func (noContext) Done() <-chan struct{} { return noMore }
func (noContext) Err() error            { return errNoContext }

// OrNone returns ctx, or one that has ended if that is nil.
func OrNone(ctx context.Context) context.Context {
	if ctx == nil {
		return noContext{context.Background()}
	}
	return ctx
}

// IsGaveUp reports whether a context's end is the reason for err.
func IsGaveUp(err error) bool { return err != nil && errors.As(err, new(GaveUp)) }

// Public returns err as the user is to see it.
func Public(err error) error {
	var g GaveUp
	if !errors.As(err, &g) {
		return err
	}
	if several, ok := err.(*severalErrors); ok {
		return JoinErrors(Public(several.errs[0]), Public(several.errs[1]))
	}
	return g.Why
}

// severalErrors are two that belong together, on one line.
type severalErrors struct{ errs [2]error }

func (e *severalErrors) Error() string   { return e.errs[0].Error() + "; " + e.errs[1].Error() }
func (e *severalErrors) Unwrap() []error { return e.errs[:] }

// JoinErrors is errors.Join on one line.
func JoinErrors(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	default:
		return &severalErrors{[2]error{a, b}}
	}
}
