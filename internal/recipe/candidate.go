package recipe

import (
	"context"
	"crypto/rand"
	"errors"
	"path"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// ErrVanished is returned when a candidate's znode is gone although this session did not delete it.
var ErrVanished = errors.New("candidate's znode is gone")

// candidate is one znode in one lock's queue, from its creation to its removal, in one ZooKeeper
// session. It belongs to the goroutine of its acquisition.
type candidate struct {
	spot
	zs   *Local
	hold *Hold // that it is for
	// receives when there is something to look at, the znode itself or the one that blocks it
	wake chan struct{}

	prefix string // of the name; random, so that a creation whose answer got lost can be found
	exit   *exit  // from the queue of a semaphore; nil once it has left it, and for a lock's

	stage   stage // of its znode
	doubted bool  // another client has removed its znode, it seems, and may have taken its name
	usurped bool  // another session's znode has its name

	seen    bool // in the queue, when none was left ahead of it
	isFirst bool // none is ahead of it
	// the queue was empty when it was created, and has been since the candidate before it left
	wasOnly bool
	sifts   bool // a stray was met in the line: the rest is looked at before it is waited for
	founds  bool // the lock's znode is created in the packet of the next creation, see found

	handoff *handoff // that it has left; nil for none

	reader string // the path of a reader that may be in its place; empty if there is none

	born    time.Time         // when its creation was asked for, the last time
	counted int               // what its session counts for it, see footprint
	czxid   int64             // once known
	self    *ensemble.Watcher // of the znode, from the first look on
	line    queue.Line        // its predecessors

	// that was asked for together with the creation, until it is looked at; nil if there is none
	first    *listing
	watchers [keptAhead]*ensemble.Watcher // of the first candidates in line, see watching
	waits    time.Duration                // after it was born: when it began to wait; 0 until then
	// children that look like candidates and are not: they will never go away
	strays map[string]bool
}

// stage is what is known of a candidate's znode.
type stage uint8

const (
	uncreated stage = iota // no creation was sent, or none that may have been executed
	requested              // a creation was sent that may have been executed
	created                // the znode is there, as far as is known
	passing                // it is being replaced by that of a permit; either may be there
	deleting               // a deletion was sent that may have been executed
	deleted                // this session has deleted it, so that it was there until then
	// it is gone in another way, or goes with its session, or may not be deleted
	over
)

// mayExist reports whether the session may own the znode.
func (st stage) mayExist() bool { return requested <= st && st <= deleting }

func newCandidate(zs *Local, dir string, kind queue.Kind, cfg *Config, h *Hold) *candidate {
	var random [queue.IDLen]byte
	rand.Read(random[:]) // never fails, since Go 1.24
	voice := cfg.Voice(kind)
	return &candidate{
		spot: spot{dir: dir, cfg: cfg, voice: voice, kind: kind},
		zs:   zs, hold: h, wake: make(chan struct{}, 1),
		prefix: queue.Prefix(voice.Dialect, kind, random),
	}
}

// newPermit is newCandidate for one that is to take permits of a semaphore. The name of the permits
// cannot be guessed by who reads the candidate's.
func newPermit(zs *Local, cfg *Config, h *Hold, permits int) *candidate {
	c := newCandidate(zs, cfg.Pool.Queue(), queue.Lock, cfg, h)
	var random [queue.IDLen]byte
	rand.Read(random[:])
	c.prefix = queue.PermitPrefix(c.voice.Dialect, random, permits)
	rand.Read(random[:])
	c.exit = &exit{
		permit: cfg.Pool.Permits() + "/" + queue.PermitName(c.voice.Dialect, random, permits)}
	return c
}

// create queues the candidate. After an error the znode may exist; remove knows.
//
// go-zookeeper's protected create is not used: it gives up after three tries or when listing fails,
// and leaves a candidate that no caller knows, which blocks the lock forever; and a child named
// "_c_x" panics it.
func (c *candidate) create(ctx context.Context) error {
	if err := c.checkSticky(ctx); err != nil {
		return err
	}
	for {
		op := wire.OpCreate2
		if !c.zs.Takes(op) {
			op = wire.OpCreate
		}
		born, err := c.createOnce(ctx, op)
		switch was := ensemble.OutcomeOf(err); was {
		case ensemble.LeftBehind:
			return err
		case ensemble.Answered:
			if err != nil {
				c.enter(uncreated)
			}
			switch {
			case errors.Is(err, zk.ErrNoNode):
				c.founds = false
				c.zs.meetsNew.Store(true)
				err := c.zs.makeParents(ctx, c.dir, c.cfg)
				// otherwise one has vanished before the next was made
				if err != nil && !errors.Is(err, zk.ErrNoNode) {
					return err
				}
				continue
			case err != nil && op == wire.OpCreate2 && c.zs.NoteRefusal(op, err):
				continue
			case err != nil:
				return noRight(err, c.dir)
			}
			c.setPath(born.path)
			c.czxid = born.czxid
		case ensemble.NotExecuted, ensemble.Throttled:
			c.enter(uncreated)
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
		// Beyond its last number a server hands out negative ones to creations that are under way
		// together.
		self, ok := queue.Parse(path.Base(c.path))
		if !ok || self.Seq > queue.MaxSeq {
			return ErrExhausted
		}
		c.place = self
		c.zs.siblings.join(&c.spot)
		return nil
	}
}

// checkSticky fails if the candidate could not be deleted once it is created; see Local.checkSticky.
func (c *candidate) checkSticky(ctx context.Context) error {
	err := c.zs.checkSticky(ctx, c.dir, c.prefix)
	if err == nil && c.cfg.Pool != nil {
		err = c.zs.checkSticky(ctx, c.cfg.Pool.Permits(), c.prefix)
	}
	return err
}

// birth is what the answer to a creation tells.
type birth struct {
	path  string
	czxid int64 // 0 from a server that does not tell
}

// createOnce asks a server to create the znode, by the given operation, and to list the queue right
// behind that unless there is no need.
func (c *candidate) createOnce(ctx context.Context, op int32) (birth, error) {
	if err := c.request(ctx); err != nil {
		return birth{}, err
	}
	name := c.dir + "/" + c.prefix
	create := wire.Create(name, c.cfg.Identifier, c.cfg.ACL)
	if op == wire.OpCreate {
		create = wire.CreateOld(name, c.cfg.Identifier, c.cfg.ACL)
	}
	answers := ensemble.ResponsesTo(create, newBirth)
	var requests []*wire.Request
	var founded ensemble.Responses[struct{}]
	if c.founds = c.founds && c.zs.isContainer(c.dir, c.dir, c.cfg); c.founds {
		found := c.zs.found(c.dir, c.cfg)
		founded = ensemble.ResponsesTo(found, ensemble.Nothing)
		requests = append(requests, found)
	}
	requests = append(requests, create)
	numbered := c.zs.emptyThrough(c.dir) >= 0 ||
		c.kind.Exclusive() && c.zs.siblings.count(c.dir) > 0
	if c.first = nil; !numbered { // otherwise the number will tell
		var mine bool
		if c.first, mine = c.zs.roster.begin(c.dir); mine {
			requests = append(requests, c.zs.roster.request(c.first))
		}
	}
	lists := requests[len(requests)-1] != create
	// Without a listing of the queue before it, a candidate ahead may take permits in between.
	c.dropSight()
	if lists && c.exit != nil && c.exit.hopeful {
		requests = append(requests, c.sight(c.first)...)
	}
	c.zs.Send(requests...)
	if lists { // its answer comes right behind the other: to be woken once is enough
		_ = ensemble.WaitFor(ctx, c.first.done) // ctx is heeded below
	}
	born, err := answers.Wait(ctx)
	if c.founds && !ensemble.IsGaveUp(err) {
		_, err := founded.Wait(ctx) // it came before the other
		c.zs.noteFounded(err)
	}
	return born, err
}

func newBirth(r wire.Reply) (b birth) {
	b.path, b.czxid = r.Created()
	return b
}

// request notes that the znode may exist from now on. It fails with an error that matches
// ErrTooMany if the session then owned more than it may, holds that are merely kept not counted.
func (c *candidate) request(ctx context.Context) error {
	if c.stage == uncreated {
		c.counted = c.footprint()
		for {
			err := c.zs.Include(c.counted)
			if err == nil {
				break
			}
			if !c.zs.keepers.giveUpOne(ctx) {
				return err
			}
		}
		c.stage = requested
	}
	c.born = time.Now()
	return nil
}

// enter notes that the znode has come to another stage. What does not exist any more does not count
// for what the session may own.
func (c *candidate) enter(to stage) {
	if c.stage.mayExist() && !to.mayExist() {
		c.zs.Exclude(c.counted)
	}
	c.stage = to
}

// sequenceDigits is how many digits a server appends to the name of a candidate.
const sequenceDigits = 10

// footprint is what the candidate takes in the transaction that ends its session: its path, and the
// length of that. One that is to take permits has one path or the other.
func (c *candidate) footprint() int {
	queued := len(c.dir) + len("/") + len(c.prefix) + sequenceDigits
	if c.exit != nil {
		queued = max(queued, len(c.exit.permit))
	}
	return queued + 4
}

func (c *candidate) setPath(p string) { c.path, c.prefix, c.stage = p, "", created }

// find looks for the znode of a creation whose answer got lost, until it is known whether there is
// one.
func (c *candidate) find(ctx context.Context) (found bool, err error) {
	// The creation may not be committed yet, or not be known to the server that we are connected to
	// now. A transaction is answered behind everything that was proposed before it. A sync need not
	// be, on the leader itself.
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
		case node.Owner == c.zs.ID(): // other clients can give a znode such a name
			c.setPath(path)
			return true, nil
		}
	}
	return false, nil
}

