package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// lock is one lock as list and watch show it.
type lock struct {
	Name    string    `json:"name"`
	Status  string    `json:"status"`         // Locked, Free, No session, or why it is not known which
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

// readLocks reads every lock for which match is true. With an error that matches zklock.ErrIncomplete it returns some of them.
func readLocks(ctx context.Context, s *zklock.Session, match func(name string) bool) ([]lock, error) {
	infos, err := s.Locks(ctx)
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return nil, err
	}
	locks := make([]lock, 0, len(infos))
	for _, info := range infos {
		if !match(info.Name) {
			continue
		}
		l := lock{Name: info.Name, Status: free, Holders: info.Holders, Waiters: info.Waiters, Created: info.Created}
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
		locks = append(locks, l)
	}
	return locks, err
}

// contendersOf returns the path and the queue of a lock that was listed. The queue is empty for a znode that no lock of ours can be.
func contendersOf(ctx context.Context, s *zklock.Session, name string) (path string, queue []zklock.Contender, err error) {
	m, err := s.Mutex(name)
	if errors.Is(err, zklock.ErrInvalidName) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	queue, err = m.Contenders(ctx)
	return m.Path(), queue, err
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
			t.add(text(l.Name, nameLimit), status, cell{text: unknown}, cell{text: unknown}, cell{text: unknown},
				cell{text: unknown})
			continue
		}
		t.add(text(l.Name, nameLimit), status, cell{text: cmp.Or(l.Kind, "-")}, cell{text: fmt.Sprint(l.Holders)},
			cell{text: fmt.Sprint(l.Waiters)}, cell{text: age(l.Created)})
	}
	return t
}

// How many characters of a stranger's text are shown.
const (
	nameLimit = 200
	dataLimit = 60
)
