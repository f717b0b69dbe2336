package fakezk

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/zookylock/zklock/internal/wire"
)

// take does what a request asks for, or has it done when the session's writes before it are.
func (s *Server) take(co *conn, r *reader, xid, op int32, sent time.Time) {
	id := co.session.id
	if len(s.queues[id]) == 0 || s.isOrdered(op) || op == wire.OpSetAuth {
		s.serve(co, r, xid, op, sent)
		return
	}
	s.queues[id] = append(s.queues[id], waiting{serve: func() {
		if !co.ended && !co.session.over {
			s.serve(co, r, xid, op, sent)
		}
	}})
}

// serve does what a request asks for.
func (s *Server) serve(co *conn, r *reader, xid, op int32, sent time.Time) {
	if s.c.demands && !co.known && op != wire.OpSetAuth {
		co.reply(xid, authRequired, nil)
		s.hangUp(co)
		return
	}
	if err := s.c.refusals[op]; err != ok {
		co.reply(xid, err, nil)
		return
	}
	if op == wire.OpPing {
		co.reply(-2, ok, nil)
		return
	}
	if s.c.throttle > 0 && op != wire.OpClose { // Request.isThrottlable
		s.c.throttle--
		co.reply(xid, throttledOp, nil)
		return
	}
	if s.isForeign(co, xid, op) {
		return
	}
	w := new(writer)
	read, err := s.read(co, r, op, w)
	switch {
	case read:
		co.reply(xid, err, w)
	case s.mode == severed: // the leader never hears of it
	case co.session.conn != co:
		s.hangUp(co) // session moved; FinalRequestProcessor closes the connection without a word
	case s.isOrdered(op):
		s.propose(waiting{conn: co, xid: xid, op: op, sent: sent}, func(w *writer) code {
			return s.execute(co, r, op, w)
		})
	case op == wire.OpSync:
		w.string(r.string())
		co.reply(xid, ok, w)
	case s.c.rejects: // setAuth
		co.reply(xid, authFailed, nil)
		s.hangUp(co)
	default:
		r.int32()
		if scheme, secret := r.string(), r.bytes(); scheme == "digest" {
			co.ids = append(co.ids, digest(string(secret)))
		}
		co.known = true
		co.reply(xid, ok, nil)
	}
}

// execute does what has been committed, and puts its result into w.
func (s *Server) execute(co *conn, r *reader, op int32, w *writer) code {
	switch op {
	case wire.OpSync:
		w.string(r.string())
	case wire.OpClose:
		s.c.end(co.session)
	case wire.OpMulti:
		s.multi(co, r, w)
	default:
		return s.c.transact(co.session.id, func(t *txn) code {
			t.checks, t.ids = true, co.ids
			return change(t, op, r, w, co.session.id)
		})
	}
	return ok
}

// reply sends an answer.
func (co *conn) reply(xid int32, err code, body *writer) {
	s := co.server
	co.send(answer(max(s.seen(), s.c.forged), xid, err, body), nil)
}

func answer(zxid int64, xid int32, err code, body *writer) []byte {
	w := new(writer)
	w.int32(xid)
	w.int64(zxid)
	w.int32(int32(err))
	if body != nil && err == ok {
		w.b = append(w.b, body.b...)
	}
	return w.framed()
}

// read answers a request that changes nothing. It is false if op is none.
func (s *Server) read(co *conn, r *reader, op int32, w *writer) (bool, code) {
	known := s.c.tree
	if s.stale != nil {
		known = s.stale
	}
	if op == wire.OpMultiRead {
		readMany(known, co.ids, r, w)
		return true, ok
	}
	lists := op == wire.OpGetChildren || op == wire.OpGetChildren2
	if op != wire.OpExists && op != wire.OpGetData && !lists {
		return false, ok
	}
	p, watch := r.string(), r.bool()
	n := cmp.Or(known[p], s.kept[p])
	if n != nil && op != wire.OpExists && !n.acl.allows(permRead, co.ids) {
		return true, noAuth
	}
	if watch && (n != nil || op == wire.OpExists) {
		if lists {
			return true, unimplemented
		}
		s.c.watch(p, co)
	}
	switch {
	case n == nil:
		return true, noNode
	case op == wire.OpGetData:
		w.bytes(n.data)
	case lists:
		children := slices.Collect(maps.Keys(n.children))
		for kept := range s.kept {
			if name := path.Base(kept); path.Dir(kept) == p && !slices.Contains(children, name) {
				children = append(children, name)
			}
		}
		w.int32(int32(len(children)))
		for _, name := range children {
			w.string(name)
		}
	}
	if op != wire.OpGetChildren {
		n.stat(w)
	}
	return true, ok
}

// readMany reads the data of znodes. Whatever else a multiRead may hold is not known here.
func readMany(known tree, ids []identity, r *reader, w *writer) {
	header := func(op int32, done bool, err code) {
		w.int32(op)
		w.bool(done)
		w.int32(int32(err))
	}
	fail := func(err code) {
		header(wire.OpError, false, err)
		w.int32(int32(err))
	}
	for op, done := r.int32(), r.bool(); !done && !r.bad; op, done = r.int32(), r.bool() {
		r.int32()
		n := known[r.string()]
		r.bool()
		switch {
		case op != wire.OpGetData:
			fail(unimplemented)
		case n == nil:
			fail(noNode)
		case !n.acl.allows(permRead, ids):
			fail(noAuth)
		default:
			header(op, false, ok)
			w.bytes(n.data)
			n.stat(w)
		}
	}
	header(-1, true, -1)
}

// change executes one request that writes, and puts its result into w.
func change(t *txn, op int32, r *reader, w *writer, session int64) (err code) {
	p := r.string()
	switch op {
	case wire.OpCreate, wire.OpCreate2, wire.OpCreateContainer:
		data := r.bytes()
		a := r.acl()
		p, err = t.create(p, data, a, r.int32(), session)
		w.string(p)
		if op == wire.OpCreate2 && err == ok {
			t.tree[p].stat(w)
		}
	case wire.OpDelete:
		err = t.delete(p, r.int32())
	case wire.OpSetData:
		data := r.bytes()
		if err = t.set(p, data, r.int32()); err == ok {
			t.tree[p].stat(w)
		}
	case wire.OpCheck:
		err = t.check(p, permRead, r.int32())
	default:
		return unimplemented
	}
	if r.bad {
		return badArguments
	}
	return err
}

// multi executes a transaction and puts its results into w. Its errors are in its body.
func (s *Server) multi(co *conn, r *reader, w *writer) {
	type result struct {
		op   int32
		err  code
		body writer
	}
	var results []result
	failed := s.c.transact(co.session.id, func(t *txn) (first code) {
		t.checks, t.ids = true, co.ids
		for {
			op, done := r.int32(), r.bool()
			r.int32()
			if done || r.bad {
				return first
			}
			res := result{op: op}
			scratch := t
			if first != ok { // the rest is only read over
				scratch = &txn{tree: newTree()}
			}
			res.err = change(scratch, op, r, &res.body, co.session.id)
			if first != ok {
				res.err = runtimeInconsistency
			} else {
				first = res.err
			}
			results = append(results, res)
		}
	})
	for _, res := range results {
		if failed != ok {
			res.op, res.body = wire.OpError, writer{}
			res.body.int32(int32(res.err))
		}
		w.int32(res.op)
		w.bool(false)
		w.int32(int32(res.err))
		w.b = append(w.b, res.body.b...)
	}
	w.int32(-1)
	w.bool(true)
	w.int32(-1)
}
