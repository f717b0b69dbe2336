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
	Kind    string    `json:"kind,omitempty"` // lock, read, write or semaphore: how it is held
	Holders int       `json:"holders"`
	Waiters int       `json:"waiters"`
	Permits int       `json:"permits,omitempty"` // of a semaphore, that the holders have
	Revoked int       `json:"revoked,omitempty"` // how many were asked to release
	Created time.Time `json:"created,omitzero"`
	// The first holder: who it is, since when it holds the lock, if that is known, and since when it
	// has been in the queue.
	HeldBy      string    `json:"held_by,omitempty"`
	HeldSince   time.Time `json:"held_since,omitzero"`
	QueuedSince time.Time `json:"queued_since,omitzero"`
	// since when the first waiter has waited
	WaitingSince time.Time `json:"waiting_since,omitzero"`
	Error        string    `json:"error,omitempty"` // why it could not be looked at
}

// How a lock stands.
const (
	locked     = "Locked"
	free       = "Free"
	forbidden  = "No permission"
	unreadable = "Unreadable"
	stray      = "No session" // see likeContender
)

// lister lists the locks: it is the method of a Session or a Lister.
type lister func(context.Context) ([]zklock.LockInfo, error)

// readLocks reads every lock for which match is true. With an error that matches
// zklock.ErrIncomplete it returns some of them.
func readLocks(ctx context.Context, list lister,
	match func(name string) bool) ([]lock, error) {
	infos, err := list(ctx)
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return nil, err
	}
	locks := make([]lock, 0, len(infos))
	for _, info := range infos {
		if !match(info.Name) {
			continue
		}
		l := lock{Name: info.Name, Status: free, Holders: info.Holders, Waiters: info.Waiters,
			Permits: info.Permits, Revoked: info.Revoked, Created: info.Created,
			HeldBy: info.HeldBy, HeldSince: info.HeldSince, QueuedSince: info.QueuedSince,
			WaitingSince: info.WaitingSince}
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
			l.Kind = info.Kind.String() // also while no permit is held
		}
		locks = append(locks, l)
	}
	return locks, err
}

// eachQueue reads the queues of locks that were listed, several at a time, and calls f with one
// after the other, in no order. Of a semaphore it reads who holds permits, and the queue. It leaves
// out znodes that no lock of ours can be. Of a queue that is too long f gets the beginning.
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
			look := m.Contenders
			if info.Kind == zklock.KindSemaphore {
				sem, err := lookAtSemaphore(s, m)
				if err != nil {
					return err
				}
				look = sem.Contenders
			}
			queue, err := look(ctx)
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
	t := newTable(w, "LOCK", "STATUS", "KIND", "HOLDERS", "WAITERS", "PERMITS", "HELD",
		"HELD BY")
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
				cell{text: unknown}, cell{}, cell{text: unknown}, cell{text: unknown})
			continue
		}
		permits := cell{}
		if l.Permits > 0 {
			permits.text = fmt.Sprint(l.Permits)
		}
		t.add(text(l.Name, nameLimit), status, cell{text: cmp.Or(l.Kind, "-")},
			cell{text: fmt.Sprint(l.Holders)}, cell{text: fmt.Sprint(l.Waiters)},
			permits, l.heldFor(), l.heldBy())
	}
	t.dropEmpty("PERMITS")
	return t
}

// heldFor says for how long the lock has been held. If that is not known, it says for how long the
// holder has been in the queue.
func (l *lock) heldFor() cell {
	switch {
	case l.Holders == 0:
		return cell{text: "-"}
	case l.HeldSince.IsZero():
		return cell{text: "queued " + age(l.QueuedSince) + " ago"}
	default:
		return cell{text: age(l.HeldSince)}
	}
}

// heldBy says who is the first holder.
func (l *lock) heldBy() cell {
	by := text(l.HeldBy, dataLimit)
	switch {
	case l.Holders == 0:
		return cell{text: "-"}
	case l.HeldBy == "":
		by.text = "?"
	}
	if l.Holders > 1 {
		by.text += fmt.Sprintf(" and %d more", l.Holders-1)
	}
	return by
}

// How many characters of a stranger's text are shown.
const (
	nameLimit = 200
	dataLimit = 60
)
