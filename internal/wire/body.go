package wire

import "encoding/binary"

// What go-zookeeper allocates for what it decodes, in bytes, rounded up.
const (
	stringCost = 16  // a string's header in a slice
	aclCost    = 40  // zk.ACL
	resultCost = 256 // one result of a multi: in a slice that grows by appending, its Stat or error, and its copy for the caller
	grainCost  = 16  // an allocation's size is rounded up to this
)

const (
	statSize     = 68
	passwordSize = 16
)

// A body is what follows the header in a frame, taken apart in the order in which go-zookeeper decodes it. Once something
// was wrong it stays wrong, and whatever is taken from it is zero.
//
// go-zookeeper must not be given a body that is too short, not even by a byte: it slices within the capacity of a buffer in
// which the replies before have left their bytes (conn.go line 865), so that the last field of a short body, a path or the
// end of a Stat, is one that no server sent, without an error.
type body struct {
	rest   []byte
	cost   int    // what decoding allocates
	reason string // what is wrong; empty if nothing is
}

func (b *body) bad(reason string) {
	if b.reason == "" {
		b.reason = reason
	}
	b.rest = nil
}

func (b *body) take(n int) []byte {
	if n > len(b.rest) {
		b.bad("body is shorter than its fields")
		return nil
	}
	taken := b.rest[:n]
	b.rest = b.rest[n:]
	return taken
}

func (b *body) int32() int32 {
	if p := b.take(4); p != nil {
		return int32(binary.BigEndian.Uint32(p))
	}
	return 0
}

func (b *body) int64() int64 {
	if p := b.take(8); p != nil {
		return int64(binary.BigEndian.Uint64(p))
	}
	return 0
}

// bool takes a boolean, which go-zookeeper decodes by index (structs.go line 444): at the end of the frame that is a
// panic that decodePacket does not recover.
func (b *body) bool() bool {
	p := b.take(1)
	return p != nil && p[0] != 0
}

func (b *body) stat() { b.take(statSize) }

// string takes a string. ZooKeeper never sends a null one in these replies; go-zookeeper reads its length of -1 as 4 GiB
// (structs.go line 452).
func (b *body) string() []byte {
	n := b.int32()
	switch {
	case n < 0:
		b.bad("string of negative length")
	case int(n) > len(b.rest):
		b.bad("string longer than its frame")
	default:
		b.cost += roundUp(int(n))
		return b.take(int(n))
	}
	return nil
}

// buffer takes bytes, which may be null: a znode's data is, where it was created without.
func (b *body) buffer() []byte {
	n := b.int32()
	switch {
	case n == -1:
		return nil
	case n < 0:
		b.bad("buffer of negative length")
	case int(n) > len(b.rest):
		// go-zookeeper allocates the claimed length before it looks for the bytes (structs.go line 478).
		b.bad("buffer longer than its frame")
	default:
		b.cost += roundUp(int(n))
		return b.take(int(n))
	}
	return nil
}

// count takes the length of a vector whose elements have at least size bytes each. go-zookeeper allocates the claimed
// number before it looks for the elements (structs.go line 463), and reads -1, null, as 4294967295.
func (b *body) count(size int) int {
	n := b.int32()
	switch {
	case n < 0:
		b.bad("vector of negative length")
	case int(n) > len(b.rest)/size:
		b.bad("vector longer than its frame")
	default:
		return int(n)
	}
	return 0
}

func (b *body) acls() {
	n := b.count(12)
	b.cost += n * aclCost
	for i := 0; i < n && b.reason == ""; i++ {
		b.int32()
		b.string()
		b.string()
	}
}

func roundUp(n int) int { return (n + grainCost - 1) &^ (grainCost - 1) }
