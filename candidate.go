package zklock

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// A revocation mark is data that somebody else writes into a candidate to ask it to release. "unlock" is the
// recipe's (ZooKeeper Recipes, "Revocable Shared Locks with Freaking Laser Beams"), "__REVOKE__" is Curator's.
var revocationMarks = [][]byte{[]byte("unlock"), []byte("__REVOKE__")}

func isRevocationMark(data []byte) bool {
	for _, mark := range revocationMarks {
		if bytes.Equal(data, mark) {
			return true
		}
	}
	return false
}

// errVanished is returned when a candidate's znode is gone although nobody here deleted it.
var errVanished = errors.New("candidate's znode is gone")

// candidate is one znode in one lock's queue, from its creation to its removal, in one ZooKeeper session. It belongs
// to the goroutine of its acquisition.
type candidate struct {
	zs    *zkSession
	dir   string // the lock's znode
	cfg   *lockConfig
	kind  queue.Kind
	voice queue.Voice
	hold  *hold         // that it is for
	wake  chan struct{} // receives when there is something to look at, the znode itself or the one that blocks it

	prefix string // of the name; random, so that a creation whose answer got lost can be found

	over    bool // it is known to be gone, or goes with its session
	unsure  bool // an attempt to delete it may have succeeded
	deleted bool // by us, so that it was there until then
	doubted bool // another client has removed its znode, it seems, and may have taken its name
	usurped bool // another session's znode has its name

	asked bool            // a creation was sent that is not known to have failed: it may exist
	path  string          // once created
	place queue.Candidate // once created
	czxid int64           // once known
	self  *watcher        // of the znode, from the first look on
	line  ahead           // who blocks it, once it has looked

	first    *listing        // that was asked for together with the creation, until it is looked at; nil if there is none
	watchers []*watcher      // of the first of those in line
	since    time.Time       // when it began to wait
	measured int             // how many were in the queue when it had waited for ownLook; 0 until then
	seen     bool            // in the queue, when nobody was left ahead of it
	front    bool            // nobody is ahead of it
	alone    bool            // nobody was in the queue when it was created, nor may have been since the one before it
	long     bool            // so was the queue when it was last listed
	lock     *lockNode       // the lock's znode, if it is known
	phantoms map[string]bool // children that look like candidates and are not: they will never go away
	sifts    bool            // one was met in the line: the rest of it is looked at before it is waited for

	standing atomic.Pointer[standing] // nil until it is known; read by others too
}

func newCandidate(zs *zkSession, dir string, kind queue.Kind, cfg *lockConfig, h *hold) *candidate {
	var random [queue.IDLen]byte
	rand.Read(random[:]) // never fails, since Go 1.24
	voice := cfg.voice(kind)
	return &candidate{
		zs: zs, dir: dir, cfg: cfg, kind: kind, voice: voice, hold: h, wake: make(chan struct{}, 1),
		prefix: queue.Prefix(voice.Dialect, kind, random),
	}
}

// create queues the candidate. After an error the znode may exist; remove knows.
//
// go-zookeeper's protected create is not used: it gives up after three tries or when listing fails, and leaves a
// candidate that nobody owns, which blocks the lock for ever; and a child named "_c_x" panics it.
func (c *candidate) create(ctx context.Context) error {
	if err := c.checkSticky(ctx); err != nil {
		return err
	}
	for {
		created, err := c.queue(ctx)
		switch was := outcomeOf(err); was {
		case leftBehind:
			return err
		case answered:
			if err != nil {
				c.exclude()
			}
			switch {
			case errors.Is(err, zk.ErrNoNode):
				err := c.zs.makeParents(ctx, c.dir, c.cfg)
				if err != nil && !errors.Is(err, zk.ErrNoNode) { // otherwise one has vanished before the next was made
					return err
				}
				continue
			case err != nil && c.zs.s.noteOldServer(err):
				continue
			case err != nil:
				return err
			}
			c.setPath(created.path)
			c.czxid = created.czxid
		case notExecuted, throttled:
			c.exclude()
			if err := c.zs.retry(ctx, was); err != nil {
				return err
			}
			continue
		case unknown:
			found, err := c.find(ctx)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
		}
		// Beyond its last number a server hands out negative ones to creations that are under way together.
		self, ok := queue.Parse(path.Base(c.path))
		if !ok || self.Seq > queue.MaxSeq {
			return ErrExhausted
		}
		c.place = self
		c.zs.siblings.join(c)
		return nil
	}
}

