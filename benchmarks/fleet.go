package benchmarks

// This is the case with many sessions that hold locks and do nothing else, as leaders do.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// fleet is a client whose sessions can hold locks.
type fleet interface {
	// station opens n sessions, each of which holds so many locks of its own until release is called.
	station(ctx context.Context, p place, n, each int) (release func() error, err error)
}

// settling is how long holders of zklock take to write down since when they hold their locks.
const settling = 12 * time.Second

// fleetOf makes n sessions hold so many locks each.
func fleetOf(n, each int) Case {
	name, title := fmt.Sprintf("fleet-%d", n), fmt.Sprintf("%d sessions that hold a lock each", n)
	if each > 1 {
		name += fmt.Sprintf("-of-%d", each)
		title = fmt.Sprintf("%d sessions that hold %d locks each", n, each)
	}
	return Case{
		Name: name, Title: title,
		Table: tableFleet, rounds: 3,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (_ Sample, err error) {
			f, ok := c.(fleet)
			if !ok {
				return nil, errUnsupported
			}
			release, err := f.station(ctx, p, n, each)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, release()) }()
			measure := b.measure
			if !b.quick {
				measure = max(measure, 2*p.timeout) // that have a dozen beats
				sleep(ctx, settling)
			}
			before, err := b.server.load()
			if err != nil {
				return nil, err
			}
			select {
			case <-time.After(measure):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			after, err := b.server.load()
			if err != nil {
				return nil, err
			}
			took := after.at.Sub(before.at).Seconds()
			return Sample{
				figureFleetRequests: float64(after.requests-before.requests) / took,
				figureFleetWrites:   float64(after.zxid-before.zxid) / took,
				figureFleetCPU:      milliseconds(after.client-before.client) / took,
			}, nil
		},
	}
}

// load is what the server and this process have done so far.
type load struct {
	at             time.Time
	requests, zxid int64
	client         time.Duration // of CPU
}

var zxidPattern = regexp.MustCompile(`(?m)^Zxid: 0x([0-9a-f]+)`)

func (s *server) load() (l load, err error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return l, err
	}
	l.at = time.Now()
	l.client = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if l.requests, err = s.received(); err != nil {
		return l, err
	}
	text, err := s.ask("srvr", zxidPattern)
	if err != nil {
		return l, err
	}
	s.asked.Add(1)
	l.zxid, err = strconv.ParseInt(text, 16, 64)
	return l, err
}

func (c inProcess) station(
	ctx context.Context, p place, n, each int,
) (release func() error, err error) {
	sessions, closeAll, err := c.openAll(ctx, p, n)
	if err != nil {
		return nil, err
	}
	for i, s := range sessions {
		for k := range each {
			lockers, err := s.lockers(fmt.Sprintf("%s-%d-%d", p.path, i, k), 1)
			if err == nil {
				err = lockers[0].lock(ctx)
			}
			if err != nil {
				return nil, errors.Join(err, closeAll())
			}
		}
	}
	return closeAll, nil
}
