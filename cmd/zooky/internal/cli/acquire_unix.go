//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zookylock/zklock"
)

// check looks at the flags of run.
func (r *runner) check() error {
	name := strings.TrimPrefix(strings.ToUpper(r.onRevoke), "SIG")
	r.signal = unix.SignalNum("SIG" + name)
	if r.signal == 0 {
		return fmt.Errorf("--on-revoke %s: no such signal", r.onRevoke)
	}
	if r.wait < 0 || r.killAfter < 0 {
		return errors.New("a time to wait is not negative")
	}
	if r.try && (r.wait > 0 || r.how != "") {
		return errors.New("--try does not wait: it goes with neither --wait nor --revoke")
	}
	_, err := r.revocation()
	return err
}

func (r *runner) revocation() (zklock.Revocation, error) {
	switch r.how {
	case "", "ask":
		return zklock.Ask, nil
	case "force":
		return zklock.Force, nil
	}
	grace, err := time.ParseDuration(r.how)
	if err != nil || grace <= 0 {
		return 0, fmt.Errorf("--revoke %s: it is ask, force or a duration", r.how)
	}
	return zklock.AskThenForce(grace), nil
}

func (r *runner) mutex(s *zklock.Session, name string) (*zklock.Mutex, error) {
	if !r.shared {
		return s.Mutex(name)
	}
	rw, err := s.RWMutex(name)
	if err != nil {
		return nil, err
	}
	return rw.Reader(), nil
}

// acquire takes the lock in the way that the flags say.
func (r *runner) acquire(ctx context.Context, m *zklock.Mutex) (err error) {
	if r.wait > 0 || r.try {
		limit := r.wait
		if r.try {
			limit = r.timeout // for the servers' answer
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	switch {
	case r.try:
		_, err = m.TryLockContext(ctx)
	case r.how != "":
		how, _ := r.revocation() // checked
		_, err = m.LockRevoking(ctx, how)
	default:
		_, err = m.LockContext(ctx)
	}
	switch {
	case errors.Is(err, zklock.ErrLocked):
		return status(runNotAcquired, fmt.Errorf("%s is taken", m.Name()))
	case errors.Is(err, context.DeadlineExceeded) && r.try:
		return fmt.Errorf("no answer from the servers within %v", r.timeout)
	case errors.Is(err, context.DeadlineExceeded):
		return status(runNotAcquired, fmt.Errorf("%s was not to be had within %v", m.Name(), r.wait))
	}
	return err
}
