package queue

import (
	"strconv"
	"strings"
)

// seqDigits is how many digits ZooKeeper appends to a sequential name (PrepRequestProcessor, "%010d").
const seqDigits = 10

// IDLen is the length of the random id in a candidate's name, in hex digits.
const IDLen = 32

// MaxSeq is the last sequence number that a candidate may stand on. ZooKeeper's counter is an int32 that sticks at
// 2147483647, and from there on numbers repeat and no longer order anything. The distance leaves room for every
// candidate that is already under way when the first one notices.
const MaxSeq = 1<<31 - 1 - 1<<20

// markers are what stands between a candidate's prefix and its number, for each client that may share the lock.
// Longer ones come first where one ends with another.
var markers = []struct {
	text string
	kind Kind
}{
	{"-lock--", Lock}, {"-read--", Read}, {"-write--", Write}, // zktools' synchronous locks
	{"-lock-", Lock}, {"-read-", Read}, {"-write-", Write}, // ours, zk.Lock, Curator's mutex, zktools' ZkAsyncLock
	{"__lock__", Lock}, {"__rlock__", Read}, // kazoo
	{"__READ__", Read}, {"__WRIT__", Write}, // Curator's read/write lock
}

// Prefix is the name a candidate of this kind is created under; ZooKeeper appends the number.
//
// A mutex under it is ordered and waited for by zk.Lock, Curator's InterProcessMutex and zktools' ZkAsyncLock.
func Prefix(id string, k Kind) string {
	return "_c_" + id + marker(k)
}

func marker(k Kind) string {
	switch k {
	case Read:
		return "-read-"
	case Write:
		return "-write-"
	default:
		return "-lock-"
	}
}

// HasID reports whether name was created with id, whatever number it got.
func HasID(name, id string) bool {
	return strings.HasPrefix(name, "_c_"+id+"-")
}

// Parse reads a candidate's name. It is false for a name that no known client gives a candidate.
//
// What stands before the marker is not looked at: to wait for a candidate whose prefix is unusual costs a little
// patience, to overlook one grants the lock twice.
func Parse(name string) (Candidate, bool) {
	if len(name) <= seqDigits {
		return Candidate{}, false
	}
	head, digits := name[:len(name)-seqDigits], name[len(name)-seqDigits:]
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Candidate{}, false
		}
	}
	seq, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return Candidate{}, false // above what ZooKeeper's counter reaches
	}
	for _, m := range markers {
		// A name may begin with its marker: Curator without protection writes lock-N, early zktools write-N.
		if strings.HasSuffix(head, m.text) || head == m.text[1:] {
			return Candidate{Name: name, Kind: m.kind, Seq: int32(seq)}, true
		}
	}
	return Candidate{}, false
}
