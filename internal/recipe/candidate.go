package recipe

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

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// A revocation mark is data that somebody else writes into a candidate to ask it to release. "unlock" is the
// recipe's (ZooKeeper Recipes, "Revocable Shared Locks with Freaking Laser Beams"), "__REVOKE__" is Curator's.
var revocationMarks = [][]byte{[]byte("unlock"), []byte("__REVOKE__")}

// IsMark reports whether data is a revocation mark.
func IsMark(data []byte) bool {
	for _, mark := range revocationMarks {
		if bytes.Equal(data, mark) {
			return true
		}
	}
	return false
}

// ErrVanished is returned when a candidate's znode is gone although nobody here deleted it.
var ErrVanished = errors.New("candidate's znode is gone")

// candidate is one znode in one lock's queue, from its creation to its removal, in one ZooKeeper session. It belongs
// to the goroutine of its acquisition.
type candidate struct {
	zs    *Local
	dir   string // the lock's znode
	cfg   *Config
	kind  queue.Kind
	voice queue.Voice
	hold  *Hold         // that it is for
	wake  chan struct{} // receives when there is something to look at, the znode itself or the one that blocks it

	prefix string // of the name; random, so that a creation whose answer got lost can be found

	over    bool    // it is known to be gone, or goes with its session
	unsure  bool    // an attempt to delete it may have succeeded
	deleted bool    // by us, so that it was there until then
	doubted bool    // somebody else has removed its znode, as far as is known: what has its name may be theirs
	usurped bool    // and is
	word    *legacy // that it has left; nil for none

	asked bool              // a creation was sent that is not known to have failed: it may exist
	path  string            // once created
	place queue.Candidate   // once created
	czxid int64             // once known
	self  *ensemble.Watcher // of the znode, from the first look on
	line  queue.Line        // those ahead of it

	first    *listing            // that was asked for together with the creation, until it is looked at; nil if there is none
	watchers []*ensemble.Watcher // of the first of those in line
	since    time.Time           // when it began to wait
	seen     bool                // in the queue, when nobody was left ahead of it
	front    bool                // nobody is ahead of it
	alone    bool                // nobody was in the queue when it was created, nor may have been since the one before it
	phantoms map[string]bool     // children that look like candidates and are not: they will never go away
	sifts    bool                // one was met in the line: the rest of it is looked at before it is waited for

	standing atomic.Pointer[standing] // nil until it is known; read by others too
}

