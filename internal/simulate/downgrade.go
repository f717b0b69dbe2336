package simulate

import (
	"context"

	"github.com/zookylock/zklock"
)

// downgrade takes a lock as a writer, and becomes a reader.
func (r *run) downgrade(st Step) {
	rw := r.rwMutex(st)
	if rw == nil {
		r.lock(st)
		return
	}
	st.Variant &^= 512
	h, c := r.handle(st), r.begin(st)
	revoked, err := h.LockContext(c)
	c.returned("lock", err, mixed)
	if err != nil {
		return
	}
	held := r.enter(h)
	if st.Variant&16 != 0 {
		revoked = nil // not heeded
	}
	r.linger(st.For/4, revoked, held)
	if reader := r.downgraded(st, rw, held); reader != nil {
		h = handle{Mutex: reader, key: h.key, step: st, shared: true}
	}
	r.linger(st.For/2, revoked, held)
	r.over(held)
	r.unlock(h, held, nil)
}

// downgraded makes a writer become a reader. It returns the reader's handle, nil if it has failed.
func (r *run) downgraded(st Step, rw *zklock.RWMutex, held *hold) *zklock.Mutex {
	r.downgrading(held)
	c := r.afterwards(st)
	reader, err := rw.Downgrade(c)
	c.returned("downgrade", err, zklock.ErrLost)
	if err != nil && st.Variant&1024 != 0 {
		again := st
		again.Variant &^= 256
		c := r.afterwards(again)
		reader, err = rw.Downgrade(context.WithoutCancel(c))
		c.returned("downgrade", err, zklock.ErrLost)
	}
	if err != nil {
		return nil
	}
	if reader.Token() != held.token && !held.token.IsZero() {
		r.violate("%v: token %v has become %v", st, held.token, reader.Token())
	}
	return reader
}
