package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// lock is one lock as list and watch show it.
type lock struct {
	Name    string    `json:"name"`
	Status  string    `json:"status"`         // Locked or Free
	Kind    string    `json:"kind,omitempty"` // lock or read/write, while anybody queues
	Holders int       `json:"holders"`
	Waiters int       `json:"waiters"`
	Created time.Time `json:"created"`
}

const (
	locked = "Locked"
	free   = "Free"
)

// locksAtOnce bounds how many queues are read at the same time; the library reads several contenders of each.
const locksAtOnce = 8

// readLocks reads every lock for which match is true.
func readLocks(ctx context.Context, s *zklock.Session, match func(name string) bool) ([]lock, error) {
	infos, err := s.Locks(ctx)
	if err != nil {
		return nil, err
	}
	locks := make([]lock, 0, len(infos))
	for _, info := range infos {
		if !match(info.Name) {
			continue
		}
		l := lock{Name: info.Name, Status: free, Holders: info.Holders, Waiters: info.Waiters, Created: info.Created}
		if info.Holders+info.Waiters > 0 {
			l.Status = locked
		}
		locks = append(locks, l)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(locksAtOnce)
	for i := range locks {
		if l := &locks[i]; l.Status == locked {
			g.Go(func() (err error) {
				l.Kind, err = kindOf(ctx, s, l.Name)
				return err
			})
		}
	}
	return locks, g.Wait()
}

// kindOf says what kind of lock people use one as. It is empty if they have left meanwhile.
func kindOf(ctx context.Context, s *zklock.Session, name string) (string, error) {
	m, err := s.Mutex(name)
	if err != nil {
		return "", nil // whoever made the znode has other rules for names: nothing that zooky could lock
	}
	contenders, err := m.Contenders(ctx)
	kind := ""
	for _, c := range contenders {
		if c.Kind != zklock.KindLock {
			return "read/write", err
		}
		kind = "lock"
	}
	return kind, err
}

// locksTable shows locks to people.
func locksTable(w io.Writer, locks []lock) *table {
	t := newTable(w, "LOCK", "STATUS", "KIND", "HOLDERS", "WAITERS", "AGE")
	for _, l := range locks {
		status := cell{l.Status, green}
		if l.Status == locked {
			status.colour = red
		}
		kind := l.Kind
		if kind == "" {
			kind = "-"
		}
		t.add(text(l.Name, nameLimit), status, cell{text: kind}, cell{text: fmt.Sprint(l.Holders)},
			cell{text: fmt.Sprint(l.Waiters)}, cell{text: age(l.Created)})
	}
	return t
}

// How many characters of a stranger's text are shown.
const (
	nameLimit = 200
	dataLimit = 60
)
