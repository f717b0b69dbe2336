//go:build unix

package chaos

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// never is after everything.
const never = math.MaxInt64

// heldLock is one acquisition that succeeded, as its process saw it.
type heldLock struct {
	who      opName
	lock     string
	how      string
	shared   bool
	shares   int64 // it shares the lock from here, never if it does not
	permits  int   // of a semaphore
	token    string
	number   int   // of its candidate, 0 if it was lost at once
	invoked  int64 // before it was asked for
	granted  int64 // after the library had said so
	lost     int64 // after the holder was told, never if it was not
	unlock   int64 // before it was unlocked, never if it was not
	removed  bool  // the holder was told that another client removed it
	released bool  // in order: the candidate was there until the holder removed it
	end      int64 // the holder believes in it until here
}

// isShared reports whether others may share the lock at that time.
func (h *heldLock) isShared(at int64) bool { return h.shared || h.shares <= at }

// span is a stretch of time.
type span struct{ from, to int64 }

func (s span) has(t int64) bool { return s.from <= t && t <= s.to }

// wakingTime is how long a process that did not run may take to act on what it finds when it goes
// on.
const wakingTime = 100 * time.Millisecond

// timeline is the history put in order.
type timeline struct {
	events []Event
	holds  []*heldLock // by granted
	// when each life of a process did not run: was stopped, or got no processor; by from
	stops   map[[2]int][]span
	expired map[[2]int][]int64 // when the harness had sessions of it end
	forcing map[string][]span  // acquisitions of each lock that may remove others
}

func newTimeline(events []Event) *timeline {
	t := &timeline{
		stops:   make(map[[2]int][]span),
		expired: make(map[[2]int][]int64),
		forcing: make(map[string][]span),
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	t.events = events
	asked := make(map[opName]Event)
	holds := make(map[opName]*heldLock)
	ends := make(map[[2]int]int64) // of lives
	for _, ev := range events {
		life, h := [2]int{ev.Worker, ev.Life}, holds[ev.name()]
		switch ev.Kind {
		case kindLock:
			asked[ev.name()] = ev
		case kindGranted, kindFailed:
			if forces(ev.How) || forces(asked[ev.name()].How) {
				t.forcing[ev.Lock] = append(t.forcing[ev.Lock], span{asked[ev.name()].At, ev.At})
			}
			if ev.Kind == kindGranted {
				h = &heldLock{
					who: ev.name(), lock: ev.Lock, how: ev.How, shared: ev.Shared, token: ev.Token,
					number:  ev.Number,
					invoked: asked[ev.name()].At, granted: ev.At, lost: never,
					unlock: never, end: never, shares: never, permits: ev.Count,
				}
				if ev.How == "zooky" {
					h.end = ev.At // and later, as long as the command says that it runs
				}
				holds[ev.name()] = h
				t.holds = append(t.holds, h)
			}
			delete(asked, ev.name())
		case kindLost:
			h.lost, h.end, h.removed = ev.At, min(h.end, ev.At), h.removed || ev.Result == "removed"
		case kindAlive:
			h.end = ev.At
		case kindDowngrade:
			h.shares = ev.At
		case kindUnlock:
			h.unlock, h.end = ev.At, min(h.end, ev.At)
		case kindUnlocked:
			h.released, h.removed = ev.Err == "", h.removed || ev.Result == "removed"
		case kindStop:
			t.stops[life] = append(t.stops[life], span{ev.At, never})
		case kindCont:
			stops := t.stops[life]
			stops[slices.IndexFunc(stops, func(s span) bool { return s.to == never })].to = ev.At +
				int64(wakingTime)
		case kindGap:
			t.stops[life] = append(t.stops[life], span{ev.At - ev.Gap, ev.At + int64(wakingTime)})
		case kindKill:
			ends[life] = ev.At
		case kindExpire:
			t.expired[life] = append(t.expired[life], ev.At)
		}
	}
	for _, stops := range t.stops { // a gap is recorded when it is over
		slices.SortFunc(stops, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	}
	for _, ev := range asked { // killed while it asked
		if forces(ev.How) {
			t.forcing[ev.Lock] = append(t.forcing[ev.Lock], span{ev.At, never})
		}
	}
	for _, h := range t.holds {
		if end, killed := ends[[2]int{h.who.Worker, h.who.Life}]; killed {
			h.end = min(h.end, end)
		}
	}
	return t
}

// of returns the holds of one lock.
func (t *timeline) of(lock string) (holds []*heldLock) {
	for _, h := range t.holds {
		if h.lock == lock {
			holds = append(holds, h)
		}
	}
	return holds
}

// ran returns for how much of the time the event's process ran.
func (t *timeline) ran(ev Event, during span) (d int64) {
	at := during.from
	// they may overlap: a process that is stopped has a gap too
	for _, s := range t.stops[[2]int{ev.Worker, ev.Life}] {
		d += max(0, min(s.from, during.to)-at)
		at = max(at, s.to)
	}
	return d + max(0, during.to-at)
}

// Why a hold may overlap with a later one.
const (
	wasStopped = "its process did not run"
	wasForced  = "it was removed by force"
	wasExpired = "its session was ended by the harness"
)

// excuse says why, at a moment at which another hold began, the hold need not have been told yet;
// "" if there is none.
func (t *timeline) excuse(h *heldLock, at int64) string {
	life := [2]int{h.who.Worker, h.who.Life}
	for _, s := range t.stops[life] {
		if s.has(at) {
			return wasStopped
		}
	}
	if h.released {
		return ""
	}
	for _, expired := range t.expired[life] {
		if expired <= at && expired >= h.invoked {
			return wasExpired
		}
	}
	since := h.granted
	if h.removed {
		since = h.invoked // it was removed as soon as it was granted, and before that was recorded
	}
	for _, s := range t.forcing[h.lock] { // one that is cut off is not told why it lost
		if s.from <= at && s.to >= since {
			return wasForced
		}
	}
	return ""
}