func newCandidate(zs *Local, dir string, kind queue.Kind, cfg *Config, h *Hold) *candidate {
	var random [queue.IDLen]byte
	rand.Read(random[:]) // never fails, since Go 1.24
	voice := cfg.Voice(kind)
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
	for {
		created, err := c.queue(ctx)
		switch was := ensemble.OutcomeOf(err); was {
		case ensemble.LeftBehind:
			return err
		case ensemble.Answered:
			if err != nil {
				c.exclude()
			}
			switch {
			case errors.Is(err, zk.ErrNoNode):
				if err := c.zs.makeParents(ctx, c.dir, c.cfg); err != nil {
					return err
				}
				continue
			case err != nil && c.zs.Client().NoteOldServer(err):
				continue
			case err != nil:
				return err
			}
			c.setPath(created.path)
			c.czxid = created.czxid
		case ensemble.NotExecuted, ensemble.Throttled:
			c.exclude()
			if err := c.zs.Retry(ctx, was); err != nil {
				return err
			}
			continue
		case ensemble.Unknown:
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
	create := wire.Create(name, c.cfg.Identifier, c.cfg.ACL)
	if c.zs.Client().OldServers() {
		create = wire.CreateOld(name, c.cfg.Identifier, c.cfg.ACL)
	}
	answers := ensemble.ResponsesTo(create, newBirth)
	requests := []*wire.Request{create}
	numbered := cleared(c.zs, c.dir) >= 0 || c.kind.Exclusive() && c.zs.siblings.count(c.dir) > 0
	if c.first = nil; !numbered { // otherwise the number will tell
		var mine bool
		if c.first, mine = c.zs.roster.begin(c.dir); mine {
			requests = append(requests, c.zs.roster.request(c.first))
		}
	}
	lists := len(requests) > 1
	c.zs.Send(requests...)
	if lists { // its answer comes right behind the other: to be woken once is enough
		_ = ensemble.WaitFor(ctx, c.first.done) // ctx is heeded below
	}
	return answers.Wait(ctx)
}

func newBirth(r wire.Reply) (b birth) {
	b.path, b.czxid = r.Created()
	return b
}

// include notes that the candidate may exist from now on. It fails with an error that matches
// ErrTooMany if the session then owned more than it may.
func (c *candidate) include() error {
	if !c.asked {
		if err := c.zs.Include(c.footprint()); err != nil {
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
		c.zs.Exclude(c.footprint())
	}
}

// sequenceDigits is how many digits a server appends to the name of a candidate.
const sequenceDigits = 10

// footprint is what the candidate takes in the transaction that ends its session: its path, and the
// length of that.
func (c *candidate) footprint() int {
	if c.path != "" {
		return len(c.path) + 4
	}
	return len(c.dir) + len("/") + len(c.prefix) + sequenceDigits + 4
}

func (c *candidate) setPath(p string) { c.path, c.prefix = p, "" }

// find looks for the znode of a creation whose answer got lost, until it is known whether there is one.
func (c *candidate) find(ctx context.Context) (found bool, err error) {
	// The creation may not be committed yet, or not be known to the server that we are connected to now. A transaction is
	// answered behind everything that was proposed before it. A sync need not be, on the leader itself.
	err = c.zs.Lease.Check(ctx, c.dir)
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
		node, err := c.zs.ReadNode(ctx, path)
		switch {
		case errors.Is(err, zk.ErrNoNode): // it has been removed meanwhile
		case err != nil:
			return false, err
		case node.Owner == c.zs.ID(): // anybody can give a znode such a name
			c.setPath(path)
			return true, nil
		}
	}
	return false, nil
}

// look reads the candidate's own znode, with a watch that tells of the next change to it, unless that stands. If somebody
// asked the candidate to release, the holder is told.
func (c *candidate) look(ctx context.Context) error {
	return c.judge(c.watch().Read(ctx))
}

// watch begins to wait for changes to the candidate's own znode.
func (c *candidate) watch() *ensemble.Watcher {
	if c.self == nil {
		c.self = c.zs.Watches.Watch(c.path, c.wake)
		c.path = c.self.Path() // thousands may wait: one copy of it is enough
	}
	return c.self
}

// prepare has everything read that the candidate waits for, in one packet: what it watches of those ahead, and itself.
func (c *candidate) prepare() {
	reads := make([]*ensemble.Watcher, 0, keptAhead+1)
	for i, w := range c.watchers {
		if !c.zs.siblings.have(c.dir, c.line.Nearest[i]) { // otherwise it tells by itself
			reads = append(reads, w)
		}
	}
	c.zs.Watches.Prepare(append(reads, c.watch())...)
}

// glance is look without a watch.
func (c *candidate) glance(ctx context.Context) error {
	return c.judge(c.zs.ReadNode(ctx, c.path))
}

// judge draws the conclusions from what was read of the candidate's znode.
func (c *candidate) judge(node ensemble.NodeState, err error) error {
	if errors.Is(err, zk.ErrNoNode) || err == nil && (node.Owner != c.zs.ID() || c.czxid != 0 && c.czxid != node.Czxid) {
		return ErrVanished
	}
	if err != nil {
		return err
	}
	c.czxid = node.Czxid
	if node.Marked {
		c.hold.revoke()
	}
	return nil
}

// nudge has whoever waits for the candidate look again.
func (c *candidate) nudge() { ensemble.Nudge(c.wake) }

// ask writes the revocation mark into other candidates, the holder's first. Those that are gone need none.
func (c *candidate) ask(ctx context.Context, others []queue.Candidate) error {
	for _, other := range slices.Backward(others) {
		err := c.zs.Revoke(ctx, c.dir+"/"+other.Name)
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
	switch err := c.force(ctx, c.line.Nearest); {
	case err == nil:
		c.line = c.line.Evicted()
	case errors.Is(err, zk.ErrNoNode): // somebody left meanwhile: look who is still there
		c.line = queue.Line{}
	default:
		return err
	}
	return c.clarify(ctx, true)
}

// force removes other candidates, provided this one is still in the queue. It fails with zk.ErrNoNode when one of
// them, or this one, is gone already: then the queue has to be listed again.
func (c *candidate) force(ctx context.Context, others []queue.Candidate) error {
	for chunk := range slices.Chunk(others, forceAtOnce) {
		ops := []any{&zk.CheckVersionRequest{Path: c.path, Version: -1}}
		for _, other := range chunk {
			ops = append(ops, &zk.DeleteRequest{Path: c.dir + "/" + other.Name, Version: -1})
		}
		err := c.zs.DoApart(ctx, func() error {
			_, err := c.zs.Conn.Multi(ops...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// remove takes the candidate out of the queue and forgets its watch. It returns ErrVanished if somebody else removed it,
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
	if ensemble.IsGaveUp(err) {
		return err
	}
	c.over = true
	c.exclude()
	if exists {
		c.left(!c.usurped && (err == nil || errors.Is(err, ErrVanished)))
	}
	if c.self != nil {
		c.self.Stop()
	}
	return err
}

// delete removes the candidate's znode, and notes what its session knows of the lock then.
func (c *candidate) delete(ctx context.Context) error {
	if c.doubted {
		node, err := c.zs.ReadNode(ctx, c.path)
		if c.usurped = err == nil && node.Owner != c.zs.ID(); c.usurped {
			c.zs.siblings.leave(c)
			return ErrVanished
		}
	}
	var lock *ensemble.Watcher
	var told uint64
	if c.alone {
		lock = c.zs.Watches.Watch(c.dir, nil)
		defer lock.Stop()
		if told, c.alone = lock.ArmedSince(); !c.alone {
			_, _ = lock.Read(ctx) // while our own znode is there; armedSince tells how it went
			told, c.alone = lock.ArmedSince()
		}
	}
	c.zs.siblings.leave(c)
	err := c.zs.Do(ctx, func() error {
		before := c.unsure
		err := c.deleteOnce(ctx)
		was := ensemble.OutcomeOf(err)
		c.unsure = before || was == ensemble.LeftBehind || was == ensemble.Unknown
		c.deleted = err == nil
		if err == nil && c.alone {
			lock.Remember(told, c.place.Seq)
		}
		if errors.Is(err, zk.ErrNoNode) && !before {
			return ErrVanished
		}
		return err
	})
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return err
}

// deleteOnce removes the candidate's znode. Whoever waits behind it in this session is told first: it may be woken before the
// answer is here. If the holder has a sibling directly behind that has not been looked at yet, that is read in the same packet: it
// need not do so itself when it is woken.
func (c *candidate) deleteOnce(ctx context.Context) error {
	c.bequeath(new(legacy))
	remove := wire.Delete(c.path)
	next := c.heir()
	if next == "" {
		_, err := ensemble.Ask(ctx, c.zs.Session, remove, ensemble.Nothing)
		return err
	}
	read := wire.GetData(c.dir+"/"+next, false)
	removed, seen := ensemble.ResponsesTo(remove, ensemble.Nothing), ensemble.ResponsesTo(read, c.zs.NodeState)
	c.zs.Send(remove, read)
	if state, err := seen.Wait(ctx); err == nil { // it comes right behind the other answer: to be woken once is enough
		c.bequeath(&legacy{next: next, state: state})
	}
	_, err := removed.Wait(ctx)
	return err
}

// heir returns the name of the sibling directly behind that waits for this one to leave, and whose znode is not watched; "" for none.
func (c *candidate) heir() string {
	if !c.front {
		return ""
	}
	next, ok := c.zs.siblings.directlyBehind(c)
	if !ok || c.zs.Watches.IsArmed(c.dir+"/"+next.Name) {
		return ""
	}
	return next.Name
}

// bequeath tells who waits behind the candidate in this session that nobody is ahead of it, and more.
func (c *candidate) bequeath(l *legacy) {
	if c.front {
		c.word = l
		c.zs.Watches.Annotate(c.path, note{l, true})
	}
}
