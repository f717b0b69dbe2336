package wire

import (
	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/jute"
)

// A Request is sent by Conn.Send and bypasses go-zookeeper. go-zookeeper has no way to send a
// request without waiting, to send two requests in a known order, or to set a watch that it does
// not restore.
type Request struct {
	op   int32
	body []byte

	// Done is called once, unless Send refuses: with the answer, on go-zookeeper's receiving
	// goroutine, in the order of what the server sends, or without one where the Conn is closed. It
	// must not block, nor keep the Reply's contents.
	Done func(Reply)
}

// A Reply is the answer to a Request.
type Reply struct {
	Lost bool // there is none: the request may have been executed or not
	// there is none, for the request was not sent; for callers of Send, which does not say so
	// itself
	Unsent bool
	Code   int32 // the server's error, 0 for none
	body   []byte
}

// Create returns a request to create an ephemeral znode whose name is path and a number. Its Reply
// has Created.
func Create(path string, data []byte, acl []zk.ACL) *Request {
	return &Request{op: OpCreate2, body: createBody(path, data, acl, flagEphemeralSequential)}
}

// CreateOld is Create for servers without create2, which do not tell the transaction.
func CreateOld(path string, data []byte, acl []zk.ACL) *Request {
	return &Request{op: OpCreate, body: createBody(path, data, acl, flagEphemeralSequential)}
}

// CreateAt returns a request to create an ephemeral znode at path. It may be a part of a Multi.
func CreateAt(path string, data []byte, acl []zk.ACL) *Request {
	return &Request{op: OpCreate, body: createBody(path, data, acl, flagEphemeral)}
}

// CreateContainer returns a request to create a container znode at path, which the server removes
// some time after its last child.
func CreateContainer(path string, data []byte, acl []zk.ACL) *Request {
	return &Request{op: OpCreateContainer, body: createBody(path, data, acl, zk.FlagContainer)}
}

// CreatePersistent returns a request to create a persistent znode at path.
func CreatePersistent(path string, data []byte, acl []zk.ACL) *Request {
	return &Request{op: OpCreate, body: createBody(path, data, acl, 0)}
}

func createBody(path string, data []byte, acl []zk.ACL, flags int32) []byte {
	size := 4 + len(path) + 4 + len(data) + 4 + 4
	for _, a := range acl {
		size += 4 + 4 + len(a.Scheme) + 4 + len(a.ID)
	}
	b := make(jute.Writer, 0, size)
	b.Text(path)
	b.Buffer(data)
	b.Int32(int32(len(acl)))
	for _, a := range acl {
		b.Int32(a.Perms)
		b.Text(a.Scheme)
		b.Text(a.ID)
	}
	b.Int32(flags)
	return b
}

// AnyVersion in a request stands for whatever version a znode has.
const AnyVersion = -1

// Delete returns a request to delete a znode of that version. It may be a part of a Multi.
func Delete(path string, version int32) *Request {
	return &Request{op: OpDelete, body: versionBody(path, version)}
}

// Check returns a part of a Multi: that the znode exists, and has that version.
func Check(path string, version int32) *Request {
	return &Request{op: OpCheck, body: versionBody(path, version)}
}

func versionBody(path string, version int32) []byte {
	b := make(jute.Writer, 0, 4+len(path)+4)
	b.Text(path)
	b.Int32(version)
	return b
}

// Multi returns a request to execute all parts or none, in one transaction. Its Reply has Codes.
func Multi(parts ...*Request) *Request {
	size := resultHeaderSize
	for _, part := range parts {
		size += resultHeaderSize + len(part.body)
	}
	b := make(jute.Writer, 0, size)
	for _, part := range parts {
		addResultHeader(&b, part.op, false)
		b = append(b, part.body...)
	}
	addResultHeader(&b, OpError, true)
	return &Request{op: OpMulti, body: b}
}

// GetData returns a request to read a znode, and to watch it if that is wanted. Its Reply has Node.
func GetData(path string, watch bool) *Request {
	return &Request{op: OpGetData, body: readBody(path, watch)}
}

// GetDataOfMany returns a request to read znodes without watching them, which servers know since
// 3.6.0. Its Reply has Nodes.
func GetDataOfMany(paths []string) *Request {
	size := resultHeaderSize
	for _, path := range paths {
		size += resultHeaderSize + 4 + len(path) + 1
	}
	b := make(jute.Writer, 0, size)
	for _, path := range paths {
		addResultHeader(&b, OpGetData, false)
		addRead(&b, path, false)
	}
	addResultHeader(&b, OpError, true)
	return &Request{op: OpMultiRead, body: b}
}

