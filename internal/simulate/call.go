package simulate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/zookylock/zklock"
)

// promptly is how late a call may return after the end of its context.
const promptly = 100 * time.Millisecond

// call is one call of the library with a context.
type call struct {
	context.Context
	r    *run
	step Step
	end  context.CancelFunc
}

// begin returns the context of a step.
func (r *run) begin(st Step) call {
	switch {
	case st.Within == 0:
		return call{context.Background(), r, st, func() {}}
	case st.Variant&1 != 0:
		ctx, cancel := context.WithTimeoutCause(context.Background(), st.Within, causes[st.Cause])
		return call{ctx, r, st, cancel}
	default:
		ctx, cancel := context.WithCancelCause(context.Background())
		timer := time.AfterFunc(st.Within, func() { cancel(causes[st.Cause]) })
		return call{ctx, r, st, func() { timer.Stop(); cancel(nil) }}
	}
}

// returned checks how the call has ended.
func (c call) returned(what string, err error, fair ...error) {
	defer c.end()
	c.r.log("%v: %s returns %v", c.step, what, err)
	late := time.Since(c.r.begun) - c.step.At - c.step.Within
	if c.step.Within > 0 && c.Err() != nil && late > promptly && !slices.Contains(unbounded, what) {
		c.r.violate("%v: %s returns %v after its context's end, with %v", c.step, what, late, err)
	}
	if err == nil || c.r.fair(c.step, err, fair) {
		return
	}
	if c.Err() == nil {
		c.r.violate("%v: %s fails with %v", c.step, what, err)
		return
	}
	if !errors.Is(err, c.Err()) || !errors.Is(err, context.Cause(c)) {
		c.r.violate("%v: %s fails with %v, which does not match %v and %v", c.step, what, err,
			c.Err(), context.Cause(c))
	}
}

// unbounded are calls that may go on for a moment after their context's end.
var unbounded = []string{"force", "do", "campaign"}

// fair reports whether a call may fail like this, whatever has become of its context.
func (r *run) fair(st Step, err error, fair []error) bool {
	if errors.Is(err, zklock.ErrClosed) && r.closed[st.Session].Load() {
		return true
	}
	return slices.ContainsFunc(fair, func(target error) bool { return errors.Is(err, target) })
}

// mixed is an error that strangers in the queue can cause.
var mixed = zklock.ErrMixedDialects

// afterwards returns the context of a call that a step makes once it has been granted something.
func (r *run) afterwards(st Step) call {
	ctx, cancel := context.WithCancelCause(context.Background())
	st.At, st.Within = time.Since(r.begun), 0
	end := func() { cancel(nil) }
	if st.Variant&256 != 0 {
		st.Within = time.Duration(st.Variant>>9) * time.Millisecond / 2
		timer := time.AfterFunc(st.Within, func() { cancel(causes[st.Cause]) })
		end = func() { timer.Stop(); cancel(nil) }
	}
	return call{ctx, r, st, end}
}