// look reads the candidate's own znode, with a watch for its next change, unless that watch stands.
// If the znode has a revocation mark, the hold is revoked.
func (c *candidate) look(ctx context.Context) error {
	return c.judge(c.watch().Read(ctx))
}

// watch begins to wait for changes to the candidate's own znode.
func (c *candidate) watch() *ensemble.Watcher {
	if c.self == nil {
		c.self = c.zs.Watches.Watch(c.path, c.wake)
	}
	return c.self
}

// prepare reads everything that the candidate waits for, in one packet: the predecessors that it
// watches, and itself unless it is early for that.
func (c *candidate) prepare(itself bool) {
	reads := make([]*ensemble.Watcher, 0, keptAhead+1)
	for i, w := range c.watching() {
		// a sibling tells by itself; otherwise the nearest is read
		if !c.zs.siblings.have(c.dir, c.line.Nearest[i]) && (i == 0 || !w.IsUnread()) {
			reads = append(reads, w)
		}
	}
	switch {
	case itself && len(reads) == keptAhead && c.needsNoRead():
		c.zs.Watches.PrepareToWait(reads[0], reads[1], c.watch(),
			ensemble.NodeState{Owner: c.zs.ID(), Czxid: c.czxid})
	case itself:
		c.zs.Watches.Prepare(append(reads, c.watch())...)
	default:
		c.zs.Watches.Prepare(reads...)
	}
}

