//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zookylock/zklock"
)

// tenure is what a command runs under: a lock, or several.
type tenure interface {
	Name() string
	Err() error
	Token() zklock.Token
	Deadline() time.Time
	Revoked() <-chan struct{}
	Lost() <-chan struct{}
	UnlockContext(ctx context.Context) error
}

// severalLocks is the hold of several locks.
type severalLocks struct {
	*zklock.Hold
	names []string
}

// Name returns all the names, as messages show them.
func (h severalLocks) Name() string { return strings.Join(h.names, ", ") }

// nameLocks takes the name of the one lock from the front of the arguments, unless --lock has named
// it.
func (r *runner) nameLocks(args []string) (command []string, err error) {
	if len(r.locks) > 0 {
		if len(args) == 0 {
			return nil, errors.New("run needs a command")
		}
		return args, nil
	}
	if len(args) < 2 {
		return nil, errors.New("run needs the lock's name and a command")
	}
	r.locks = args[:1]
	return args[1:], nil
}

// checkSeveral refuses what is for one lock alone.
func (r *runner) checkSeveral() error {
	if len(r.locks) > 1 && (r.try || r.how != "" || r.oncePer > 0 || r.slots > 0) {
		return errors.New("--try, --wait 0, --revoke, --once-per and --slots are for one lock")
	}
	return nil
}

// hold opens the locks and takes them.
func (r *runner) hold(ctx context.Context, s *zklock.Session) (tenure, error) {
	var locks []*zklock.Mutex
	var queues []queued
	for _, name := range r.locks {
		m, err := r.mutex(s, name)
		if err != nil {
			return nil, err
		}
		if len(r.locks) == 1 {
			take := r.take
			if r.oncePer > 0 {
				take = r.takeOncePer
			}
			return m, take(ctx, s, m)
		}
		locks = append(locks, m.(*zklock.Mutex)) // slots are for one name
		queues = append(queues, m)
	}
	stop := r.tellWhile(ctx, s, queues...)
	h, err := s.LockAll(ctx, locks...)
	stop()
	if errors.Is(err, errWaited) {
		return nil, r.refusal(fmt.Errorf("%s were not acquired within %v%s", namesOf(queues), r.wait,
			holderNow(s, queues...)))
	}
	return severalLocks{h, r.locks}, err
}
