package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// lock is one lock as list and watch show it.
type lock struct {
	Name string `json:"name"`
	// Locked, Free, No session, or why it is not known which
	Status  string    `json:"status"`
	Kind    string    `json:"kind,omitempty"` // lock, read or write: how it is held
	Holders int       `json:"holders"`
	Waiters int       `json:"waiters"`
	Created time.Time `json:"created,omitzero"`
	Error   string    `json:"error,omitempty"` // why it could not be looked at
}

// How a lock stands.
const (
	locked     = "Locked"
	free       = "Free"
	forbidden  = "No permission"
	unreadable = "Unreadable"
	stray      = "No session" // see likeContender
)

// readLocks reads every lock for which match is true. With an error that matches
// zklock.ErrIncomplete it returns some of them.
func readLocks(ctx context.Context, s *zklock.Session,
	match func(name string) bool) ([]lock, error) {
	infos, err := s.Locks(ctx)
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return nil, err
	}
	locks := make([]lock, 0, len(infos))
	for _, info := range infos {
		if !match(info.Name) {
			continue
		}
		l := lock{Name: info.Name, Status: free, Holders: info.Holders, Waiters: info.Waiters,
			Created: info.Created}
		switch {
		case errors.Is(info.Err, zk.ErrNoAuth):
			l.Status, l.Error = forbidden, info.Err.Error()
		case info.Err != nil:
			l.Status, l.Error = unreadable, info.Err.Error()
		case info.Holders > 0:
			l.Status, l.Kind = locked, info.Kind.String()
		case likeContender(info.Name):
			l.Status = stray
		}
		if info.Kind == zklock.KindSemaphore {
			l.Kind = info.Kind.String() // also while nobody holds a permit
		}
		locks = append(locks, l)
	}
	return locks, err
}

// eachQueue reads the queues of locks that were listed, several at a time, and calls f with one
// after the other, in no order. It leaves out znodes that no lock of ours can be. Of a queue that
// is too long f gets the beginning.
func eachQueue(
	ctx context.Context, s *zklock.Session, infos []zklock.LockInfo,
	f func(*zklock.Mutex, []zklock.Contender),
) error {
	var one sync.Mutex // f runs under it
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, info := range infos {
		g.Go(func() error {
			m, err := s.Mutex(info.Name)
			if errors.Is(err, zklock.ErrInvalidName) {
				return nil
			}
			if err != nil {
				return err
			}
			queue, err := m.Contenders(ctx)
			if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
				return err
			}
			one.Lock()
			defer one.Unlock()
			f(m, queue)
			return nil
		})
	}
	return g.Wait()
}

// locksTable shows locks to people.
func locksTable(w io.Writer, locks []lock) *table {
	t := newTable(w, "LOCK", "STATUS", "KIND", "HOLDERS", "WAITERS", "AGE")
	for _, l := range locks {
		status := cell{l.Status, plain}
		switch l.Status {
		case locked:
			status.colour = red
		case free:
			status.colour = green
		}
		if l.Error != "" {
			const unknown = "?"
			t.add(text(l.Name, nameLimit), status, cell{text: unknown}, cell{text: unknown},
				cell{text: unknown},
				cell{text: unknown})
			continue
		}
		t.add(text(l.Name, nameLimit), status, cell{text: cmp.Or(l.Kind, "-")},
			cell{text: fmt.Sprint(l.Holders)},
			cell{text: fmt.Sprint(l.Waiters)}, cell{text: age(l.Created)})
	}
	return t
}

// How many characters of a stranger's text are shown.
const (
	nameLimit = 200
	dataLimit = 60
)
