package benchmarks

// These are the workers whose locks no other worker takes.

import (
	"context"
	"errors"
	"fmt"
)

// apart returns lockers of the workers of the only session, each with locks of its own.
func (l loop) apart(s session) ([]locker, error) {
	if l.sessions != 1 {
		return nil, errors.New("workers that have locks of their own are on one session")
	}
	lockers := make([]locker, l.workers)
	for i := range lockers {
		path := fmt.Sprintf("%s/%d", l.path, i)
		if l.names == freshNames {
			lockers[i] = &fresh{s: s, path: path}
			continue
		}
		own, err := s.lockers(path, 1)
		if err != nil {
			return nil, err
		}
		lockers[i] = own[0]
	}
	return lockers, nil
}

// founder is a session that takes a lock that does not exist in a way of its own.
type founder interface {
	found(path string) locker
}

// fresh takes a lock that has never existed, each time.
type fresh struct {
	s    session
	path string
	n    int
	locker
}

func (f *fresh) lock(ctx context.Context) error {
	path := fmt.Sprintf("%s-%d", f.path, f.n)
	f.n++
	if with, ok := f.s.(founder); ok {
		f.locker = with.found(path)
	} else {
		lockers, err := f.s.lockers(path, 1)
		if err != nil {
			return err
		}
		f.locker = lockers[0]
	}
	return f.locker.lock(ctx)
}
