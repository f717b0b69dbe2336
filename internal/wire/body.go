package wire

import (
	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/jute"
)

// What go-zookeeper allocates for what it decodes, in bytes, rounded up.
const (
	stringCost = 16 // a string's header in a slice
	aclCost    = 40 // zk.ACL
	// one result of a multi: in a slice that grows by appending, its Stat or error, and its copy
	// for the caller
	resultCost = 256
	grainCost  = 16 // an allocation's size is rounded up to this
)

const (
	statSize     = 68
	passwordSize = 16
)

// A body is what follows the header in a frame, taken apart in the order in which go-zookeeper
// decodes it.
//
// go-zookeeper must not be given a body that is too short, not even by a byte: it slices within the
// capacity of a buffer in which the replies before have left their bytes (conn.go line 865), so
// that the last field of a short body, a path or the end of a Stat, is one that no server sent,
// without an error. It decodes a boolean by index (structs.go line 444): at the end of the frame
// that is a panic that decodePacket does not recover. It reads a string's or vector's length of -1,
// null, as 4 GiB (structs.go lines 452 and 463), and allocates what a buffer or vector claims
// before it looks for the bytes (lines 463 and 478). The Reader refuses all of that.
type body struct {
	jute.Reader
	cost int // what decoding allocates
}

func bodyOf(rest []byte) body { return body{Reader: jute.Reader{Rest: rest}} }

func (b *body) stat() { b.Take(statSize) }

// text takes a string. ZooKeeper never sends a null one in these replies.
func (b *body) text() []byte {
	s := b.Text()
	b.cost += roundUp(len(s))
	return s
}

// buffer takes bytes, which may be null: a znode's data is, where it was created without.
func (b *body) buffer() []byte {
	p := b.Buffer()
	b.cost += roundUp(len(p))
	return p
}

func (b *body) acls() {
	n := b.Count(12)
	b.cost += n * aclCost
	for i := 0; i < n && b.Wrong == ""; i++ {
		b.Int32()
		b.text()
		b.text()
	}
}

func roundUp(n int) int { return (n + grainCost - 1) &^ (grainCost - 1) }

func (b *body) children() []string {
	names := make([]string, b.Count(4))
	all := string(b.Rest)
	for i := range names {
		n := int(b.Int32())
		from := len(all) - len(b.Rest)
		names[i] = all[from : from+n]
		b.Take(n)
	}
	return names
}

func (b *body) stats() zk.Stat {
	return zk.Stat{
		Czxid: b.Int64(), Mzxid: b.Int64(), Ctime: b.Int64(), Mtime: b.Int64(), Version: b.Int32(),
		Cversion: b.Int32(),
		Aversion: b.Int32(), EphemeralOwner: b.Int64(), DataLength: b.Int32(),
		NumChildren: b.Int32(), Pzxid: b.Int64(),
	}
}
