package queue

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// Dialect is how a client names its candidates. A name tells the dialect, not always the client:
// zk.Lock's are the same as our mutex's, and kazoo's Lock's the same as its WriteLock's.
type Dialect uint8

// The dialects. Bare is none that is known today: candidates that are waited for and say nothing
// about who made them.
const (
	Bare Dialect = iota
	// _c_<32 hex>-lock-N, -read-N, -write-N: ours, and zk.Lock's, which is -lock- only
	Native
	Zktools      // <32 hex>-lock--N, -read--N, -write--N
	ZktoolsAsync // <32 hex>-lock-N
	Curator      // _c_<uuid>-lock-N, of InterProcessMutex
	CuratorRW    // _c_<uuid>-__READ__N, -__WRIT__N, of InterProcessReadWriteLock
	Kazoo        // <32 hex>__lock__N, __rlock__N
	WriteLock    // x-<session>-N, of ZooKeeper's own org.apache.zookeeper.recipes.lock
	Unknown      // any other name with a number
	dialects     // how many there are
)

func (d Dialect) String() string {
	return [...]string{
		"an unknown client", "zklock or zk.Lock", "zktools", "zktools' ZkAsyncLock",
		"Curator's InterProcessMutex",
		"Curator's InterProcessReadWriteLock", "kazoo", "ZooKeeper's WriteLock",
		"a client that zklock does not know",
	}[d]
}

// IDLen is the length of the random id in a candidate's name, in bytes.
const IDLen = 16

// Prefix is the name that a candidate is created under; ZooKeeper appends the number. random makes
// it unlike any other, so that a creation whose answer got lost can be found.
func Prefix(d Dialect, k Kind, random [IDLen]byte) string {
	id := hex.EncodeToString(random[:])
	if d == Curator || d == CuratorRW {
		id = uuid(id)
	}
	switch {
	case d == WriteLock:
		return writeLockPrefix(strconv.FormatInt(int64(binary.BigEndian.Uint64(random[:])), 10))
	case d == Curator && k == Lock, d == Native:
		return "_c_" + id + Native.marker(k)
	case d == Curator, d == CuratorRW:
		return "_c_" + id + "-" + CuratorRW.marker(k)
	case d == Kazoo && k == Write:
		return id + Kazoo.marker(Lock) // both are the same to kazoo
	default:
		return id + d.marker(k)
	}
}

// marker is what stands between the id and the number.
func (d Dialect) marker(k Kind) string {
	for _, m := range markers {
		if m.kind == k && m.dialect == d {
			return m.text
		}
	}
	panic("queue: no name for such a candidate")
}

// writeLockPrefix begins the name of a candidate of ZooKeeper's WriteLock in a session, whose id it
// writes in decimal.
func writeLockPrefix(session string) string { return "x-" + session + "-" }
