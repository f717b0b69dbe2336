//go:build unix

package chaos

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// check looks for violations of what the library promises. logs is what each register has executed.
func (r *Report) check(h *history, logs map[registerName][]applied) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := newTimeline(h.events)
	r.events = t.events
	r.checkLives(h)
	r.Holds = len(t.holds)
	r.checkReturns(t, h.events)
	r.checkRoom(t, t.of(poolName))
	for _, lock := range lockNames {
		holds := t.of(lock)
		r.checkTokens(lock, holds)
		r.checkNumbers(lock, holds)
		r.checkOverlaps(t, holds)
		for _, register := range []string{guarded, fenced, unfenced} {
			name := registerName{register, lock}
			r.checkRegister(name, newRegister(name, h.events, logs[name]))
		}
	}
}

// checkLives looks at what went wrong in the processes themselves.
func (r *Report) checkLives(h *history) {
	for _, line := range h.garbage {
		r.violate("worker", "%s", line)
	}
	timeouts := make(map[int64]int64) // of sessions
	killed, closed := make(map[[2]int]bool), make(map[[2]int]bool)
	for _, ev := range h.events {
		life := [2]int{ev.Worker, ev.Life}
		switch ev.Kind {
		case kindKill:
			killed[life] = true
		case kindClosed:
			closed[life] = true
			if ev.Err != "" {
				r.violate("worker", "worker %d: after Close: %s", ev.Worker, ev.Err)
			}
		case kindBegun:
			r.begun = ev.At
		case kindLock:
			r.Acquisitions++
		case kindFailed:
			r.Failures[ev.Result]++
			if ev.Result == "error" {
				r.violateBy([]opName{ev.name()}, "error", "%v: acquiring %s: %s", ev.name(),
					ev.Lock, ev.Err)
			}
		case kindUnlocked:
			if ev.Result == "error" {
				r.violateBy([]opName{ev.name()}, "error", "%v: releasing %s: %s", ev.name(),
					ev.Lock, ev.Err)
			}
		case kindDowngraded:
			r.Hows[string(kindDowngrade)]++
			if ev.Result == "error" {
				r.violateBy([]opName{ev.name()}, "error", "%v: downgrading %s: %s", ev.name(),
					ev.Lock, ev.Err)
			}
		case kindGranted:
			r.Hows[ev.How]++
			if ev.How == "zooky" {
				r.ZookyHolds++
			}
		case kindStopZooky:
			r.ZookyStops++
		case kindLost:
			r.Losses[ev.Result]++
		case kindTimeout:
			if before, known := timeouts[ev.Session]; known && before != ev.Timeout {
				r.Timeouts++
			}
			timeouts[ev.Session] = ev.Timeout
		case kindLookUp:
			r.LookUps[ev.Result]++
		case kindLog:
			if strings.Contains(ev.Err, "out of step") {
				r.OutOfStep++
			}
		}
	}
	for life := range h.started {
		if !killed[life] && !closed[life] {
			r.violate("worker", "worker %d, life %d ended by itself", life[0], life[1])
		}
	}
}

// lateness is for how long a process may run after its context's end until an acquisition returns
// here: LockContext promises 100 ms, but what takes a processor for less than longGap at a time is
// not known.
const lateness = 500 * time.Millisecond

// checkReturns looks at how long acquisitions go on after their contexts have ended.
func (r *Report) checkReturns(t *timeline, events []Event) {
	for _, ev := range events {
		if ev.Kind != kindFailed {
			continue
		}
		late := time.Duration(t.ran(ev, span{ev.At - ev.Late, ev.At}))
		r.Latest = max(r.Latest, late)
		if late > lateness {
			r.violateBy([]opName{ev.name()}, "late",
				"%v: acquiring %s returned %v after its context had ended",
				ev.name(), ev.Lock, late)
		}
	}
}

// checkTokens wants every token once, and a greater one for an exclusive hold that was asked for
// after another had been granted. Readers' tokens must be greater than the tokens of the writers
// before them.
func (r *Report) checkTokens(lock string, holds []*heldLock) {
	seen := make(map[string]*heldLock)
	for _, h := range holds {
		if h.token == (tokenZero) {
			r.violate("token", "%v holds %s without a token", h.who, lock)
		}
		if other := seen[h.token]; other != nil {
			r.violateBy([]opName{other.who, h.who}, "token",
				"%v and %v hold %s with the same token %s", other.who, h.who, lock, h.token)
		}
		seen[h.token] = h
	}
	// Among all that were granted before h was asked for, the greatest exclusive token is the one
	// to compare with.
	granted := slices.SortedFunc(slices.Values(holds), func(a, b *heldLock) int {
		return cmp.Compare(a.granted, b.granted)
	})
	invoked := slices.SortedFunc(slices.Values(holds), func(a, b *heldLock) int {
		return cmp.Compare(a.invoked, b.invoked)
	})
	var greatest *heldLock
	for _, h := range invoked {
		for len(granted) > 0 && granted[0].granted < h.invoked {
			if g := granted[0]; !g.shared && (greatest == nil || g.token > greatest.token) {
				greatest = g
			}
			granted = granted[1:]
		}
		if greatest != nil && h.token < greatest.token {
			r.violateBy([]opName{greatest.who, h.who}, "token",
				"%v was granted %s with %s after %v had it with %s", h.who, lock, h.token,
				greatest.who, greatest.token)
		}
	}
	if greatest != nil && greatest.token > r.lastTokens[lock] {
		r.violate("token", "%s was granted with %s after the run, and with %s in it", lock,
			r.lastTokens[lock], greatest.token)
	}
}

