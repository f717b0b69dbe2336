package zklock

import (
	"runtime/pprof"
	"sync"

	"github.com/zookylock/zklock/internal/recipe"
)

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
