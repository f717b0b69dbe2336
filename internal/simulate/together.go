package simulate

import (
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// parts are what a step that takes several locks together wants of each. Readers and writers are
// mixed.
func parts(st Step) (steps []Step) {
	for i, name := range strings.Split(st.Lock, separator) {
		part := st
		part.Lock = name
		part.Variant ^= st.Variant >> (10 + i) & 1 << 9
		steps = append(steps, part)
	}
	return steps
}

// partOf is one of several locks that are held together.
type partOf struct {
	handle
	held *hold
}

// together takes several locks as one.
func (r *run) together(st Step) {
	var held []partOf
	var locks []*zklock.Mutex
	for _, part := range parts(st) {
		h := r.handle(part)
		held, locks = append(held, partOf{h, nil}), append(locks, h.Mutex)
	}
	c := r.begin(st)
	all, err := r.sessions[st.Session].LockAll(c, locks...)
	c.returned("lock all", err, mixed)
	if err != nil {
		return
	}
	for i, part := range held {
		h := r.enter(part.handle)
		held[i].held = h
		if !h.token.IsZero() && h.token != all.Token() {
			r.violate("%v: the token of %v differs from %v", st, h, all.Token())
		}
	}
	revoked := all.Revoked()
	if st.Variant&16 != 0 {
		revoked = nil // not heeded
	}
	if st.Variant&32 != 0 {
		r.downgradePart(held)
	}
	select {
	case <-time.After(st.For):
	case <-r.well:
	case <-revoked:
	case <-all.Lost():
	}
	r.requireBond(st, all, held)
	for i := range held {
		r.over(held[i].held)
	}
	r.releaseAll(st, all, held)
}

// requireBond checks that the hold is lost if one of its locks is, and only then.
func (r *run) requireBond(st Step, all *zklock.Hold, held []partOf) {
	lost := slices.ContainsFunc(held, func(p partOf) bool { return closed.Is(p.held.lost) })
	switch {
	case lost && !closedNow(all.Lost()):
		r.violate("%v: one is lost, and all are not", st)
	case closed.Is(all.Lost()) && !slices.ContainsFunc(held, func(p partOf) bool {
		return closed.Is(p.held.lost)
	}) && !strings.Contains(st.Lock, "wild"): // whose handle may be another's by now
		r.violate("%v: all are lost, and none is", st)
	}
}

// downgradePart makes one of the locks be shared, if it is a writer's.
func (r *run) downgradePart(held []partOf) {
	for i, p := range held {
		rw := r.rwMutex(p.step)
		if rw == nil || p.shared {
			continue
		}
		if reader := r.downgraded(p.step, rw, p.held); reader != nil {
			held[i].handle = handle{Mutex: reader, key: p.key, step: p.step, shared: true}
		}
		return
	}
}

// releaseAll releases the first by its handle, if the step wants that, or if it is another handle's
// by now, and the rest together.
func (r *run) releaseAll(st Step, all *zklock.Hold, held []partOf) {
	var rest []partOf
	for i, p := range held {
		if moved := p.held.writer != "" && p.shared; moved || i == 0 && st.Variant&128 != 0 {
			r.unlock(p.handle, p.held, nil)
		} else {
			rest = append(rest, p)
		}
	}
	if len(rest) > 0 && r.release(st, all.UnlockContext) {
		for _, p := range rest {
			r.requireGone(p.handle, p.held)
		}
	}
}
