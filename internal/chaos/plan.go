//go:build unix

package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Fault is one disturbance of the plan.
type Fault struct {
	At     time.Duration // from the run's start, or later if the one before takes longer
	For    time.Duration
	What   string
	Server int           // which follower, where one is meant
	Client int           // which client, unless Holder finds one
	Holder bool          // the client that was last granted a lock
	Delay  time.Duration // for slow networks
}

func (f Fault) String() string {
	client := fmt.Sprint(f.Client)
	if f.Holder {
		client = "that holds"
	}
	return fmt.Sprintf("%s (follower %d, client %s) for %v", f.What, f.Server, client,
		f.For.Round(time.Millisecond))
}

// serverFaults and clientFaults are what a plan draws from; a fault that stands twice is twice as
// likely.
var (
	serverFaults = []string{
		"kill leader", "kill follower", "pause leader", "pause follower",
		"partition follower", "partition follower", "isolate leader", "isolate leader",
		"rolling restart", "lose quorum", "slow quorum", "rebuild server",
		stepClocks, moveSession, moveSession,
	}
	clientFaults = []string{
		"stop", "stop", "stop", "stop briefly", "kill client", "kill client",
		"cut", "blackhole", "blackhole", "lose requests", "lose replies", "delay", "reset",
		"expire", "expire", "names fail", "names hang", "names move",
		"move and blackhole", "move and blackhole",
	}
)

const (
	stepClocks  = "step clocks"
	moveSession = "move while commits hang"
)

// Plan is what goes wrong: two tracks, of which each has one fault at a time.
type Plan struct{ Servers, Clients []Fault }

// newPlan draws the faults of a run. It depends on its arguments alone.
func newPlan(cfg Config) Plan {
	whats := allowed(cfg, serverFaults)
	if !cfg.Clocks {
		whats = slices.DeleteFunc(whats, func(what string) bool { return what == stepClocks })
	}
	return Plan{Servers: track(cfg, 1, whats), Clients: track(cfg, 2, allowed(cfg, clientFaults))}
}

// allowed returns the faults to which the run is restricted.
func allowed(cfg Config, whats []string) []string {
	return slices.DeleteFunc(slices.Clone(whats), func(what string) bool {
		return len(cfg.Only) > 0 && !slices.Contains(cfg.Only, what) ||
			slices.Contains(cfg.Without, what)
	})
}

func track(cfg Config, stream uint64, whats []string) []Fault {
	if len(whats) == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(cfg.Seed, stream))
	rng.Shuffle(len(whats), func(i, j int) { whats[i], whats[j] = whats[j], whats[i] })
	between := func(least, most time.Duration) time.Duration {
		return least + rand64(rng, most-least)
	}
	var faults []Fault
	for at := between(cfg.Timeout/4, cfg.Timeout); ; {
		f := Fault{
			At:     at,
			For:    between(cfg.Timeout/4, 2*cfg.Timeout),
			What:   whats[rng.IntN(len(whats))],
			Server: rng.IntN(servers),
			Client: rng.IntN(cfg.Clients + 1),
			Holder: rng.IntN(3) > 0,
			Delay:  between(cfg.Timeout/100, cfg.Timeout/8),
		}
		if len(cfg.Only) > 0 { // a control: it must hurt, and each of them
			f.For, f.Holder = between(cfg.Timeout+cfg.Timeout/4, 2*cfg.Timeout), true
			f.What = whats[len(faults)%len(whats)]
		}
		switch f.What {
		case "stop":
			f.For = between(cfg.Timeout+cfg.Timeout/4, 2*cfg.Timeout)
		case "stop briefly":
			f.For = between(cfg.Timeout/50, cfg.Timeout/3)
		case "reset", "expire", "rolling restart", moveSession:
			f.For = 0
		}
		at += f.For + between(cfg.Timeout/4, cfg.Timeout)
		if at > cfg.Duration {
			return faults
		}
		faults = append(faults, f)
	}
}

func rand64(rng *rand.Rand, n time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(n)))
}