// checkNumbers wants the candidates' numbers in the order of their transactions. ZooKeeper promises
// that, and every place in the queue rests on it. Numbers begin anew in another znode of that name,
// far back.
func (r *Report) checkNumbers(lock string, holds []*heldLock) {
	holds = slices.SortedFunc(slices.Values(holds), func(a, b *heldLock) int {
		return cmp.Compare(a.token, b.token)
	})
	var before *heldLock
	for _, h := range holds {
		if h.number == 0 {
			continue
		}
		if before != nil && h.number <= before.number && before.number-h.number < 1000 &&
			h.token != before.token {
			r.violateBy([]opName{before.who, h.who}, "number",
				"%s: %v with token %s has number %d, and %v with token %s had %d",
				lock, h.who, h.token, h.number, before.who, before.token, before.number)
		}
		before = h
	}
}

// tokenZero is no token.
const tokenZero = "0000000000000000.00000000"

// checkOverlaps wants no two holds at a time, unless both are readers'. holds are in the order in
// which they began.
func (r *Report) checkOverlaps(t *timeline, holds []*heldLock) {
	var active []*heldLock
	for _, h := range holds {
		active = slices.DeleteFunc(active, func(a *heldLock) bool { return a.end <= h.granted })
		if h.end <= h.granted {
			continue // told of its loss before it was recorded
		}
		for _, a := range active {
			if a.isShared(h.granted) && h.shared {
				continue
			}
			// Queue order, not the order of the records, says whose hold had to be over.
			stale, fresh := a, h
			if a.token > h.token {
				stale, fresh = h, a
			}
			if excuse := t.excuse(stale, h.granted); excuse != "" {
				r.Overlaps[excuse]++
				continue
			}
			r.violateBy([]opName{stale.who, fresh.who}, "overlap",
				"%s: %v (token %s) held on for %v after %v (token %s) had been granted it",
				h.lock, stale.who, stale.token, time.Duration(min(a.end, h.end)-h.granted),
				fresh.who, fresh.token)
		}
		active = append(active, h)
	}
}

// checkRoom wants no more permits out than there are. holds are in the order in which they began.
func (r *Report) checkRoom(t *timeline, holds []*heldLock) {
	var active []*heldLock
	for _, h := range holds {
		active = slices.DeleteFunc(active, func(a *heldLock) bool { return a.end <= h.granted })
		if h.end <= h.granted {
			continue // told of its loss before it was recorded
		}
		active = append(active, h)
		if permits(active) <= poolSize {
			continue
		}
		// Only the latest of them was granted its permits while the others had theirs.
		fresh := slices.MaxFunc(active, func(a, b *heldLock) int { return cmp.Compare(a.token, b.token) })
		believed := slices.DeleteFunc(slices.Clone(active), func(a *heldLock) bool {
			excuse := ""
			if a != fresh {
				excuse = t.excuse(a, h.granted)
			}
			if excuse != "" {
				r.Overlaps[excuse]++
			}
			return excuse != ""
		})
		if n := permits(believed); n > poolSize {
			var ops []opName
			for _, a := range believed {
				ops = append(ops, a.who)
			}
			r.violateBy(ops, "room", "%v hold %d permits of %s, which has %d", ops, n, poolName,
				poolSize)
		}
	}
}

func permits(holds []*heldLock) (n int) {
	for _, h := range holds {
		n += h.permits
	}
	return n
}

// checkRegister looks at the order in which a register has executed its writes, and at what the
// clients saw of it.
func (r *Report) checkRegister(name registerName, reg *register) {
	r.Writes[name.Register] += len(reg.log)
	for _, problem := range reg.problems {
		r.violate("register", "%s %s: %s", name.Register, name.Lock, problem)
	}
	slices.SortFunc(reg.lost, func(a, b lostWrite) int { return cmp.Compare(a.at, b.at) })
	for _, l := range reg.lost {
		r.violate("lost",
			"%s %s: %s was confirmed by a server at %.2fs, and the ensemble does not have it",
			name.Register, name.Lock, l.value, time.Duration(l.at-r.begun).Seconds())
	}
	for i := 1; i < len(reg.log); i++ {
		before, after := reg.log[i-1], reg.log[i]
		if after.Token >= before.Token {
			continue
		}
		if name.Register == unfenced {
			r.Stale++
			continue
		}
		r.violateBy([]opName{writer(before.Value), writer(after.Value)}, "fence",
			"%s %s: %s of token %s was executed after %s of token %s",
			name.Register, name.Lock, after.Value, after.Token, before.Value, before.Token)
	}
	if reg.refused > 0 {
		r.Refused[name.Register] += reg.refused
	}
	r.Unknown += reg.unknown
	if name.Register != unfenced {
		r.checkLinearizable(name, reg)
	}
}
