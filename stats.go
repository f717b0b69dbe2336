package zklock

import (
	"errors"
	"hash/maphash"
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
	seed    maphash.Seed
	// by lock, so that goroutines that use different locks do not wait for one another
	parts [16]tallyPart
}

// tallyPart is the tally of some of the locks.
type tallyPart struct {
	mu    sync.Mutex // guards the fields below; comes last
	stats Stats
	holds map[*recipe.Acquisition]struct{}
}

func (t *tally) init(profile *pprof.Profile) {
	t.profile, t.seed = profile, maphash.MakeSeed()
	for i := range t.parts {
		t.parts[i].holds = make(map[*recipe.Acquisition]struct{})
	}
}

// of returns the part that a lock is counted in.
func (t *tally) of(c *recipe.Claim) *tallyPart {
	return &t.parts[maphash.String(t.seed, c.Path)%uint64(len(t.parts))]
}

func (t *tally) started(c *recipe.Claim) {
	p := t.of(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Waiting++
}

func (t *tally) settled(a *recipe.Acquisition, wait time.Duration, err error) {
	p := t.of(&a.Claim)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Waiting--
	p.stats.Wait += wait
	switch {
	case err == nil:
		p.stats.Acquired++
		p.holds[a] = struct{}{}
	case errors.Is(err, ErrLocked):
		p.stats.Refused++
	default:
		p.stats.GaveUp++
	}
}

func (t *tally) revoked(a *recipe.Acquisition) {
	p := t.of(&a.Claim)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Revoked++
}

func (t *tally) ended(a *recipe.Acquisition, held time.Duration, lost error) {
	p := t.of(&a.Claim)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.holds, a)
	if t.profile != nil {
		t.profile.Remove(a)
	}
	p.stats.Hold += held
	p.stats.Lost.count(reasonOf(lost))
}

// released counts a loss that the release has noticed.
func (t *tally) released(a *recipe.Acquisition, err error) {
	if err == nil { // each release comes here
		return
	}
	p := t.of(&a.Claim)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Lost.count(reasonOf(err))
}

// changed counts a change of the Session's state, which is of no lock.
func (t *tally) changed(to State) {
	p := &t.parts[0]
	p.mu.Lock()
	defer p.mu.Unlock()
	switch to {
	case StateSuspended:
		p.stats.Disconnections++
	case StateExpired:
		p.stats.Expiries++
	}
}

// current returns the current holds.
func (t *tally) current() (all []*recipe.Acquisition) {
	for i := range t.parts {
		p := &t.parts[i]
		p.mu.Lock()
		all = slices.AppendSeq(all, maps.Keys(p.holds))
		p.mu.Unlock()
	}
	return all
}

func (t *tally) read() (sum Stats) {
	for i := range t.parts {
		p := &t.parts[i]
		p.mu.Lock()
		sum.add(&p.stats)
		sum.Held += len(p.holds)
		p.mu.Unlock()
	}
	return sum
}

// add adds the counts and sums of others.
func (s *Stats) add(others *Stats) {
	s.Waiting += others.Waiting
	s.Acquired += others.Acquired
	s.Refused += others.Refused
	s.GaveUp += others.GaveUp
	s.Wait += others.Wait
	s.Hold += others.Hold
	s.Revoked += others.Revoked
	s.Lost.Lease += others.Lost.Lease
	s.Lost.Expired += others.Lost.Expired
	s.Lost.Removed += others.Lost.Removed
	s.Lost.Closed += others.Lost.Closed
	s.Expiries += others.Expiries
	s.Disconnections += others.Disconnections
}

// HoldInfo is a lock that the Session holds.
type HoldInfo struct {
	Lock  LockRef
	Since time.Time // the grant
	Token Token
}

// holdProfile returns the profile, which all Sessions of the process share.
var holdProfile = sync.OnceValue(func() *pprof.Profile {
	const name = "zklock.holds"
	if p := pprof.Lookup(name); p != nil {
		return p
	}
	return pprof.NewProfile(name)
})

// WithHoldProfile records the current holds of the Session in the profile "zklock.holds" of package
// runtime/pprof, with the stacks of the calls that acquired them. So it shows where a hold that is
// never released was acquired. With net/http/pprof the profile is at /debug/pprof/zklock.holds.
// Holds of LockAsync are not in it. The profile costs some microseconds for each acquisition.
func WithHoldProfile() SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.profile = holdProfile()
		return nil
	}
}

// profiled adds the hold to the profile with the caller's stack, unless the hold has ended already.
func (t *tally) profiled(a *recipe.Acquisition) {
	if t.profile == nil {
		return
	}
	p := t.of(&a.Claim)
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, held := p.holds[a]; held {
		t.profile.Add(a, 1) // without this frame
	}
}
