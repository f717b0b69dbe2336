package fakezk

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"time"

	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/wire"
)

// Server is one server of a Cluster. The leader itself is none of them: it goes on whatever befalls
// the servers.
type Server struct {
	c       *Cluster
	address string

	// The loop's own.
	mode     mode
	held     []func()              // what a server that hangs has not looked at yet
	newer    []commit              // that have come while it looked at that
	stale    tree                  // what one knows that does not hear of commits
	zxid     int64                 // how far that goes
	kept     tree                  // what it will not hear the deletion of
	silent   map[string]bool       // of what it sends no event
	touched  map[*session]struct{} // since the leader's last ping
	pinged   bool                  // the next is on the agenda
	resuming bool                  // looks at what was held
	writes   []ticket              // of its clients that are not committed, in their order
	queues   map[int64][]waiting   // what it has not answered, by session

	most   time.Duration // the longest session timeout that it grants; 0 for 20 ticks
	claims time.Duration // what it says to have granted, 0 for the truth
	denies bool          // says of each session that it has expired
	shuts  bool          // hangs up on each connect request
}

// Claim makes the server tell its clients that it grants this session timeout, whatever it grants.
func (s *Server) Claim(d time.Duration) { s.c.do(func() { s.claims = d }) }

// Deny makes the server say of each session, new ones too, that it has expired.
func (s *Server) Deny(deny bool) { s.c.do(func() { s.denies = deny }) }

// Shut makes the server accept connections and hang up on each connect request, as one does without
// a quorum.
func (s *Server) Shut(shut bool) { s.c.do(func() { s.shuts = shut }) }

type mode uint8

const (
	up mode = iota
	down
	hung    // the process is stopped: connections are accepted, by the kernel, and nothing is done
	mute    // no request is answered, events are sent
	severed // from the leader
	lagging // commits come late
)

// Address returns the server's address.
func (s *Server) Address() string { return s.address }

// Hang stops the process. Everything waits, and is done after Resume.
func (s *Server) Hang() { s.enter(hung) }

// Mute makes the server answer nothing, no ping either, while it goes on to send events.
func (s *Server) Mute() { s.enter(mute) }

// Sever cuts the server off from the leader: it answers pings, and reads from what it knew last.
// Writes and new connections go unanswered, and the leader hears of no session. Resume breaks its
// connections.
func (s *Server) Sever() { s.enter(severed) }

// Lag makes commits wait at the server until Resume: it reads from what it knew last, and events,
// answers to writes and syncs, and new sessions wait. Sessions of others that come to it are taken,
// and the leader hears of its own, as before. The leader itself does not lag.
func (s *Server) Lag() { s.enter(lagging) }

// Stop kills the process: connections break, and others are refused.
func (s *Server) Stop() { s.enter(down) }

// Keep makes the server miss the deletion of a znode for good, and know everything else. ZooKeeper
// has had errors by which a server loses a transaction when it joins the others.
func (s *Server) Keep(p string) {
	s.c.do(func() {
		if n := s.c.tree[p]; n != nil {
			m := *n
			s.kept[p] = &m
		}
	})
}

// Silence has the server send no event of a znode, or send them again.
func (s *Server) Silence(p string, silent bool) { s.c.do(func() { s.silent[p] = silent }) }

// SetMost sets the longest session timeout that the server grants from now on; 0 is 20 ticks, the
// default. A server bounds the timeout of a session at every connect, and the leader counts by the
// latest bound.
func (s *Server) SetMost(d time.Duration) { s.c.do(func() { s.most = d }) }

// Resume makes the server well.
func (s *Server) Resume() { s.enter(up) }

func (s *Server) enter(m mode) { s.c.do(func() { s.change(m) }) }

func (s *Server) change(m mode) {
	if m == lagging && s == s.c.leader {
		return
	}
	if s.mode == severed || m == down {
		s.cutAll()
	}
	if s.stale = nil; m == severed || m == lagging {
		s.stale, s.zxid = s.c.tree.clone(), s.c.zxid
	}
	s.mode = m
	held := s.held
	s.held, s.resuming = nil, true
	for _, f := range held {
		f() // what is still not to be done is held again
	}
	newer := s.newer
	s.newer, s.resuming = nil, false
	for _, cm := range newer {
		s.apply(cm)
	}
}

// seen is the newest transaction that the server knows.
func (s *Server) seen() int64 {
	if s.stale != nil {
		return s.zxid
	}
	return s.c.zxid
}

func (s *Server) cutAll() {
	s.writes = nil
	clear(s.queues)
	for conn := range maps.Clone(s.c.conns) {
		if conn.server == s {
			conn.cut()
		}
	}
}

