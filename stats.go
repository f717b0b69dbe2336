package zklock

import (
	"errors"
	"maps"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/recipe"
)

// Stats are counts and sums of a Session since Dial. Held and Waiting are of now; the other counts
// and the sums only grow.
type Stats struct {
	State      State
	StateSince time.Time
	// the last one connected to, host:port as in the connect string; empty if unknown
	Server string

	Held    int // holds now; lost ones do not count
	Waiting int // acquisitions under way

	Acquired uint64
	Refused  uint64 // tries that found the lock taken
	// acquisitions that failed otherwise, mostly because their contexts ended
	GaveUp uint64
	Wait   time.Duration // sum, of all acquisitions that have ended
	Hold   time.Duration // sum, of all holds that have ended

	Revoked uint64 // holds that were asked to release
	Lost    Losses

	Expiries       uint64 // ZooKeeper sessions that expired or were given up
	Disconnections uint64

	// LeastLeaseLeft says how near the Session came to losing its holds: it is the least time that
	// was left to a hold when the ensemble confirmed it, or 0 if a lease has run out. Before the
	// first hold, and with LeaseServer, it is the session timeout that was asked for.
	LeastLeaseLeft time.Duration
}

// Losses counts the holds that were lost, by LossReason.
type Losses struct{ Lease, Expired, Removed, Closed uint64 }

func (l *Losses) count(reason LossReason) {
	switch reason {
	case LossLease:
		l.Lease++
	case LossExpired:
		l.Expired++
	case LossRemoved:
		l.Removed++
	case LossClosed:
		l.Closed++
	}
}

// tally has the counts and holds that Stats and Holds return.
type tally struct {
	profile *pprof.Profile // nil if none is wanted

	mu    sync.Mutex // guards the fields below; comes last
	stats Stats
	holds map[*recipe.Acquisition]struct{}
}

func (t *tally) started() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Waiting++
}

func (t *tally) settled(a *recipe.Acquisition, wait time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Waiting--
	t.stats.Wait += wait
	switch {
	case err == nil:
		t.stats.Acquired++
		t.holds[a] = struct{}{}
	case errors.Is(err, ErrLocked):
		t.stats.Refused++
	default:
		t.stats.GaveUp++
	}
}

func (t *tally) revoked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Revoked++
}

func (t *tally) ended(a *recipe.Acquisition, held time.Duration, lost error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.holds, a)
	if t.profile != nil {
		t.profile.Remove(a)
	}
	t.stats.Hold += held
	t.stats.Lost.count(reasonOf(lost))
}

// released counts a loss that the release has noticed.
func (t *tally) released(err error) {
	if err == nil { // each release comes here
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Lost.count(reasonOf(err))
}

func (t *tally) changed(to State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch to {
	case StateSuspended:
		t.stats.Disconnections++
	case StateExpired:
		t.stats.Expiries++
	}
}

// current returns the current holds.
func (t *tally) current() []*recipe.Acquisition {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.holds))
}

func (t *tally) read() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Held = len(t.holds)
	return stats
}

// HoldInfo is a lock that the Session holds.
type HoldInfo struct {
	Lock  LockRef
	Since time.Time // the grant
	Token Token
}