// birth is what the answer to a creation tells.
type birth struct {
	path  string
	czxid int64 // 0 from a server that does not tell
}

// queue asks a server to create the znode, and to list the queue right behind that unless there is no need.
func (c *candidate) queue(ctx context.Context) (birth, error) {
	if err := c.include(); err != nil {
		return birth{}, err
	}
	name := c.dir + "/" + c.prefix
	create := wire.Create(name, c.cfg.identifier, c.cfg.acl)
	if c.zs.s.oldServers.Load() {
		create = wire.CreateOld(name, c.cfg.identifier, c.cfg.acl)
	}
	answers := responsesTo(create, newBirth)
	requests := []*wire.Request{create}
	numbered := c.zs.watches.cleared(c.dir) >= 0 || c.kind.Exclusive() && c.zs.siblings.count(c.dir) > 0
	if c.first = nil; !numbered { // otherwise the number will tell
		var mine bool
		if c.first, mine = c.zs.roster.begin(c.dir); mine {
			requests = append(requests, c.zs.roster.request(c.first))
		}
	}
	lists := len(requests) > 1
	c.zs.send(requests...)
	if lists { // its answer comes right behind the other: to be woken once is enough
		_ = waitFor(ctx, c.first.done) // ctx is heeded below
	}
	return answers.wait(ctx)
}

func newBirth(r wire.Reply) (b birth) {
	b.path, b.czxid = r.Created()
	return b
}

// include notes that the candidate may exist from now on. It fails with an error that matches ErrTooMany if the session then
// owned more than it may.
func (c *candidate) include() error {
	if !c.asked {
		if err := c.zs.include(c.footprint()); err != nil {
			return err
		}
		c.asked = true
	}
	return nil
}

// exclude notes that the candidate does not exist.
func (c *candidate) exclude() {
	if c.asked {
		c.asked = false
		c.zs.exclude(c.footprint())
	}
}

func (c *candidate) setPath(p string) { c.path, c.prefix = p, "" }

// find looks for the znode of a creation whose answer got lost, until it is known whether there is one.
func (c *candidate) find(ctx context.Context) (found bool, err error) {
	// The creation may not be committed yet, or not be known to the server that we are connected to
	// now. A transaction is answered behind everything that was proposed before it. A sync need not
	// be, on the leader itself.
	err = c.zs.lease.check(ctx, c.dir)
	if errors.Is(err, zk.ErrNoNode) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l, err := c.zs.roster.list(ctx, c.dir)
	if err != nil {
		return false, err
	}
	for _, name := range l.children {
		if !strings.HasPrefix(name, c.prefix) {
			continue
		}
		path := c.dir + "/" + name
		node, err := c.zs.readNode(ctx, path)
		switch {
		case errors.Is(err, zk.ErrNoNode): // it has been removed meanwhile
		case err != nil:
			return false, err
		case node.owner == c.zs.id(): // anybody can give a znode such a name
			c.setPath(path)
			return true, nil
		}
	}
	return false, nil
}

// look reads the candidate's own znode, with a watch that tells of the next change to it, unless that stands. If somebody
// asked the candidate to release, the holder is told.
func (c *candidate) look(ctx context.Context) error {
	return c.judge(c.watch().read(ctx))
}

// watch begins to wait for changes to the candidate's own znode.
func (c *candidate) watch() *watcher {
	if c.self == nil {
		c.self = c.zs.watches.watch(c.path, c.wake)
		c.path = c.self.node.path // thousands may wait: one copy of it is enough
	}
	return c.self
}

// prepare has everything read that the candidate waits for, in one packet: what it watches of those ahead, and itself.
func (c *candidate) prepare() {
	reads := make([]*watcher, 0, keptAhead+1)
	for i, w := range c.watchers {
		if !c.zs.siblings.have(c.dir, c.line.nearest[i]) { // otherwise it tells by itself
			reads = append(reads, w)
		}
	}
	c.zs.watches.prepare(append(reads, c.watch())...)
}

// glance is look without a watch.
func (c *candidate) glance(ctx context.Context) error {
	return c.judge(c.zs.readNode(ctx, c.path))
}