// resultHeaderSize is what stands before each part of a multi.
const resultHeaderSize = 9

func addResultHeader(b *jute.Writer, op int32, done bool) {
	b.Int32(op)
	b.Bool(done)
	b.Int32(-1) // no error, in a request
}

// WatchBelow returns a request to watch each change to a znode and all below it, until the
// connection ends, which servers know since 3.6.0.
func WatchBelow(path string) *Request {
	const persistentRecursive = 1
	b := make(jute.Writer, 0, 4+len(path)+4)
	b.Text(path)
	b.Int32(persistentRecursive)
	return &Request{op: OpAddWatch, body: b}
}

// SetWatches returns a request to watch the data of znodes that had not changed when the
// transaction since was executed. The server reports, before it answers, those that have changed
// after that or do not exist, and does not watch them.
func SetWatches(since int64, paths []string) *Request {
	size := 8 + 3*4
	for _, path := range paths {
		size += 4 + len(path)
	}
	b := make(jute.Writer, 0, size)
	b.Int64(since)
	b.Int32(int32(len(paths)))
	for _, path := range paths {
		b.Text(path)
	}
	b.Int32(0) // watches for the creation of znodes
	b.Int32(0) // watches on children
	return &Request{op: OpSetWatches, body: b}
}

// Exists returns a request for a znode's Stat, and to watch it if that is wanted, also if there is
// none. Its Reply has Stat.
func Exists(path string, watch bool) *Request {
	return &Request{op: OpExists, body: readBody(path, watch)}
}

// GetChildren returns a request to list a znode's children, and to watch which there are if that is
// wanted. Its Reply has Children.
func GetChildren(path string, watch bool) *Request {
	return &Request{op: OpGetChildren, body: readBody(path, watch)}
}

// GetChildrenAndStat is GetChildren, and its Reply has the znode's Stat too: see
// Reply.ChildrenAndStat.
func GetChildrenAndStat(path string) *Request {
	return &Request{op: OpGetChildren2, body: readBody(path, false)}
}

func readBody(path string, watch bool) []byte {
	b := make(jute.Writer, 0, 4+len(path)+1)
	addRead(&b, path, watch)
	return b
}

func addRead(b *jute.Writer, path string, watch bool) {
	b.Text(path)
	b.Bool(watch)
}

// Created returns the path of the znode that was created, and the transaction that did it, 0 where
// the server does not tell.
func (r Reply) Created() (path string, czxid int64) {
	b := bodyOf(r.body)
	path = string(b.Take(int(b.Int32())))
	if len(b.Rest) >= statSize {
		czxid = b.Int64() // a Stat begins with it
	}
	return path, czxid
}

// Node returns a znode's data, which belongs to the Reply, and Stat.
func (r Reply) Node() (data []byte, stat zk.Stat) {
	b := bodyOf(r.body)
	data = b.buffer()
	return data, b.stats()
}

// Stat returns a znode's.
func (r Reply) Stat() zk.Stat {
	b := bodyOf(r.body)
	return b.stats()
}

// A NodeOrCode is a znode, or the server's error.
type NodeOrCode struct {
	Data []byte // shares its memory with the Reply
	Stat zk.Stat
	Code int32 // 0 for none
}

// Codes returns what has become of the parts of a Multi: the servers' errors, 0 for each that was
// executed. If one is not, none is.
func (r Reply) Codes() (codes []int32) {
	b := bodyOf(r.body)
	for {
		switch op, done := b.resultHeader(); {
		case done || b.Wrong != "":
			return codes
		case op == OpError:
			codes = append(codes, b.Int32())
		default:
			switch codes = append(codes, 0); op {
			case OpCreate:
				b.Text()
			case OpSetData:
				b.stat()
			}
		}
	}
}

// Nodes returns many znodes.
func (r Reply) Nodes() (nodes []NodeOrCode) {
	b := bodyOf(r.body)
	for {
		op, done := b.resultHeader()
		switch {
		case done || b.Wrong != "":
			return nodes
		case op == OpError:
			nodes = append(nodes, NodeOrCode{Code: b.Int32()})
		default:
			data := b.buffer()
			nodes = append(nodes, NodeOrCode{Data: data, Stat: b.stats()})
		}
	}
}

// Children returns the names of a znode's children. They share their memory: clone what is to be
// kept.
func (r Reply) Children() []string {
	b := bodyOf(r.body)
	return b.children()
}

// ChildrenAndStat is Children, with the znode's Stat.
func (r Reply) ChildrenAndStat() ([]string, zk.Stat) {
	b := bodyOf(r.body)
	return b.children(), b.stats()
}
