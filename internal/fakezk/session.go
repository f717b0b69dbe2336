package fakezk

import (
	"crypto/rand"
	"time"
)

// session is one of ZooKeeper's sessions, as the leader knows it.
type session struct {
	id       int64
	password []byte
	timeout  time.Duration
	expires  time.Time
	checked  time.Time // when it is next looked whether it has timed out
	conn     *conn     // the latest; nil if that has ended
	over     bool
}

// openSession begins a session; negotiate must follow.
func (c *Cluster) openSession() *session {
	c.zxid++
	c.lastID++
	s := &session{id: c.lastID, password: make([]byte, 16)}
	rand.Read(s.password)
	c.sessions[s.id] = s
	return s
}

// heard notes that the leader has heard of a session.
func (c *Cluster) heard(s *session) {
	s.expires = time.Now().Add(s.timeout)
	if c.cfg.Rounded { // ExpiryQueue.roundToNextInterval: never down, and not left alone either
		s.expires = s.expires.Truncate(c.cfg.Tick).Add(c.cfg.Tick)
	}
}

// negotiate makes the leader count a session's time by another timeout from now on.
func (c *Cluster) negotiate(s *session, timeout time.Duration) {
	s.timeout = timeout
	c.heard(s)
	if s.checked.IsZero() || s.expires.Before(s.checked) {
		c.watchExpiry(s)
	}
}

// watchExpiry comes back whenever the session might have timed out, until it has.
func (c *Cluster) watchExpiry(s *session) {
	at := s.expires
	s.checked = at
	c.agenda.add(at, func() {
		switch {
		case s.over || !s.checked.Equal(at): // an earlier look has taken the place of this one
		case time.Now().Before(s.expires):
			c.watchExpiry(s)
		default:
			c.expire(s, false)
		}
	})
}

func (c *Cluster) expire(s *session, forced bool) {
	if c.cfg.Expired != nil {
		c.cfg.Expired(s.id, forced)
	}
	c.end(s)
	if s.conn != nil {
		s.conn.server.hangUp(s.conn)
	}
}

// end removes a session with its znodes.
func (c *Cluster) end(s *session) {
	s.over = true
	delete(c.sessions, s.id)
	c.propose(func() {
		c.transact(0, func(t *txn) code {
			for p, n := range c.tree {
				if n.owner == s.id {
					t.delete(p, -1)
				}
			}
			return ok
		})
	}, func() { // the next leader knows of no end
		s.over = false
		c.sessions[s.id] = s
		s.checked = time.Time{}
		c.negotiate(s, s.timeout)
	})
}

// Expire ends a session now. It is false if there is no such session.
func (c *Cluster) Expire(id int64) (found bool) {
	c.do(func() {
		s := c.sessions[id]
		found = s != nil
		if found {
			c.expire(s, true)
		}
	})
	return found
}

// Forget ends a session now and leaves its connection open. Whatever the client sends there is
// dropped, as a server does if a session is closed while its client reconnects. It is false if
// there is no such session.
func (c *Cluster) Forget(id int64) (found bool) {
	c.do(func() {
		s := c.sessions[id]
		found = s != nil
		if found {
			if c.cfg.Expired != nil {
				c.cfg.Expired(id, true)
			}
			c.end(s)
		}
	})
	return found
}
