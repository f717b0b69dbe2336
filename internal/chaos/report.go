//go:build unix

package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock"
)

// Report is what came of a run.
type Report struct {
	Config       Config
	ZooKeeper    string         // the servers' version
	Faults       map[string]int // that happened
	FailedFaults map[string]int // that could not, or only in part: no leader was there, for one
	Acquisitions int            // that were asked for
	Holds        int            // that were granted
	Hows         map[string]int // holds, by how they were acquired; and downgrades of them
	// acquisitions that failed: by their context, because the lock was taken, by Close
	Failures map[string]int
	Losses   map[string]int // holds whose holders were told: removed, expired, lease
	Overlaps map[string]int // that the lock cannot prevent, by reason: only fencing helps there
	Writes   map[string]int // executed, by register
	Refused  map[string]int // writes, by register
	Unknown  int            // writes whose clients did not learn what became of them
	Stale    int            // writes that the store without fencing took from stale holders
	Checked  int            // operations that porcupine has looked at
	// times that a client has left a server because it had missed a transaction
	OutOfStep  int
	ZookyHolds int // holds of the client that runs zooky
	ZookyStops int // times that a zooky was stopped or killed, and not its command
	Timeouts   int // times that a session was granted another timeout at a reconnection
	// writes that hung, proposed and not committed, when their session was moved
	Moved   int
	LookUps map[string]int // of servers' names, by what the resolver did
	// that an acquisition returned after its context had ended, its process running
	Latest     time.Duration
	Violations []Violation
	Dir        string // where the history is, if it was kept

	events     []Event           // in their order
	begun      int64             // the time of the plan of faults
	lastTokens map[string]string // of each lock, after the run
	logs       map[registerName][]applied
	pictures   map[registerName]func(file string) error
}

// Violation is a promise that was not kept.
type Violation struct {
	Kind, Text string
	Told       []string // the events that matter, a line each; none if it is not about operations
}

func newReport(cfg Config) *Report {
	return &Report{
		Config:     cfg,
		Failures:   make(map[string]int),
		Hows:       make(map[string]int),
		Losses:     make(map[string]int),
		Overlaps:   make(map[string]int),
		Writes:     make(map[string]int),
		LookUps:    make(map[string]int),
		Refused:    make(map[string]int),
		lastTokens: make(map[string]string),
		pictures:   make(map[registerName]func(string) error),
	}
}

func (r *Report) violate(kind, format string, args ...any) {
	r.violateBy(nil, kind, format, args...)
}

// violateBy adds a violation that is about some operations.
func (r *Report) violateBy(ops []opName, kind, format string, args ...any) {
	v := Violation{Kind: kind, Text: fmt.Sprintf(format, args...)}
	if ops != nil {
		v.Told = tell(r.events, r.begun, ops...)
	}
	r.Violations = append(r.Violations, v)
}

// Count returns how many violations of a kind there are.
func (r *Report) Count(kind string) int {
	n := 0
	for _, v := range r.Violations {
		if v.Kind == kind {
			n++
		}
	}
	return n
}

// Inconclusive reports whether the servers disagree about what happened, have lost what they had
// confirmed, or have given a candidate a number that is not above those before: an error of
// ZooKeeper's, by which the run says nothing about the library. See the design page, "A server can
// be out of step for good".
func (r *Report) Inconclusive() bool {
	return r.Count("diverged") > 0 || r.Count("lost") > 0 || r.Count("number") > 0
}

// shown is how many violations are printed; the file beside the history has them all.
const shown = 20

// String is the report as it is printed.
func (r *Report) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-13s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("seed", "%d, session timeout %v, lease %s, %d clients, faults for %v", r.Config.Seed,
		r.Config.Timeout,
		[]string{zklock.LeaseQuorum: "quorum", zklock.LeasePing: "ping",
			zklock.LeaseServer: "server"}[r.Config.Lease],
		r.Config.Clients, r.Config.Duration)
	line("servers", "%d of ZooKeeper %s", servers, r.ZooKeeper)
	line("faults", "%s", counts(r.Faults))
	if len(r.FailedFaults) > 0 {
		line("in part", "%s", counts(r.FailedFaults))
	}
	line("acquisitions", "%d, of which %d granted; failed: %s", r.Acquisitions, r.Holds,
		counts(r.Failures))
	line("granted", "%s", counts(r.Hows))
	line("latest return", "%v after the context had ended", r.Latest.Round(time.Millisecond))
	if r.OutOfStep > 0 {
		line("out of step", "%d times a client has left a server that had missed a transaction",
			r.OutOfStep)
	}
	line("zooky", "%d holds; stopped or killed %d times", r.ZookyHolds, r.ZookyStops)
	line("sessions",
		"%d times another timeout was granted at a reconnection; %d writes hung when their session moved",
		r.Timeouts, r.Moved)
	line("look-ups", "%s", counts(r.LookUps))
	line("losses", "%s", counts(r.Losses))
	line("overlaps", "%s", counts(r.Overlaps))
	line("writes", "%s; refused: %s; %d without an answer", counts(r.Writes),
		counts(r.Refused), r.Unknown)
	line("stale writes", "%d in the store without fencing", r.Stale)
	line("linearizable", "%d operations checked", r.Checked)
	kinds := make(map[string]int)
	for i, v := range r.Violations {
		kinds[v.Kind]++
		switch {
		case i < shown:
			line("VIOLATION", "%s: %s", v.Kind, v.Text)
			for _, text := range v.Told {
				line("", "%s", text)
			}
		case i == shown:
			line("VIOLATION", "and %d more", len(r.Violations)-shown)
		}
	}
	line("violations", "%s", counts(kinds))
	if r.Dir != "" {
		line("history", "%s", r.Dir)
	}
	return b.String()
}

func counts(m map[string]int) string {
	if len(m) == 0 {
		return "none"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%d %s", m[name], name))
	}
	return strings.Join(parts, ", ")
}