// receive takes a frame.
func (s *Server) receive(co *conn, frame []byte, sent time.Time) {
	if s.mode == hung || s.mode == mute {
		s.held = append(s.held, func() { s.receive(co, frame, sent) })
		return
	}
	r := &jute.Reader{Rest: frame}
	switch {
	case co.ended:
	case co.session == nil:
		s.count(co, wire.OpConnect)
		if s.mode == up || s.mode == lagging {
			s.shakeHands(co, r)
		}
	default:
		s.touch(co.session)
		xid, op := r.Int32(), r.Int32()
		s.count(co, op)
		// one that was forgotten is not answered
		if !co.ended && (!co.session.over || s.mode == severed) {
			s.take(co, r, xid, op, sent)
		}
	}
}

func (s *Server) count(co *conn, op int32) {
	co.client.sent[op]++
	if co.client.after != nil {
		co.client.after(op)
	}
}

// touch makes the leader hear of a session, in time.
func (s *Server) touch(ses *session) {
	if s == s.c.leader && s.mode != severed {
		s.c.heard(ses)
		return
	}
	s.touched[ses] = struct{}{}
	if s.pinged {
		return
	}
	s.pinged = true
	half := s.c.cfg.Tick / 2
	s.c.agenda.add(time.Now().Truncate(half).Add(half), s.report)
}

// report answers the leader's ping. A process that is stopped does so when it goes on.
func (s *Server) report() {
	s.pinged = false
	switch s.mode {
	case hung:
		s.pinged = true
		s.held = append(s.held, s.report)
		return
	case up, mute, lagging:
		for ses := range s.touched {
			s.c.heard(ses)
		}
	}
	clear(s.touched)
}

func (s *Server) shakeHands(co *conn, r *jute.Reader) {
	r.Int32() // protocol version
	seen := r.Int64()
	timeout := time.Duration(r.Int32()) * time.Millisecond
	id, password := r.Int64(), r.Buffer()
	// ZooKeeperServer.processConnectRequest: client must try another server
	if s.shuts || seen > s.seen() {
		s.hangUp(co)
		return
	}
	s.admit(co, id, timeout, password)
}

// admit answers a connect request. A new session has to be committed first.
func (s *Server) admit(co *conn, id int64, timeout time.Duration, password []byte) {
	switch {
	case co.ended:
		return
	case s.mode == hung || s.mode == mute || s.mode == lagging && id == 0:
		s.held = append(s.held, func() { s.admit(co, id, timeout, password) })
		return
	}
	if s.c.profile.NewSessions {
		id = 0
	}
	ses := s.c.sessions[id]
	timeout = min(max(timeout, 2*s.c.cfg.Tick), cmp.Or(s.most, 20*s.c.cfg.Tick))
	if s.denies {
		ses = nil
	} else if id == 0 {
		ses = s.c.openSession()
	} else if ses != nil && !bytes.Equal(ses.password, password) {
		ses = nil
	}
	w := new(jute.Writer)
	w.Int32(0)
	if ses == nil {
		w.Int32(0)
		w.Int64(0)
		w.Buffer(make([]byte, 16))
		co.send(w.Framed(), nil)
		s.hangUp(co)
		return
	}
	s.c.negotiate(ses, timeout) // the leader is asked
	if old := ses.conn; old != nil && old.server == s {
		s.hangUp(old)
	}
	co.session, ses.conn = ses, co
	w.Int32(int32(cmp.Or(s.claims, ses.timeout) / time.Millisecond))
	w.Int64(ses.id)
	w.Buffer(ses.password)
	co.send(w.Framed(), nil)
}

// send sends a frame to the client. arriving, if there is one, runs before the client can read it.
func (co *conn) send(frame []byte, arriving func()) {
	co.down.send(func() {
		if arriving != nil {
			arriving()
		}
		co.end.change(func() { co.end.buf = append(co.end.buf, frame...) })
	})
}

// hangUp closes the server's end of a connection.
func (s *Server) hangUp(co *conn) {
	switch s.mode {
	case hung, mute:
		s.held = append(s.held, func() { s.hangUp(co) })
	case severed: // has not heard why
	default:
		if !co.ended {
			co.down.send(func() { co.end.fail(io.EOF) })
			co.forget()
		}
	}
}

// hungUp notices that the client has closed its end.
func (s *Server) hungUp(co *conn) {
	if s.mode == hung {
		s.held = append(s.held, func() { s.hungUp(co) })
		return
	}
	co.forget()
}

// notify sends an event.
func (s *Server) notify(co *conn, ev event) {
	if s.mode == hung {
		s.held = append(s.held, func() { s.notify(co, ev) })
		return
	}
	if co.ended || s.mode == severed || s.silent[ev.path] || s.kept[ev.path] != nil && ev.kind == nodeDeleted {
		return
	}
	w := new(jute.Writer)
	w.Int32(-1)
	w.Int64(cmp.Or(ev.zxid, -1)) // since 3.9.0, and -1 before
	w.Int32(0)
	w.Int32(ev.kind)
	w.Int32(3) // SyncConnected
	w.Text(ev.path)
	co.send(w.Framed(), nil)
}
