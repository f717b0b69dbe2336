package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// census is one look at all locks.
type census struct {
	held, free, unreadable int
	holders, waiters       int
	used                   []zklock.LockInfo // held locks, the ones with most waiters first
	at                     time.Time
	took                   time.Duration
}

// takeCensus looks at all locks. A lock that cannot be looked at is counted.
func takeCensus(ctx context.Context, list lister) (*census, error) {
	begun := time.Now()
	infos, err := list(ctx)
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return nil, err
	}
	c := &census{at: time.Now()}
	c.took = c.at.Sub(begun)
	for _, info := range infos {
		c.holders += info.Holders
		c.waiters += info.Waiters
		switch {
		case info.Err != nil:
			c.unreadable++
		case info.Holders == 0:
			c.free++
		default:
			c.held++
			c.used = append(c.used, info)
		}
	}
	slices.SortFunc(c.used, func(a, b zklock.LockInfo) int {
		return cmp.Or(b.Waiters-a.Waiters, cmp.Compare(a.Name, b.Name))
	})
	return c, nil
}

// Names and units are as Prometheus's guide has them.
var (
	upMetric = prometheus.NewDesc("zooky_up",
		"Whether the servers have answered the last look at the locks.", nil, nil)
	lookMetric = prometheus.NewDesc("zooky_look_duration_seconds",
		"How long the last look that was answered took.", nil, nil)
	lookedMetric = prometheus.NewDesc("zooky_look_timestamp_seconds",
		"When the last look was answered.", nil, nil)
	locksMetric = prometheus.NewDesc("zooky_locks", "Locks below the root.",
		[]string{"state"}, nil)
	holdersMetric = prometheus.NewDesc("zooky_holders", "Holders of all locks.", nil, nil)
	waitersMetric = prometheus.NewDesc("zooky_waiters", "Waiters for all locks.", nil, nil)
	leftOutMetric = prometheus.NewDesc("zooky_locks_left_out",
		"Held locks that have no series of their own.", nil, nil)
	lockHolders = prometheus.NewDesc("zooky_lock_holders", "Holders of the lock.",
		[]string{"lock"}, nil)
	lockWaiters = prometheus.NewDesc("zooky_lock_waiters", "Waiters for the lock.",
		[]string{"lock"}, nil)
	lockAsked = prometheus.NewDesc("zooky_lock_revocations_asked",
		"Contenders of the lock that were asked to release it.", []string{"lock"}, nil)
	lockPermits = prometheus.NewDesc("zooky_lock_permits_in_use",
		"Permits of the semaphore that are held.", []string{"lock"}, nil)
	lockHeldFor = prometheus.NewDesc("zooky_lock_hold_age_seconds",
		"How long the first of the holders has held the lock, or been in the queue if that is not known.",
		[]string{"lock"}, nil)
	lockOldestWait = prometheus.NewDesc("zooky_lock_oldest_wait_seconds",
		"How long the first of the waiters has waited.", []string{"lock"}, nil)
)

// exporter tells Prometheus of the last census.
type exporter struct {
	series  int // how many locks have series of their own
	session *zklock.Session
	last    atomic.Pointer[census] // nil if the last look was not answered
}

// Describe sends nothing: the labels depend on the locks.
func (e *exporter) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. Of an ensemble that does not answer it tells nothing but
// that.
func (e *exporter) Collect(to chan<- prometheus.Metric) {
	c := e.last.Load()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if c == nil || e.session.State() != zklock.StateConnected {
		gauge(upMetric, 0)
		return
	}
	gauge(upMetric, 1)
	gauge(lookMetric, c.took.Seconds())
	gauge(lookedMetric, float64(c.at.UnixMilli())/1000)
	gauge(locksMetric, float64(c.held), "held")
	gauge(locksMetric, float64(c.free), "free")
	gauge(locksMetric, float64(c.unreadable), "unreadable")
	gauge(holdersMetric, float64(c.holders))
	gauge(waitersMetric, float64(c.waiters))
	shown := c.used[:min(len(c.used), e.series)]
	gauge(leftOutMetric, float64(len(c.used)-len(shown)))
	for _, l := range shown {
		name := escape.Text(l.Name)
		gauge(lockHolders, float64(l.Holders), name)
		gauge(lockWaiters, float64(l.Waiters), name)
		gauge(lockAsked, float64(l.Revoked), name)
		if l.Kind == zklock.KindSemaphore {
			gauge(lockPermits, float64(l.Permits), name)
		}
		held := l.HeldSince
		if held.IsZero() {
			held = l.QueuedSince
		}
		gauge(lockHeldFor, secondsSince(held, c.at), name)
		gauge(lockOldestWait, secondsSince(l.WaitingSince, c.at), name)
	}
}

// secondsSince is how long before now something was, 0 if it was not, or by a clock that is ahead.
func secondsSince(at, now time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(0, now.Sub(at).Seconds())
}
