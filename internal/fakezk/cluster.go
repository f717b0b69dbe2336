package fakezk

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Config says how a Cluster behaves. The callbacks run on its loop: they must not call the Cluster,
// nor block.
type Config struct {
	Servers int // 1 by default
	// 2 s by default; session timeouts are granted from 2 to 20 of them
	Tick time.Duration
	// of each frame, in each direction; none by default. Frames never overtake
	Latency func() time.Duration

	// Rounded makes sessions expire at the end of a tick, as in ZooKeeper, instead of as early as
	// they may.
	Rounded bool

	// Unforwarded makes the leader's own server not wait for what followers have passed on, when
	// the session comes there (zookeeper.forward_learner_requests_to_commit_processor_disabled).
	Unforwarded bool

	// Expired is called in the moment in which a session times out, before its znodes are removed;
	// forced says that the test wanted it.
	Expired func(session int64, forced bool)

	// Deleted is called when an ephemeral znode has been deleted, by a session's request, or with
	// its owner if by is 0.
	Deleted func(path string, owner, by int64)

	// Written is called when a znode has been created or written to. The owner is the session of an
	// ephemeral one.
	Written func(path string, data []byte, owner int64)

	// Confirmed is called when a client receives the answer to a write, which it sent at the given
	// time. timeout is its session's.
	Confirmed func(session int64, timeout time.Duration, sent time.Time)
}

// Cluster is a ZooKeeper ensemble. Close it in the end.
type Cluster struct {
	cfg      Config
	servers  []*Server
	leader   *Server // the one that hears for the leader; the loop's own
	commands chan func()
	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when the loop has ended

	// The loop's own.
	agenda   agenda
	tree     tree
	zxid     int64
	sessions map[int64]*session
	lastID   int64
	watches  map[string]map[*conn]struct{}
	below    map[string]map[*conn]struct{} // that last: for changes to a znode and all below it
	conns    map[*conn]struct{}
	rejects  bool // credentials
	demands  bool // credentials, before any request
	throttle int  // so many requests
	holding  bool // commits
	proposed []proposal
	refusals map[int32]code
	profile  Profile
	forged   int64
	visitors int64 // strangers so far
}

// New starts a Cluster.
func New(cfg Config) *Cluster {
	cfg.Servers = max(cfg.Servers, 1)
	if cfg.Tick == 0 {
		cfg.Tick = 2 * time.Second
	}
	c := &Cluster{
		cfg:      cfg,
		commands: make(chan func()),
		stop:     make(chan struct{}),
		done:     make(chan struct{}),
		tree:     newTree(),
		sessions: make(map[int64]*session),
		lastID:   0x1000_0000_0000,
		watches:  make(map[string]map[*conn]struct{}),
		below:    make(map[string]map[*conn]struct{}),
		conns:    make(map[*conn]struct{}),
		refusals: make(map[int32]code),
	}
	for i := range cfg.Servers {
		c.servers = append(c.servers, &Server{
			c: c, address: fmt.Sprintf("zk%d:2181", i), touched: make(map[*session]struct{}),
			kept:   make(tree),
			silent: make(map[string]bool),
			queues: make(map[int64][]waiting),
		})
	}
	c.leader = c.servers[0]
	go c.loop() // ended and waited for by Close
	return c
}

// Close ends the loop. Connections that are open fall silent.
func (c *Cluster) Close() {
	close(c.stop)
	<-c.done
}

// Connect returns a connect string.
func (c *Cluster) Connect() string {
	var addresses []string
	for _, s := range c.servers {
		addresses = append(addresses, s.address)
	}
	return strings.Join(addresses, ",")
}

// Server returns one of the servers. Number 0 is the leader's until Elect.
func (c *Cluster) Server(i int) *Server { return c.servers[i] }

func (c *Cluster) loop() {
	defer close(c.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		c.agenda.runDue()
		var due <-chan time.Time
		if at, ok := c.agenda.next(); ok {
			timer.Reset(time.Until(at))
			due = timer.C
		}
		select {
		case command := <-c.commands:
			command()
		case <-due:
		case <-c.stop:
			return
		}
	}
}

// post makes the loop run f. After Close it does nothing.
func (c *Cluster) post(f func()) {
	select {
	case c.commands <- f:
	case <-c.done:
	}
}

// do makes the loop run f, and waits for it. After Close it does nothing.
func (c *Cluster) do(f func()) {
	ran := make(chan struct{})
	select {
	case c.commands <- func() { f(); close(ran) }:
		<-ran
	case <-c.done:
	}
}

// RejectCredentials makes all servers refuse every setAuth, or accept it again.
func (c *Cluster) RejectCredentials(reject bool) { c.do(func() { c.rejects = reject }) }

// Imitate makes all servers behave like the servers of a profile.
func (c *Cluster) Imitate(p Profile) { c.do(func() { c.profile = p }) }

// DemandCredentials makes all servers refuse clients that have sent none
// (AuthenticationHelper.enforceAuthentication).
func (c *Cluster) DemandCredentials() { c.do(func() { c.demands = true }) }

// Answer makes all servers answer the requests of an operation with an error code, until that is 0.
func (c *Cluster) Answer(op, err int32) { c.do(func() { c.refusals[op] = code(err) }) }

// Throttle makes the servers refuse the next n requests, whatever they ask for, as late servers
// with throttled_op_wait_time do.
func (c *Cluster) Throttle(n int) { c.do(func() { c.throttle = n }) }

