package ensemble

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// tenant is a hold that keeps why it was lost.
type tenant struct{ lost error }

func (h *tenant) Znode() string     { return "/lock/a" }
func (h *tenant) Lose(reason error) { h.lost = reason }
func (h *tenant) Missing(string)    {}

// TestGlance has looks at a lease follow one another at times of the test's choice. The deadline is
// an hour away at first. All deadlines are far from the present, so that no timer goes off.
func TestGlance(t *testing.T) {
	const hour = time.Hour
	for name, c := range map[string]struct {
		move        time.Duration   // where the deadline goes before the last look, if anywhere
		at          []time.Duration // of the looks, before and after that
		looks       int             // of these that are more than a glance
		lost, timed bool
	}{
		"the first":                    {at: []time.Duration{0}, looks: 1},
		"soon after another":           {at: []time.Duration{0, lately - 1}, looks: 1},
		"later":                        {at: []time.Duration{0, lately}, looks: 2},
		"after the deadline":           {at: []time.Duration{hour - 2, hour}, looks: 1, lost: true},
		"before it":                    {at: []time.Duration{hour - 2, hour - 1}, looks: 1},
		"after one that moved forward": {hour/2 + 1, []time.Duration{hour / 2, hour/2 + 2}, 1, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			asleep := func() time.Duration { asked++; return 0 }
			client := &common{cfg: Config{Timeout: 10 * hour, Asleep: asleep}}
			l, h := newLease(&Session{client: client}, LeaseQuorum), new(tenant)
			l.holds = []*Tenure{{hold: h}}
			l.proof.deadline, asked = l.made.Add(hour), 0
			for i, at := range c.at {
				if i > 0 && c.timed {
					l.proof.deadline = l.made.Add(c.move)
					l.setTimerLocked()
				}
				l.Glance(l.made.Add(at))
			}
			if l.timer != nil {
				l.timer.Stop()
			}
			assert.Equal(t, c.looks, asked)
			if c.lost {
				assert.Equal(t, ErrLeaseRanOut, h.lost)
			} else {
				assert.NoError(t, h.lost)
			}
		})
	}
}
