package simulate

import (
	"context"
	"errors"
	"time"

	"github.com/zookylock/zklock"
)

func (r *run) election(st Step) *zklock.Election {
	return once(r, key(st)+"/election", func() (*zklock.Election, error) {
		st.Handle = 1 // such keep no holds, which elections refuse
		return r.sessions[st.Session].Election(st.Lock, r.options(st)...)
	})
}

// meanwhile returns the context of a step that goes on until faults end, unless it has a bound.
func (r *run) meanwhile(st Step) (call, context.Context) {
	c := r.begin(st)
	ctx, cancel := context.WithCancel(c)
	go func() { // ends with the context, which returned ends
		select {
		case <-r.well:
		case <-ctx.Done():
		}
		cancel()
	}()
	end := c.end
	c.end = func() { cancel(); end() }
	return c, ctx
}

// errFailed is what a leader fails with.
var errFailed = errors.New("the leader has failed")

// campaign leads again and again.
func (r *run) campaign(st Step) {
	e := r.election(st)
	c, ctx := r.meanwhile(st)
	err := e.Run(ctx, func(ctx context.Context) error {
		held := r.enter(handle{Mutex: e.Mutex(), key: key(st), step: st})
		defer r.over(held)
		select {
		case <-time.After(time.Second + st.For):
		case <-ctx.Done():
		}
		if st.Variant&8 != 0 {
			return errFailed
		}
		return nil
	})
	if c.Err() == nil && errors.Is(err, context.Canceled) {
		err = nil // everything is well again
	}
	c.returned("campaign", err, mixed)
}

// observe follows who leads.
func (r *run) observe(st Step) {
	e := r.election(st)
	c, ctx := r.meanwhile(st)
	var last error
	var known zklock.Contender
	for leader, err := range e.Observe(ctx) {
		switch {
		case err != nil:
			last = err
		case leader.Zxid == known.Zxid:
			r.violate("%v: the leader is told twice: %v", st, leader)
		}
		known = leader
	}
	c.returned("observe", last, mixed)
}
