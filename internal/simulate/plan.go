package simulate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Plan is one simulated world and what happens in it.
type Plan struct {
	Seed    uint64
	Servers int
	Latency time.Duration // the longest of a frame
	// the longest session timeout that each server grants; 0 for its default
	Most        []time.Duration
	Sessions    []time.Duration // the session timeouts that are asked for
	Handoff     int             // of the handles that share a candidate
	Permits     int             // that the semaphore's handles say it has
	Rounded     bool            // see fakezk.Config
	Unforwarded bool            // see fakezk.Config
	Idle        time.Duration   // for which some handles keep their holds; 0 for none
	Steps       []Step          // by time
}

// Step is one thing that happens. What the numbers mean depends on the verb.
type Step struct {
	At      time.Duration
	Verb    string
	Session int           // whose user acts, or whose client has the fault
	Server  int           // which has the fault
	Lock    string        // the lock's name
	Handle  int           // which of the Session's handles on the lock
	Within  time.Duration // until the context ends; 0 for never
	Cause   int           // why it ends: see causes
	For     time.Duration // how long a hold or a fault lasts
	Variant int           // what else there is to choose
}

// String is the plan as a person reads it.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"seed %d: %d servers that grant %v, frames take up to %v, sessions ask for %v, hand-off %d, "+
			"permits %d",
		p.Seed, p.Servers, p.Most, p.Latency, p.Sessions, p.Handoff, p.Permits)
	if p.Rounded {
		b.WriteString(", rounded")
	}
	if p.Unforwarded {
		b.WriteString(", unforwarded")
	}
	if p.Idle > 0 {
		fmt.Fprintf(&b, ", holds kept for %v", p.Idle)
	}
	for _, st := range p.Steps {
		fmt.Fprintf(&b, "\n  %v", st)
	}
	return b.String()
}

// String is the step as a person reads it.
func (st Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s", st.At, st.Verb)
	if st.Lock != "" {
		fmt.Fprintf(&b, " %s#%d", st.Lock, st.Handle)
	}
	fmt.Fprintf(&b, " session=%d server=%d", st.Session, st.Server)
	if st.Within > 0 {
		fmt.Fprintf(&b, " within=%v cause=%q", st.Within, fmt.Sprint(causes[st.Cause]))
	}
	fmt.Fprintf(&b, " for=%v variant=%d", st.For, st.Variant)
	return b.String()
}

// Encode returns the plan as one line that Decode reads.
func (p Plan) Encode() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // there is nothing in it that JSON has not
	}
	return string(text)
}

// Decode reads what Encode wrote.
func Decode(text string) (p Plan, err error) {
	err = json.Unmarshal([]byte(text), &p)
	return p, err
}

// New returns the plan of a seed.
func New(seed uint64) Plan {
	d := dice{rand.New(rand.NewPCG(seed, 0x7a6b6c6f636b))}
	p := Plan{
		Seed:    seed,
		Servers: pick(d, 1, 3, 3, 3, 5),
		Latency: pick(d, 0, time.Millisecond, 5*time.Millisecond, 20*time.Millisecond,
			60*time.Millisecond),
		Handoff:     1 + d.IntN(3),
		Permits:     1 + d.IntN(5),
		Rounded:     d.IntN(4) == 0,
		Unforwarded: d.IntN(4) == 0,
	}
	for range p.Servers {
		p.Most = append(p.Most, pick(d, 0, 0, 4*time.Second, 10*time.Second))
	}
	for range 2 + d.IntN(3) {
		p.Sessions = append(p.Sessions, pick(d, 4*time.Second, 10*time.Second, 40*time.Second))
	}
	locks := d.some(lockNames, 1+d.IntN(3))
	// A few verbs at a time meet more often than all of them at once.
	calls, faults := d.some(callVerbs, 2+d.IntN(4)), d.some(faultVerbs, d.IntN(5))
	span := pick(d, 3*time.Second, 15*time.Second, 60*time.Second)
	for range 10 + d.IntN(50) {
		st := d.step(p, span)
		if len(faults) > 0 && d.IntN(5) == 0 {
			st.Verb = faults[d.IntN(len(faults))]
			p.Steps = append(p.Steps, d.meeting(p, st, calls, locks)...)
		} else {
			d.call(&st, calls, locks)
		}
		p.Steps = append(p.Steps, st)
	}
	if d.IntN(2) == 0 {
		p.Idle = pick(d, 50*time.Millisecond, time.Second, 20*time.Second, time.Minute)
		for range 1 + d.IntN(6) {
			p.Steps = append(p.Steps, d.loop(p, span))
		}
	}
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return p
}

// dice chooses.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// some returns n of the names, with repetitions in the list being likelier.
func (d dice) some(from []string, n int) (chosen []string) {
	for range n {
		chosen = append(chosen, from[d.IntN(len(from))])
	}
	return chosen
}

// upTo returns a time below the given one.
func (d dice) upTo(most time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(most))).Round(10 * time.Microsecond)
}

// meeting returns calls of the session that a fault is about to befall, for such calls are few
// otherwise: some that are under way then, and one that may hold the lock for as long as the fault
// lasts.
func (d dice) meeting(p Plan, fault Step, calls, locks []string) (steps []Step) {
	for i := range d.IntN(5) {
		st := d.step(p, time.Second)
		st.Session = fault.Session
		d.call(&st, calls, locks)
		if i == 0 {
			if !slices.Contains(holding, st.Verb) {
				st.Verb, st.Lock = "lock", pick(d, locks...)
			}
			st.Within, st.For = 0, d.upTo(40*time.Second)
			st.At = max(0, fault.At-st.At)
		} else {
			st.At += fault.At
		}
		steps = append(steps, st)
	}
	return steps
}

// holding are verbs by which something is held for a while, besides lock.
var holding = []string{"permits", "together", "downgrade"}

// call makes a step be a call, on one of the locks or on several.
func (d dice) call(st *Step, calls, locks []string) {
	st.Verb, st.Lock = pick(d, calls...), pick(d, locks...)
	switch st.Verb {
	case "queue", "forge":
		if slices.Contains(calls, "permits") {
			st.Lock = pick(d, st.Lock, semaphore)
		}
	case "together":
		names := []string{st.Lock}
		for range 1 + d.IntN(3) {
			name := pick(d, append(locks, pick(d, lockNames...))...)
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		st.Lock = strings.Join(names, separator)
	}
}

// loop returns a step that uses a handle again and again which keeps its holds.
func (d dice) loop(p Plan, span time.Duration) Step {
	st := d.step(p, span)
	st.Verb, st.Lock, st.Handle = "loop", pick(d, kept...), 0
	st.For = d.upTo(pick(d, time.Millisecond, 20*time.Millisecond, time.Second))
	return st
}

// step returns one without a verb.
func (d dice) step(p Plan, span time.Duration) Step {
	st := Step{
		At:      d.upTo(span),
		Session: d.IntN(len(p.Sessions)),
		Server:  d.IntN(p.Servers),
		Handle:  d.IntN(2),
		For: d.upTo(pick(d, time.Millisecond, 20*time.Millisecond, 300*time.Millisecond,
			3*time.Second, 20*time.Second)),
		Variant: d.IntN(1 << 16),
	}
	if d.IntN(2) == 0 {
		st.Within = d.upTo(pick(d, 30*time.Millisecond, 300*time.Millisecond, 3*time.Second,
			20*time.Second)) + 1
		st.Cause = d.IntN(len(causes))
	}
	return st
}
