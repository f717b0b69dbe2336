package simulate

import (
	"fmt"
	"slices"

	"github.com/zookylock/zklock"
)

// handle is one that a step uses.
type handle struct {
	*zklock.Mutex
	key    string
	step   Step
	shared bool
	cohort bool
}

// key names the handle of a step.
func key(st Step) string {
	return fmt.Sprintf("%d/%s/%d", st.Session, st.Lock, st.Handle)
}

// handle returns the handle of a step. The first time it makes it.
func (r *run) handle(st Step) handle {
	h := handle{key: key(st), step: st, cohort: isShared(st) || r.isKept(st)}
	switch rw := r.rwMutex(st); {
	case rw == nil:
		h.Mutex = once(r, h.key, func() (*zklock.Mutex, error) {
			return r.sessions[st.Session].Mutex(st.Lock, r.options(st)...)
		})
	case st.Variant&512 != 0:
		h.key += "/reader"
		h.shared, h.cohort = true, false
		h.Mutex = once(r, h.key, func() (*zklock.Mutex, error) { return rw.Reader(), nil })
	default:
		h.Mutex = rw.Mutex
	}
	return h
}

// rwMutex returns the handle on a read/write lock; nil if the step's is none.
func (r *run) rwMutex(st Step) *zklock.RWMutex {
	if st.Lock != "shared" && st.Lock != "readers" {
		return nil
	}
	return once(r, key(st)+"/rw", func() (*zklock.RWMutex, error) {
		return r.sessions[st.Session].RWMutex(st.Lock, r.options(st)...)
	})
}

func (r *run) options(st Step) (opts []zklock.LockOption) {
	if isShared(st) {
		opts = append(opts, zklock.WithLocalHandoff(r.plan.Handoff))
	}
	if r.isKept(st) {
		opts = append(opts, zklock.WithIdleHold(r.plan.Idle))
	}
	return opts
}

// isShared reports whether the goroutines of a step's handle share a candidate.
func isShared(st Step) bool { return st.Lock == "cohort" || st.Lock == "readers" }

// isKept reports whether the handle of a step keeps its holds.
func (r *run) isKept(st Step) bool {
	return r.plan.Idle > 0 && st.Handle == 0 && slices.Contains(kept, st.Lock)
}

func once[T any](r *run, key string, create func() (T, error)) T {
	r.handlesMu.Lock()
	defer r.handlesMu.Unlock()
	if known, ok := r.handles[key]; ok {
		return known.(T)
	}
	made, err := create()
	if err != nil {
		panic(err) // the names are good
	}
	r.handles[key] = made
	return made
}
