package zklock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// DoOption is an option of Do. Do returns an error if its value is invalid.
type DoOption func(*doConfig) error

var errNoFunction = errors.New("function is nil")

type doConfig struct {
	try       bool
	wait, run time.Duration // 0 for no bound
}

// newDoConfig checks what Do is given to run, and how.
func newDoConfig(fn func(context.Context) error, opts []DoOption) (cfg doConfig, err error) {
	if fn == nil {
		return cfg, errNoFunction
	}
	for _, opt := range opts {
		if opt == nil {
			return cfg, errNoOption
		}
		if err := opt(&cfg); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// NoWait makes Do fail with ErrLocked if the lock is taken, as TryLockContext does.
func NoWait() DoOption {
	return func(cfg *doConfig) error {
		cfg.try = true
		return nil
	}
}

// WaitAtMost bounds how long Do waits for the lock. If the lock is not acquired within d, Do fails
// with an error that matches ErrWaitTimeout and context.DeadlineExceeded, and does not call the
// function.
func WaitAtMost(d time.Duration) DoOption {
	return func(cfg *doConfig) error {
		cfg.wait = d
		return checkBound("wait", d)
	}
}

// RunAtMost bounds how long the function runs: its context ends after d, with the cause
// ErrRunTimeout. The lock is held until the function returns. If it then returns an error, the
// error of Do matches ErrRunTimeout.
func RunAtMost(d time.Duration) DoOption {
	return func(cfg *doConfig) error {
		cfg.run = d
		return checkBound("run", d)
	}
}

func checkBound(what string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s at most %v: want a time above 0", what, d)
	}
	return nil
}

// boundedBy returns ctx, bounded by d unless that is 0.
func boundedBy(ctx context.Context, d time.Duration, cause error) (context.Context,
	context.CancelFunc) {
	if d == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, d, cause)
}

// Do runs fn while it holds the lock. The context of fn is like a context of Mutex.Context: it ends
// with a cause that matches ErrRevoked when another client asks for the lock, with a cause that
// matches ErrLost when the hold is lost, and with ctx. ctx bounds the wait for the lock and fn
// together; WaitAtMost and RunAtMost bound one of them.
//
// Do returns fn's error, joined with the reason if the hold was revoked or lost, if fn ran too
// long, or if the release failed. If fn returns nil, a revocation is not an error. If the lock is
// not acquired, fn does not run, and Do returns the error that LockContext would return. Do waits
// for the release, for up to the session timeout. If fn unlocks the handle itself, Do releases
// nothing.
func (m *Mutex) Do(ctx context.Context, fn func(context.Context) error, opts ...DoOption) error {
	m.check()
	cfg, err := newDoConfig(fn, opts)
	if err != nil {
		return opError("lock", m.path, err)
	}
	a, err := m.acquireForDo(ctx, cfg)
	if err != nil {
		return err
	}
	held, cancel := m.under(ctx, a.Hold())
	defer cancel()
	return m.s.runUnder(a, held, cfg.run, func() bool { return m.forget(a) }, fn)
}

// runUnder runs fn with a context that ends with the hold. Then it releases the hold, if take takes
// it from its handle.
func (s *Session) runUnder(
	a *recipe.Acquisition, held context.Context, atMost time.Duration, take func() bool,
	fn func(context.Context) error,
) (err error) {
	body, stop := boundedBy(held, atMost, ErrRunTimeout)
	defer func() { // also if fn panics
		stood := a.Hold().State()
		if stood == nil && errors.Is(context.Cause(body), ErrRunTimeout) {
			stood = ErrRunTimeout
		}
		stop()
		var released error
		if take() {
			released = a.ReleaseWithin(s.patience())
		}
		err = outcome(&a.Claim, err, stood, released)
	}()
	return fn(body)
}

// acquireForDo returns the acquisition once it is granted the lock.
func (m *Mutex) acquireForDo(ctx context.Context, cfg doConfig) (*recipe.Acquisition, error) {
	ctx, cancel := boundedBy(ensemble.OrNone(ctx), cfg.wait, ErrWaitTimeout)
	defer cancel()
	return m.obtain(ctx, func(c recipe.Claim) recipe.Claim {
		c.Try = cfg.try
		return c
	})
}

// outcome returns the error of Do: fn's error, why fn had to stop, and how the release failed, each
// once. If fn has returned nil, why it had to stop is not an error.
func outcome(c *recipe.Claim, err, stood, released error) error {
	told := opError(opRelease(c), c.Path, released)
	switch {
	case err == nil || stood == nil:
		return ensemble.JoinErrors(err, told)
	case errors.Is(told, stood) && errors.Is(stood, err): // fn has returned its context's cause
		return told
	case errors.Is(told, stood) && errors.Is(err, stood):
		return err
	case !errors.Is(told, stood) && !errors.Is(err, stood):
		err = ensemble.JoinErrors(err, opError("hold", c.Path, stood))
	}
	return ensemble.JoinErrors(err, told)
}
