package simulate

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/fakezk"
)

// patience bounds what must happen once everything is well again. A rebuilt ensemble takes a
// session back after its timeout and a third.
const patience = 5 * time.Minute

// Run carries a plan out and returns what was wrong, and what has happened. opts are for each
// Session. A goroutine that is left makes it panic.
func Run(t *testing.T, p Plan, opts ...zklock.SessionOption) (wrong, trace []string) {
	// faster: in a bubble goroutines mostly wait for each other
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(*testing.T) {
		r := &run{plan: p, model: newModel(), well: make(chan struct{}), late: make(chan struct{}),
			handles: make(map[string]any), reads: make(map[*zklock.RWMutex]*readers)}
		latency := rand.New(rand.NewPCG(p.Seed, 0)) // the loop's own
		r.Cluster = fakezk.New(fakezk.Config{
			Servers: p.Servers, Rounded: p.Rounded, Unforwarded: p.Unforwarded,
			Latency: func() time.Duration {
				return time.Duration(latency.Int64N(int64(p.Latency) + 1))
			},
			Expired: r.expiring,
			Deleted: func(znode string, owner, by int64) {
				r.deleted(lockOf(znode), znode, owner, by)
			},
			Written: r.written,
		})
		if r.dial(opts) {
			r.carryOut()
		}
		r.end()
		wrong, trace = r.wrong, r.trace
	})
	return wrong, trace
}

// dial opens the Sessions.
func (r *run) dial(opts []zklock.SessionOption) bool {
	r.closed = make([]atomic.Bool, len(r.plan.Sessions))
	for i, timeout := range r.plan.Sessions {
		client := r.Client()
		options := append([]zklock.SessionOption{zklock.WithDialer(client.Dial),
			zklock.WithSessionTimeout(timeout)}, opts...)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		s, err := zklock.Dial(ctx, r.Connect(), options...)
		cancel()
		if err != nil {
			r.violate("dial: %v", err)
			return false
		}
		r.clients, r.sessions = append(r.clients, client), append(r.sessions, s)
		if i == 0 {
			for j, most := range r.plan.Most { // later sessions may begin by a smaller timeout
				r.Server(j).SetMost(most)
			}
		}
	}
	return true
}

// carryOut takes every step, and waits until all are through.
func (r *run) carryOut() {
	r.begun = time.Now()
	for _, st := range r.plan.Steps {
		time.Sleep(st.At - time.Since(r.begun))
		if f := faults[st.Verb]; f != nil {
			r.start(st, f)
		} else {
			r.start(st, calls[st.Verb])
		}
	}
	time.Sleep(30 * time.Second) // more than any fault lasts
	r.heal()
	close(r.well)
	r.await(false)
	close(r.late)
	r.await(true)
	r.requireQuiet()
}

// heal takes every fault away.
func (r *run) heal() {
	for _, client := range r.clients {
		client.Heal()
	}
	for i := range r.plan.Servers {
		r.Server(i).Resume()
		r.Server(i).Shut(false)
	}
	r.Throttle(0)
	r.ReleaseCommits()
}

// await waits until all steps are through, or all but the steps whose handle is occupied by a lost
// hold.
func (r *run) await(all bool) {
	begun := time.Now()
	for {
		stuck := r.stuck(all)
		switch {
		case len(stuck) == 0:
			return
		case time.Since(begun) > patience:
			r.violate("does not come to an end: %v", stuck)
			return
		}
		time.Sleep(time.Second)
	}
}

func (r *run) stuck(all bool) (stuck []Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.unsolved {
		occupied := slices.ContainsFunc(parts(st), func(part Step) bool {
			return r.waits[key(part)] > 0
		})
		if all || !occupied {
			stuck = append(stuck, st)
		}
	}
	return stuck
}

// requireQuiet checks that nothing is left in the ensemble once all clients have released
// everything.
func (r *run) requireQuiet() {
	begun := time.Now()
	for !r.quiet() {
		if time.Since(begun) > patience {
			r.violate("candidates are left, or sessions are not back: %v", r.Ephemerals())
			return
		}
		time.Sleep(time.Second)
	}
}

// quiet reports whether there are no candidates, and all Sessions are connected.
func (r *run) quiet() bool {
	for i, s := range r.sessions {
		if !r.closed[i].Load() && s.State() != zklock.StateConnected {
			return false
		}
	}
	return len(r.Ephemerals()) == 0
}

// end closes everything.
func (r *run) end() {
	for i, s := range r.sessions {
		r.closed[i].Store(true)
		begun := time.Now()
		err := s.Close()
		if took := time.Since(begun); took > closing {
			r.violate("Close of session %d takes %v", i, took)
		}
		if err != nil && len(r.wrong) == 0 && r.unclosed(i) {
			r.violate("Close of session %d: %v", i, err)
		}
	}
	if !closed.Is(r.late) {
		close(r.late)
	}
	synctest.Wait()
	if n := r.Watches(); len(n) > 0 {
		r.violate("watches are left: %v", n)
	}
	if n := r.Connections(); n > 0 {
		r.violate("%d connections are left", n)
	}
	r.Cluster.Close()
}

// unclosed reports whether no step has closed a session.
func (r *run) unclosed(i int) bool {
	return !slices.ContainsFunc(r.plan.Steps, func(st Step) bool {
		return st.Verb == "close" && st.Session == i
	})
}
