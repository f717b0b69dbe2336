package zklock

import (
	"runtime/pprof"
	"sync"

	"github.com/zookylock/zklock/internal/recipe"
)

// holdProfile is the profile of all Sessions of the process.
var holdProfile = sync.OnceValue(func() *pprof.Profile {
	const name = "zklock.holds"
	if p := pprof.Lookup(name); p != nil {
		return p
	}
	return pprof.NewProfile(name)
})

// WithHoldProfile keeps the profile "zklock.holds" of package runtime/pprof: the stacks of the
// calls that acquired the current holds of the Session. A hold that is never released shows where
// it was acquired. With net/http/pprof it is at /debug/pprof/zklock.holds. Holds of LockAsync are
// not in it. It costs some microseconds for each acquisition.
func WithHoldProfile() SessionOption {
	return func(cfg *sessionConfig) error {
		cfg.profile = holdProfile()
		return nil
	}
}

// profiled notes that the caller has acquired the lock, unless the hold is over already.
func (t *tally) profiled(a *recipe.Acquisition) {
	if t.profile == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, held := t.holds[a]; held {
		t.profile.Add(a, 1) // without this frame
	}
}
