package fakezk

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/wire"
)

// take does what a request asks for, or has it done when the session's writes before it are.
func (s *Server) take(co *conn, r *jute.Reader, xid, op int32, sent time.Time) {
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
func (s *Server) serve(co *conn, r *jute.Reader, xid, op int32, sent time.Time) {
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
	w := new(jute.Writer)
	read, err := s.read(co, r, op, w)
	switch {
	case read:
		co.reply(xid, err, w)
	case s.mode == severed: // the leader never hears of it
	case co.session.conn != co:
		s.hangUp(co) // session moved; FinalRequestProcessor closes the connection without a word
	case s.isOrdered(op):
		s.propose(waiting{conn: co, xid: xid, op: op, sent: sent}, func(w *jute.Writer) code {
			return s.execute(co, r, op, w)
		})
	case op == wire.OpSync:
		w.Text(string(r.Text()))
		co.reply(xid, ok, w)
	case s.c.rejects: // setAuth
		co.reply(xid, authFailed, nil)
		s.hangUp(co)
	default:
		r.Int32()
		if scheme, secret := string(r.Text()), r.Buffer(); scheme == "digest" {
			co.ids = append(co.ids, digest(string(secret)))
		}
		co.known = true
		co.reply(xid, ok, nil)
	}
}

// isForeign meets a request that the server does not know.
func (s *Server) isForeign(co *conn, xid, op int32) bool {
	manner := s.c.profile.Foreign[op]
	switch manner {
	case Refuses:
		co.send(answer(s.c.zxid, xid, unimplemented, nil), nil)
	case BadArguments:
		co.send(answer(s.c.zxid, xid, badArguments, nil), nil)
	}
	if manner == HangsUp || manner == Refuses {
		s.hangUp(co)
	}
	return manner != 0
}

// execute does what has been committed, and puts its result into w.
func (s *Server) execute(co *conn, r *jute.Reader, op int32, w *jute.Writer) code {
	switch op {
	case wire.OpSync:
		w.Text(string(r.Text()))
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
func (co *conn) reply(xid int32, err code, body *jute.Writer) {
	s := co.server
	co.send(answer(max(s.seen(), s.c.forged), xid, err, body), nil)
}

func answer(zxid int64, xid int32, err code, body *jute.Writer) []byte {
	w := new(jute.Writer)
	w.Int32(xid)
	w.Int64(zxid)
	w.Int32(int32(err))
	if body != nil && err == ok {
		*w = append(*w, *body...)
	}
	return w.Framed()
}

// read answers a request that changes nothing. It is false if op is none.
func (s *Server) read(co *conn, r *jute.Reader, op int32, w *jute.Writer) (bool, code) {
	known := s.c.tree
	if s.stale != nil {
		known = s.stale
	}
	if op == wire.OpMultiRead {
		readMany(known, co.ids, r, w)
		return true, ok
	}
	if op == wire.OpSetWatches {
		s.setWatches(co, known, r)
		return true, ok
	}
	if op == wire.OpAddWatch {
		s.c.watchBelow(string(r.Text()), co)
		w.Int32(0)
		return true, ok
	}
	lists := op == wire.OpGetChildren || op == wire.OpGetChildren2
	if op != wire.OpExists && op != wire.OpGetData && !lists {
		return false, ok
	}
	p, watch := string(r.Text()), r.Bool()
	n := cmp.Or(known[p], s.kept[p])
	if n != nil && op != wire.OpExists && !n.acl.allows(permRead, co.ids) {
		return true, noAuth
	}
	if watch && (n != nil || op == wire.OpExists) {
		if lists {
			s.c.watch(childrenOf(p), co)
		} else {
			s.c.watch(p, co)
		}
	}
	switch {
	case n == nil:
		return true, noNode
	case op == wire.OpGetData:
		w.Buffer(n.data)
	case lists:
		children := slices.Collect(maps.Keys(n.children))
		for kept := range s.kept {
			if name := path.Base(kept); path.Dir(kept) == p && !slices.Contains(children, name) {
				children = append(children, name)
			}
		}
		w.Int32(int32(len(children)))
		for _, name := range children {
			w.Text(name)
		}
	}
	if op != wire.OpGetChildren {
		n.stat(w)
	}
	return true, ok
}

// setWatches watches what has not changed since a transaction, and reports the rest
// (DataTree.setWatches).
func (s *Server) setWatches(co *conn, known tree, r *jute.Reader) {
	since := r.Int64()
	each := func(f func(p string, n *znode)) {
		for range r.Count(4) {
			p := string(r.Text())
			f(p, cmp.Or(known[p], s.kept[p]))
		}
	}
	tell := func(kind int32, p string) { s.notify(co, event{kind: kind, path: p}) }
	each(func(p string, n *znode) {
		switch {
		case n == nil:
			tell(nodeDeleted, p)
		case n.mzxid > since:
			tell(nodeDataChanged, p)
		default:
			s.c.watch(p, co)
		}
	})
	each(func(p string, n *znode) {
		if n != nil {
			tell(nodeCreated, p)
		} else {
			s.c.watch(p, co)
		}
	})
	each(func(p string, n *znode) {
		switch {
		case n == nil:
			tell(nodeDeleted, p)
		case n.pzxid > since:
			tell(nodeChildrenChanged, p)
		default:
			s.c.watch(childrenOf(p), co)
		}
	})
}

// readMany reads the data of znodes. Whatever else a multiRead may hold is not known here.
func readMany(known tree, ids []identity, r *jute.Reader, w *jute.Writer) {
	header := func(op int32, done bool, err code) {
		w.Int32(op)
		w.Bool(done)
		w.Int32(int32(err))
	}
	fail := func(err code) {
		header(wire.OpError, false, err)
		w.Int32(int32(err))
	}
	for op, done := r.Int32(), r.Bool(); !done && r.Wrong == ""; op, done = r.Int32(), r.Bool() {
		r.Int32()
		n := known[string(r.Text())]
		r.Bool()
		switch {
		case op != wire.OpGetData:
			fail(unimplemented)
		case n == nil:
			fail(noNode)
		case !n.acl.allows(permRead, ids):
			fail(noAuth)
		default:
			header(op, false, ok)
			w.Buffer(n.data)
			n.stat(w)
		}
	}
	header(-1, true, -1)
}

// change executes one request that writes, and puts its result into w.
func change(t *txn, op int32, r *jute.Reader, w *jute.Writer, session int64) (err code) {
	p := string(r.Text())
	switch op {
	case wire.OpCreate, wire.OpCreate2, wire.OpCreateContainer:
		data := r.Buffer()
		a := readACL(r)
		p, err = t.create(p, data, a, r.Int32(), session)
		w.Text(p)
		if op == wire.OpCreate2 && err == ok {
			t.tree[p].stat(w)
		}
	case wire.OpDelete:
		err = t.delete(p, r.Int32())
	case wire.OpSetData:
		data := r.Buffer()
		if err = t.set(p, data, r.Int32()); err == ok {
			t.tree[p].stat(w)
		}
	case wire.OpCheck:
		err = t.check(p, permRead, r.Int32())
	default:
		return unimplemented
	}
	if r.Wrong != "" {
		return badArguments
	}
	return err
}

// multi executes a transaction and puts its results into w. Its errors are in its body.
func (s *Server) multi(co *conn, r *jute.Reader, w *jute.Writer) {
	type result struct {
		op   int32
		err  code
		body jute.Writer
	}
	var results []result
	failed := s.c.transact(co.session.id, func(t *txn) (first code) {
		t.checks, t.ids = true, co.ids
		for {
			op, done := r.Int32(), r.Bool()
			r.Int32()
			if done || r.Wrong != "" {
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
			if results = append(results, res); op == wire.OpCheck {
				co.client.checks++
			}
		}
	})
	for _, res := range results {
		if failed != ok {
			res.op, res.body = wire.OpError, nil
			res.body.Int32(int32(res.err))
		}
		w.Int32(res.op)
		w.Bool(false)
		w.Int32(int32(res.err))
		*w = append(*w, res.body...)
	}
	w.Int32(-1)
	w.Bool(true)
	w.Int32(-1)
}
