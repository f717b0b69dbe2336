//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zookylock/zklock"
)

// What session timeouts are taken for meant: servers bound them, but not to what is of use.
const (
	minSessionTimeout = 100 * time.Millisecond
	maxSessionTimeout = 24 * time.Hour
)

// check looks at the flags of run.
func (r *runner) check() error {
	if r.signal = signalOf(r.onRevoke); r.signal == 0 {
		return fmt.Errorf("--on-revoke %s: no such signal", r.onRevoke)
	}
	if r.wait < 0 || r.killAfter < 0 {
		return errors.New("a time to wait is not negative")
	}
	if r.try && (r.wait > 0 || r.how != "") {
		return errors.New("--try does not wait, nor does --wait 0: they go with neither --wait nor --revoke")
	}
	if r.reason != "" && r.how == "" {
		return errors.New("--reason goes with --revoke")
	}
	if r.sessionTimeout < minSessionTimeout || r.sessionTimeout > maxSessionTimeout {
		return fmt.Errorf("--session-timeout %v: want from %v to %v", r.sessionTimeout,
			minSessionTimeout, maxSessionTimeout)
	}
	if r.notAcquired < 0 || r.notAcquired > 255 {
		return fmt.Errorf("--conflict-exit-code %d: want from 0 to 255", r.notAcquired)
	}
	if r.oncePer < 0 || r.atLeast < 0 {
		return errors.New("--once-per and --at-least are not negative")
	}
	if r.oncePer > 0 && r.shared {
		return errors.New("--once-per needs the lock alone: it does not go with --shared")
	}
	if err := r.checkSeveral(); err != nil {
		return err
	}
	if r.slots < 0 {
		return fmt.Errorf("--slots %d: want 1 or more", r.slots)
	}
	if r.slots > 0 && (r.shared || r.how != "" || r.oncePer > 0) {
		return errors.New("--slots goes with neither --shared, --revoke nor --once-per")
	}
	_, err := r.revocation()
	return err
}

// signalOf returns the signal of that name or number, 0 if there is none.
func signalOf(text string) syscall.Signal {
	if n, err := strconv.Atoi(text); err == nil && unix.SignalName(syscall.Signal(n)) != "" {
		return syscall.Signal(n)
	}
	return unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG"))
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

// acquire connects, and takes the locks in the way that the flags say. Its error has the exit
// status.
func (r *runner) acquire(ctx context.Context) (*zklock.Session, tenure, error) {
	bounded := ctx
	if r.wait > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeoutCause(ctx, r.wait, errWaited)
		defer cancel()
	}
	s, err := r.dial(bounded)
	if err != nil {
		return nil, nil, withStatus(runTrouble, cmpCause(ctx, err))
	}
	m, err := r.hold(bounded, s)
	if err != nil {
		return nil, nil,
			withStatus(runTrouble, errors.Join(cmpCause(ctx, err), closeSoon(bounded, s)))
	}
	if r.timeoutGiven && s.Timeout() != r.sessionTimeout {
		complain(r.streams.Err,
			fmt.Errorf("the servers grant a session timeout of %v, not %v", s.Timeout(),
				r.sessionTimeout))
	}
	return s, m, nil
}

func (r *runner) mutex(s *zklock.Session, name string) (hold, error) {
	who := zklock.WithIdentifier(r.identity)
	switch {
	case r.slots > 0:
		sem, err := s.Semaphore(name, r.slots, who)
		return &slot{Semaphore: sem}, err
	case !r.shared:
		return s.Mutex(name, who)
	}
	rw, err := s.RWMutex(name, who)
	if err != nil {
		return nil, err
	}
	return rw.Reader(), nil
}

// take acquires the lock. If it cannot, its error says who has the lock.
func (r *runner) take(ctx context.Context, s *zklock.Session, m hold) (err error) {
	stop := r.tellWhile(ctx, s, m)
	defer stop()
	switch {
	case r.try:
		answering, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		if _, err = m.TryLockContext(answering); errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("no answer from the servers within %v", r.timeout)
		}
	case r.how != "":
		how, _ := r.revocation() // checked
		_, err = m.LockRevoking(ctx, how, because(r.reason)...)
	default:
		_, err = m.LockContext(ctx)
	}
	switch {
	case errors.Is(err, zklock.ErrLocked):
		return r.refusal(fmt.Errorf("%s is taken%s", m.Name(), holderNow(s, m)))
	case errors.Is(err, errWaited):
		return r.refusal(fmt.Errorf("%s was not acquired within %v%s", m.Name(), r.wait,
			holderNow(s, m)))
	}
	return err
}

// refusal is the error of a command that is not run because of the lock.
func (r *runner) refusal(why error) error {
	if r.quiet {
		why = errSaid
	}
	return withStatus(r.notAcquired, why)
}

// closeLimit bounds how long a session is closed whose time to wait is over.
const closeLimit = 500 * time.Millisecond

// closeSoon closes a session. If ctx has ended, it leaves what takes long to the servers, which end
// the session by themselves.
func closeSoon(ctx context.Context, s *zklock.Session) error {
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }() // ended by the servers' answer, or with the process
	select {
	case err := <-closed:
		return err
	case <-afterEnd(ctx, closeLimit):
		return nil
	}
}

// afterEnd returns a channel that receives some time after ctx has ended because the time to wait
// was over.
func afterEnd(ctx context.Context, d time.Duration) <-chan time.Time {
	if !errors.Is(context.Cause(ctx), errWaited) {
		return nil
	}
	return time.After(d)
}