// needsNoRead reports whether the candidate can begin to wait without reading its own znode and that
// of the predecessor before the nearest. If that is the first in the queue, errors say who it is. A
// znode that its maker may not read has to be read once to find out.
func (c *candidate) needsNoRead() bool {
	return c.self == nil && c.czxid != 0 && c.line.More && c.cfg.isReadByAll()
}

// glance is look without a watch.
func (c *candidate) glance(ctx context.Context) error {
	_, err := c.glanceVersion(ctx)
	return err
}

// glanceVersion is glance, which returns the version of the data that were read.
func (c *candidate) glanceVersion(ctx context.Context) (int32, error) {
	node, err := c.zs.ReadNode(ctx, c.path)
	return node.Version, c.judge(node, err)
}

// judge draws the conclusions from what was read of the candidate's znode.
func (c *candidate) judge(node ensemble.NodeState, err error) error {
	if err == nil && node.Hidden {
		return zk.ErrNoAuth
	}
	if errors.Is(err, zk.ErrNoNode) ||
		err == nil && (node.Owner != c.zs.ID() || c.czxid != 0 && c.czxid != node.Czxid) {
		return ErrVanished
	}
	if err != nil {
		return err
	}
	c.czxid = node.Czxid
	if node.Asked != nil {
		c.hold.revoke(node.Asked)
	}
	return nil
}

// bindHold ties the hold to the candidate, before it is granted.
func (c *candidate) bindHold() { c.hold.bind(c.path, c.czxid, c.zs.Lease) }

// nudge makes the goroutine that waits for the candidate look again.
func (c *candidate) nudge() { ensemble.Nudge(c.wake) }

// keptAhead is how many predecessors a candidate remembers: there can be thousands, for each of
// thousands.
const keptAhead = 2
