package fakezk

import (
	"time"

	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/wire"
)

// A write is proposed when its server has passed it to the leader, and is executed when a quorum
// has confirmed it and every write before it: at once, unless the test holds commits back. The
// commit then arrives at every server, and each looks whether it is the commit of its own oldest
// write. It knows its writes by session and xid alone (CommitProcessor), so that a commit can
// answer another request of the same number, which the session has sent to another server.

// ticket is all by which a server knows its own write again.
type ticket struct {
	session int64
	xid     int32
}

// commit is a write that has been executed, as every server hears of it.
type commit struct {
	ticket
	op   int32
	zxid int64
	err  code
	body *jute.Writer
}

// waiting is a request that its server has not answered: a write until its commit arrives, or
// whatever the session has asked for behind a write.
type waiting struct {
	conn    *conn // nil on the leader for a write that a follower has passed on
	xid, op int32
	sent    time.Time
	serve   func() // nil for a write
}

// proposal is a write that no quorum has confirmed.
type proposal struct {
	commit func()
	lose   func() // the leader has ended before; nil if there is nothing to do
}

// HoldCommits keeps every quorum from confirming anything until ReleaseCommits. Sessions can be
// opened and moved meanwhile, and what has been committed can be read.
func (c *Cluster) HoldCommits() { c.do(func() { c.holding = true }) }

// ReleaseCommits confirms everything that HoldCommits has held back.
func (c *Cluster) ReleaseCommits() {
	c.do(func() {
		proposed := c.proposed
		c.holding, c.proposed = false, nil
		for _, p := range proposed {
			p.commit()
		}
	})
}

// CommitNext confirms the first of what HoldCommits has held back, if there is any.
func (c *Cluster) CommitNext() {
	c.do(func() {
		if len(c.proposed) > 0 {
			first := c.proposed[0]
			c.proposed = c.proposed[1:]
			first.commit()
		}
	})
}

// Proposed returns how many proposals ReleaseCommits would have committed.
func (c *Cluster) Proposed() (n int) {
	c.do(func() { n = len(c.proposed) })
	return n
}

// propose does something when a quorum has confirmed it, or does lose if the leader ends before.
func (c *Cluster) propose(commit, lose func()) {
	if c.holding {
		c.proposed = append(c.proposed, proposal{commit, lose})
	} else {
		commit()
	}
}

// propose passes a request of a client to the leader, which has execute executed in its turn.
func (s *Server) propose(w waiting, execute func(*jute.Writer) code) {
	ses := w.conn.session
	own := ticket{ses.id, w.xid}
	s.enqueue(own, w)
	if leader := s.c.leader; leader != s && !s.c.cfg.Unforwarded {
		leader.enqueue(own, waiting{op: w.op})
	}
	s.c.propose(func() {
		body := new(jute.Writer)
		err := execute(body)
		for _, server := range s.c.servers {
			server.committed(commit{own, w.op, s.c.zxid, err, body})
		}
	}, nil)
}

// enqueue makes a server wait for a commit.
func (s *Server) enqueue(own ticket, w waiting) {
	if s.mode == down || s.mode == severed {
		return
	}
	s.writes = append(s.writes, own)
	s.queues[own.session] = append(s.queues[own.session], w)
}

// committed hears of a commit, after the commits before it.
func (s *Server) committed(cm commit) {
	if s.resuming {
		s.newer = append(s.newer, cm)
	} else {
		s.apply(cm)
	}
}

// apply looks whether a commit is of the oldest write of a client of this server. If it is, the
// client is answered.
func (s *Server) apply(cm commit) {
	switch s.mode {
	case hung, mute, lagging:
		s.held = append(s.held, func() { s.apply(cm) })
		return
	case down, severed:
		return
	}
	if len(s.writes) == 0 || s.writes[0] != cm.ticket {
		return // of a client of another server
	}
	s.writes = s.writes[1:]
	queue := s.queues[cm.session]
	first := queue[0]
	s.queues[cm.session] = queue[1:]
	s.answer(first, cm)
	s.serveWaiting(cm.session)
}

// serveWaiting does what a session has asked for behind a write that is over, up to the next write.
func (s *Server) serveWaiting(session int64) {
	for {
		queue := s.queues[session]
		if len(queue) == 0 {
			delete(s.queues, session)
			return
		}
		next := queue[0].serve
		if next == nil {
			return
		}
		s.queues[session] = queue[1:]
		next()
	}
}

// answer tells a client of a commit, in the words of what it has asked for.
func (s *Server) answer(w waiting, cm commit) {
	co := w.conn
	if co == nil || co.ended {
		return
	}
	body := cm.body
	switch {
	case w.op == wire.OpDelete:
		body = nil
	case w.op != cm.op && cm.err == ok:
		return // the server fails to write it down
	}
	var arriving func()
	confirmed, ses := s.c.cfg.Confirmed, co.session
	if confirmed != nil && cm.err == ok && isWrite(w.op) {
		arriving = func() { confirmed(ses.id, ses.timeout, w.sent) }
	}
	co.send(answer(max(cm.zxid, s.c.forged), w.xid, cm.err, body), arriving)
	if w.op == wire.OpClose {
		s.hangUp(co)
	}
}

// isWrite reports whether an operation changes the tree, or could.
func isWrite(op int32) bool { return op != wire.OpSync && op != wire.OpClose }

// isOrdered reports whether this server waits for the leader's word on an operation. On the leader
// itself sync is none of these: it waits for the writes of its session only.
func (s *Server) isOrdered(op int32) bool {
	switch op {
	case wire.OpPing, wire.OpSetAuth, wire.OpExists, wire.OpGetData, wire.OpGetChildren,
		wire.OpGetChildren2,
		wire.OpMultiRead, wire.OpSetWatches:
		return false
	case wire.OpSync:
		return s != s.c.leader
	}
	return true
}