// judge draws the conclusions from what was read of the candidate's znode.
func (c *candidate) judge(node nodeState, err error) error {
	if errors.Is(err, zk.ErrNoNode) || err == nil && (node.owner != c.zs.id() || c.czxid != 0 && c.czxid != node.czxid) {
		return errVanished
	}
	if err != nil {
		return err
	}
	c.czxid = node.czxid
	if node.marked {
		c.hold.revoke()
	}
	return nil
}

// nudge has whoever waits for the candidate look again.
func (c *candidate) nudge() { nudge(c.wake) }

// ask writes the revocation mark into other candidates, the holder's first. Those that are gone need none.
func (c *candidate) ask(ctx context.Context, others []queue.Candidate) error {
	for _, other := range slices.Backward(others) {
		err := c.zs.ask(ctx, c.dir+"/"+other.Name)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return nil
}

// forceAtOnce bounds how many candidates one transaction removes; servers refuse requests above 1 MB.
const forceAtOnce = 500

// clear removes those ahead.
func (c *candidate) clear(ctx context.Context) error {
	err := c.force(ctx, c.line.nearest)
	switch {
	case err == nil && !slices.ContainsFunc(c.line.nearest, queue.Candidate.LeavesReader):
		c.line = ahead{}
		return nil
	case err == nil || errors.Is(err, zk.ErrNoNode): // somebody left meanwhile: look who is still there
		return c.lookAhead(ctx, true)
	default:
		return err
	}
}

// force removes other candidates, provided this one is still in the queue. It fails with zk.ErrNoNode when one of
// them, or this one, is gone already: then the queue has to be listed again.
func (c *candidate) force(ctx context.Context, others []queue.Candidate) error {
	for chunk := range slices.Chunk(others, forceAtOnce) {
		ops := []any{&zk.CheckVersionRequest{Path: c.path, Version: -1}}
		for _, other := range chunk {
			ops = append(ops, &zk.DeleteRequest{Path: c.dir + "/" + other.Name, Version: -1})
		}
		err := c.zs.doApart(ctx, func() error {
			_, err := c.zs.conn.Multi(ops...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// remove takes the candidate out of the queue and forgets its watch. It returns errVanished if somebody else removed it,
// and an error that matches ErrLost if the session ended first, which removes it as well. If it fails with ctx, it can be
// called again: over is not set then.
func (c *candidate) remove(ctx context.Context) error {
	if c.over {
		return nil
	}
	exists, err := c.path != "", error(nil)
	if !exists && c.asked {
		exists, err = c.find(ctx)
	}
	if exists {
		err = c.delete(ctx)
	}
	if isGaveUp(err) {
		return err
	}
	c.over = true
	c.exclude()
	if exists {
		gone := !c.usurped && (err == nil || errors.Is(err, errVanished))
		c.zs.watches.left(c.path, gone, c.deleted)
	}
	if c.self != nil {
		c.self.stop()
	}
	return err
}

// delete removes the candidate's znode, and notes what its session knows of the lock then.
func (c *candidate) delete(ctx context.Context) error {
	if c.doubted {
		node, err := c.zs.readNode(ctx, c.path)
		if c.usurped = err == nil && node.owner != c.zs.id(); c.usurped {
			c.zs.siblings.leave(c)
			return errVanished
		}
	}
	var lock *watcher
	var told uint64
	if c.alone {
		lock = c.zs.watches.watch(c.dir, nil)
		defer lock.stop()
		if told, c.alone = lock.armedSince(); !c.alone {
			_, _ = lock.read(ctx) // while our own znode is there; armedSince tells how it went
			told, c.alone = lock.armedSince()
		}
	}
	c.zs.siblings.leave(c)
	err := c.zs.do(ctx, func() error {
		before := c.unsure
		err := c.deleteOnce(ctx)
		was := outcomeOf(err)
		c.unsure = before || was == leftBehind || was == unknown
		c.deleted = err == nil
		if err == nil && c.alone {
			lock.clear(told, c.place.Seq)
		}
		if errors.Is(err, zk.ErrNoNode) && !before {
			return errVanished
		}
		return err
	})
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return nil
	case errors.Is(err, zk.ErrNoAuth) && errors.Is(c.glance(ctx), errVanished): // a server asks for the right first
		return errVanished
	}
	return err
}
