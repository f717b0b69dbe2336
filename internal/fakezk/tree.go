package fakezk

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"time"

	"github.com/zookylock/zklock/internal/jute"
)

// code is an error as it stands in a reply.
type code int32

const (
	ok                     code = 0
	runtimeInconsistency   code = -2
	unimplemented          code = -6
	badArguments           code = -8
	noNode                 code = -101
	noAuth                 code = -102
	badVersion             code = -103
	noChildrenForEphemeral code = -108
	nodeExists             code = -110
	notEmpty               code = -111
	invalidACL             code = -114
	authFailed             code = -115
	authRequired           code = -124
	throttledOp            code = -127
)

// The types of events, and the flags of a creation.
const (
	nodeCreated         = 1
	nodeDeleted         = 2
	nodeDataChanged     = 3
	nodeChildrenChanged = 4

	flagEphemeral  = 1
	flagSequential = 2
	flagContainer  = 4
)

// counters are what a transaction may have to put back.
type counters struct {
	data    []byte
	mzxid   int64
	mtime   time.Time
	version int32
	creates int32 // children created so far: the next sequence number
	pzxid   int64
}

type znode struct {
	counters
	czxid     int64
	ctime     time.Time
	owner     int64
	container bool
	acl       acl
	children  map[string]struct{}
}

// stat appends the znode's Stat.
func (n *znode) stat(w *jute.Writer) {
	w.Int64(n.czxid)
	w.Int64(n.mzxid)
	w.Int64(n.ctime.UnixMilli())
	w.Int64(n.mtime.UnixMilli())
	w.Int32(n.version)
	// DataNode.copyStat: a deletion for each creation, but for those left
	w.Int32(2*n.creates - int32(len(n.children)))
	w.Int32(0)
	w.Int64(n.owner)
	w.Int32(int32(len(n.data)))
	w.Int32(int32(len(n.children)))
	w.Int64(n.pzxid)
}

// tree is the data, by path.
type tree map[string]*znode

func newTree() tree { return tree{"/": {children: make(map[string]struct{})}} }

func (t tree) clone() tree {
	c := make(tree, len(t))
	for p, n := range t {
		m := *n
		m.children = maps.Clone(n.children)
		c[p] = &m
	}
	return c
}

// event is a change to a znode that watches report.
type event struct {
	kind  int32
	path  string
	owner int64 // of an ephemeral znode that was deleted
	acl   acl   // of the znode: who may not read it is not told
	zxid  int64 // of the transaction; 0 for an event that restores a watch
}

// watched returns the paths whose watches report the event.
func (ev event) watched() []string {
	switch ev.kind {
	case nodeDeleted:
		return []string{ev.path, childrenOf(ev.path)}
	case nodeChildrenChanged:
		return []string{childrenOf(ev.path)}
	default:
		return []string{ev.path}
	}
}

// childrenOf stands for the children of a znode in the table of watches.
func childrenOf(p string) string { return p + "/" }

// txn is one transaction: all of its changes or none.
type txn struct {
	tree   tree
	zxid   int64
	now    time.Time
	checks bool       // what follows must have the right
	ids    []identity // of who asks for it
	undo   []func()
	events []event
}

func (t *txn) rollBack() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	t.undo, t.events = nil, nil
}

func (t *txn) keep(n *znode) {
	was := n.counters
	t.undo = append(t.undo, func() { n.counters = was })
}

// may reports whether who asks for the transaction has a right.
func (t *txn) may(perm int32, n *znode) bool { return !t.checks || n.acl.allows(perm, t.ids) }

func (t *txn) create(p string, data []byte, a acl, flags int32, session int64) (string, code) {
	if len(p) < 2 || p[0] != '/' || flags < 0 || flags > flagContainer {
		return "", badArguments
	}
	a, err := a.of(t.ids)
	if err != ok {
		return "", err
	}
	parent := t.tree[path.Dir(p)]
	if parent == nil {
		return "", noNode
	}
	if !t.may(permCreate, parent) {
		return "", noAuth
	}
	if flags&flagSequential != 0 {
		p += fmt.Sprintf("%010d", parent.creates)
	}
	if parent.owner != 0 {
		return "", noChildrenForEphemeral
	}
	if t.tree[p] != nil {
		return "", nodeExists
	}
	n := &znode{czxid: t.zxid, ctime: t.now, container: flags == flagContainer, acl: a,
		children: make(map[string]struct{})}
	n.counters = counters{data: bytes.Clone(data), mzxid: t.zxid, mtime: t.now, pzxid: t.zxid}
	if flags&flagEphemeral != 0 {
		n.owner = session
	}
	t.keep(parent)
	parent.creates++
	parent.pzxid = t.zxid
	parent.children[path.Base(p)] = struct{}{}
	t.tree[p] = n
	t.undo = append(t.undo, func() {
		delete(t.tree, p)
		delete(parent.children, path.Base(p))
	})
	t.events = append(t.events, event{kind: nodeCreated, path: p, acl: a},
		event{kind: nodeChildrenChanged, path: path.Dir(p), acl: parent.acl})
	return p, ok
}

// check wants a version of a znode, and of who asks for that a right to it, or to its parent's
// where the znode is to be deleted.
func (t *txn) check(p string, perm, version int32) code {
	n := t.tree[p]
	of := n // which znode's ACL counts
	if perm == permDelete {
		of = t.tree[path.Dir(p)]
	}
	switch {
	case n == nil:
		return noNode
	case !t.may(perm, of):
		return noAuth
	case version != -1 && version != n.version:
		return badVersion
	}
	return ok
}

func (t *txn) delete(p string, version int32) code {
	if p == "/" {
		return badArguments
	}
	if err := t.check(p, permDelete, version); err != ok {
		return err
	}
	n, parent := t.tree[p], t.tree[path.Dir(p)]
	if len(n.children) > 0 {
		return notEmpty
	}
	t.keep(parent)
	parent.pzxid = t.zxid
	delete(parent.children, path.Base(p))
	delete(t.tree, p)
	t.undo = append(t.undo, func() {
		t.tree[p] = n
		parent.children[path.Base(p)] = struct{}{}
	})
	t.events = append(t.events, event{kind: nodeDeleted, path: p, owner: n.owner, acl: n.acl},
		event{kind: nodeChildrenChanged, path: path.Dir(p), acl: parent.acl})
	return ok
}

func (t *txn) set(p string, data []byte, version int32) code {
	if err := t.check(p, permWrite, version); err != ok {
		return err
	}
	n := t.tree[p]
	t.keep(n)
	n.data, n.mzxid, n.mtime = bytes.Clone(data), t.zxid, t.now
	n.version++
	t.events = append(t.events, event{kind: nodeDataChanged, path: p, acl: n.acl})
	return ok
}
