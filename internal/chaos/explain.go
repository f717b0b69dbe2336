//go:build unix

package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// leadTime is how long before the operations that matter faults and the like are told.
const leadTime = 3 * time.Second

// mostTold is how many events a violation prints at most, the last of them.
const mostTold = 40

// tell returns, of a history in its order, the events that matter to some operations: their own,
// and what befell their processes and the servers at that time.
func tell(events []Event, begun int64, ops ...opName) []string {
	during := span{never, 0}
	for _, ev := range events {
		if slices.Contains(ops, ev.name()) && ev.Kind != kindLock {
			during.from, during.to = min(during.from, ev.At-int64(leadTime)), max(during.to, ev.At)
		}
	}
	mine := func(ev Event) bool {
		return slices.ContainsFunc(ops, func(op opName) bool {
			// The harness reports timeouts, and knows no lives.
			return op.Worker == ev.Worker && (op.Life == ev.Life || ev.Kind == kindTimeout)
		})
	}
	var told []Event
	faults := make(map[string]Event) // under way
	alive := make(map[opName]Event)  // the last such event
	for _, ev := range events {
		switch {
		case ev.Kind == kindFault:
			faults[ev.How] = ev
		case ev.Kind == kindMended:
			if from := faults[ev.How]; from.At <= during.to && ev.At >= during.from {
				told = append(told, from, ev)
			}
			delete(faults, ev.How)
		case ev.Kind == kindAlive:
			alive[ev.name()] = ev
		case slices.Contains(ops, ev.name()), ev.Op == 0 && during.has(ev.At) && mine(ev):
			told = append(told, ev)
		}
	}
	for _, ev := range faults {
		if ev.At <= during.to {
			told = append(told, ev)
		}
	}
	for _, op := range ops {
		if ev, ok := alive[op]; ok {
			told = append(told, ev)
		}
	}
	slices.SortStableFunc(told, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	told = told[max(0, len(told)-mostTold):]
	lines := make([]string, len(told))
	for i, ev := range told {
		lines[i] = fmt.Sprintf("%9.3fs %s", time.Duration(ev.At-begun).Seconds(), ev)
	}
	return lines
}

// String is the event on a line, without what it has not.
func (ev Event) String() string {
	var b strings.Builder
	if ev.Worker >= 0 {
		fmt.Fprintf(&b, "client %d", ev.Worker)
		if ev.Life > 0 {
			fmt.Fprintf(&b, ", life %d", ev.Life)
		}
		if ev.Op > 0 {
			fmt.Fprintf(&b, ", op %d", ev.Op)
		}
		b.WriteString(": ")
	}
	b.WriteString(string(ev.Kind))
	for _, text := range []string{ev.Lock, ev.How, ev.Result, ev.Err} {
		if text != "" {
			b.WriteString(" " + text)
		}
	}
	for _, field := range []struct {
		name  string
		value string
	}{{"token", ev.Token}, {"value", ev.Value}} {
		if field.value != "" {
			fmt.Fprintf(&b, " %s %s", field.name, field.value)
		}
	}
	if ev.Number > 0 {
		fmt.Fprintf(&b, " candidate %d", ev.Number)
	}
	if ev.Session != 0 {
		fmt.Fprintf(&b, " session %#x", ev.Session)
	}
	for _, field := range []struct {
		name  string
		value int64
	}{{"late by", ev.Late}, {"without a processor for", ev.Gap}, {"for", ev.Timeout}} {
		if field.value != 0 {
			fmt.Fprintf(&b, " %s %v", field.name,
				time.Duration(field.value).Round(time.Millisecond))
		}
	}
	return b.String()
}