// Wipe removes all data: the servers are started anew, and know of no transaction, znode or
// session.
func (c *Cluster) Wipe() {
	c.do(func() {
		for _, s := range c.servers {
			s.cutAll()
		}
		for _, s := range c.sessions {
			s.over = true
		}
		c.tree, c.zxid, c.proposed = newTree(), 0, nil
		for _, s := range c.servers {
			if s.stale != nil {
				s.stale, s.zxid = newTree(), 0
			}
		}
		clear(c.sessions)
		clear(c.watches)
		clear(c.below)
	})
}

// ForgeZxid makes all answers report this transaction as the newest, or the real one again if it is
// 0.
func (c *Cluster) ForgeZxid(zxid int64) { c.do(func() { c.forged = zxid }) }

// Ephemerals returns the paths of all ephemeral znodes, sorted.
func (c *Cluster) Ephemerals() (paths []string) {
	c.do(func() {
		for p, n := range c.tree {
			if n.owner != 0 {
				paths = append(paths, p)
			}
		}
	})
	slices.Sort(paths)
	return paths
}

// Owner returns the session that an ephemeral znode belongs to; 0 if there is no such znode.
func (c *Cluster) Owner(p string) (session int64) {
	c.do(func() {
		if n := c.tree[p]; n != nil {
			session = n.owner
		}
	})
	return session
}

// Watches returns how many watches are set, by path, with a slash behind it for those on children.
func (c *Cluster) Watches() (n map[string]int) {
	n = make(map[string]int)
	c.do(func() {
		for p, conns := range c.watches {
			n[p] = len(conns)
		}
	})
	return n
}

// Sessions returns the ids of the sessions that have not ended.
func (c *Cluster) Sessions() (ids []int64) {
	c.do(func() { ids = slices.Sorted(maps.Keys(c.sessions)) })
	return ids
}

// Connections returns how many connections are open.
func (c *Cluster) Connections() (n int) {
	c.do(func() { n = len(c.conns) })
	return n
}

// transact runs a transaction of a session, or of none if by is 0; if f fails, nothing of it stays.
func (c *Cluster) transact(by int64, f func(*txn) code) code {
	c.zxid++ // also for one that fails
	t := &txn{tree: c.tree, zxid: c.zxid, now: time.Now()}
	err := f(t)
	if err != ok {
		t.rollBack()
	}
	for _, ev := range t.events {
		ev.zxid = t.zxid
		c.fire(ev)
		if ev.kind == nodeDeleted {
			c.collect(path.Dir(ev.path))
		}
		c.report(ev, by)
	}
	return err
}

// report tells the test of an event.
func (c *Cluster) report(ev event, by int64) {
	switch n := c.tree[ev.path]; ev.kind {
	case nodeDeleted:
		if ev.owner != 0 && c.cfg.Deleted != nil {
			c.cfg.Deleted(ev.path, ev.owner, by)
		}
	case nodeCreated, nodeDataChanged:
		if n != nil && c.cfg.Written != nil {
			c.cfg.Written(ev.path, n.data, n.owner)
		}
	}
}

// collect removes a container that has become empty, when the next minute is full
// (ContainerManager).
func (c *Cluster) collect(p string) {
	if n := c.tree[p]; n == nil || !n.container || len(n.children) > 0 {
		return
	}
	minute := time.Now().Truncate(time.Minute).Add(time.Minute)
	c.agenda.add(minute, func() {
		c.propose(func() {
			if n := c.tree[p]; n != nil && n.container && n.creates > 0 && len(n.children) == 0 {
				c.transact(0, func(t *txn) code { return t.delete(p, -1) })
			}
		}, nil)
	})
}

// watch sets a watch for a connection.
func (c *Cluster) watch(p string, by *conn) {
	if c.watches[p] == nil {
		c.watches[p] = make(map[*conn]struct{})
	}
	c.watches[p][by] = struct{}{}
}

// watchBelow sets a watch for a connection that lasts.
func (c *Cluster) watchBelow(p string, by *conn) {
	if c.below[p] == nil {
		c.below[p] = make(map[*conn]struct{})
	}
	c.below[p][by] = struct{}{}
}

// fireBelow reports an event to the clients that watch below a znode, if tells is true for them. It
// leaves out changes of a list of children: these clients get the events of the children
// themselves.
func (c *Cluster) fireBelow(ev event, tells func(*conn) bool) {
	if ev.kind == nodeChildrenChanged {
		return
	}
	for p := ev.path; ; p = path.Dir(p) {
		for by := range c.below[p] {
			if tells(by) && ev.acl.allows(permRead, by.ids) {
				by.server.notify(by, ev)
			}
		}
		if p == "/" {
			return
		}
	}
}

// fire reports an event to all that watch, once. A server that lags reports it when it comes to
// that event.
func (c *Cluster) fire(ev event) {
	for _, s := range c.servers {
		if s.mode == lagging {
			s.held = append(s.held, func() { s.fire(ev) })
		}
	}
	for _, watched := range ev.watched() {
		for by := range c.watches[watched] {
			if by.server.mode != lagging {
				c.tell(by, watched, ev)
			}
		}
	}
	c.fireBelow(ev, func(by *conn) bool { return by.server.mode != lagging })
}

// fire reports an event to the clients that watch at this server.
func (s *Server) fire(ev event) {
	for _, watched := range ev.watched() {
		for by := range s.c.watches[watched] {
			if by.server == s {
				s.c.tell(by, watched, ev)
			}
		}
	}
	s.c.fireBelow(ev, func(by *conn) bool { return by.server == s })
}

// tell removes one watch, and reports the event.
func (c *Cluster) tell(by *conn, watched string, ev event) {
	watching := c.watches[watched]
	if delete(watching, by); len(watching) == 0 {
		delete(c.watches, watched)
	}
	if ev.acl.allows(permRead, by.ids) { // ServerCnxn.process, since CVE-2024-23944
		by.server.notify(by, ev)
	}
}
