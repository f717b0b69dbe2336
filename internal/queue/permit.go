package queue

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// leaseMarker stands between the id and the number in the name of a semaphore's permit.
const leaseMarker = "-lease-"

// A Permit is the znode of a hold of a semaphore.
type Permit struct {
	Count   int64   // how many permits it is
	Dialect Dialect // Native, Curator, or Unknown
}

// PermitName is the name of a znode that is so many permits. random makes it unlike any other.
//
// Names of the dialect Curator look like the names of Curator's InterProcessSemaphoreV2, which
// counts each znode as one permit. The number in them is not a server's, and no client reads it.
func PermitName(d Dialect, random [IDLen]byte, count int) string {
	id := hex.EncodeToString(random[:])
	if d == Curator {
		return "_c_" + uuid(id) + leaseMarker + fmt.Sprintf("%0*d", seqDigits, count)
	}
	return "_c_" + id + leaseMarker + strconv.Itoa(count)
}

// countLen is how many bytes of the id of a candidate that wants permits say how many it wants.
const countLen = 4

// PermitPrefix is Prefix for a candidate in a semaphore's queue that wants so many permits. Its id
// ends with the number; see Candidate.Wants.
func PermitPrefix(d Dialect, random [IDLen]byte, count int) string {
	if d == Native {
		binary.BigEndian.PutUint32(random[IDLen-countLen:], uint32(count))
	}
	return Prefix(d, Lock, random)
}

// Wants returns how many permits the candidate will take at most, 0 if that is not known. The ids
// of version 0.2.0 are random from end to end: such a number is usually greater than any size, and
// then nothing is concluded from it.
func (c Candidate) Wants() int64 {
	switch c.Dialect {
	case Curator:
		return 1
	case Native:
		head, _, _ := strings.Cut(strings.TrimPrefix(c.Name, "_c_"), Native.marker(c.Kind))
		n, err := strconv.ParseUint(head[max(0, len(head)-hex.EncodedLen(countLen)):], 16, 32)
		if err == nil {
			return int64(n)
		}
	}
	return 0
}

// ParsePermit reads a permit's name. One that is not known counts as one permit, as it does for
// Curator.
func ParsePermit(name string) Permit {
	id, number, ok := strings.Cut(strings.TrimPrefix(name, "_c_"), leaseMarker)
	if !ok || !strings.HasPrefix(name, "_c_") {
		return Permit{1, Unknown}
	}
	count, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil:
	case len(id) == hex.EncodedLen(IDLen) && isHex(id) && 0 < count && count <= math.MaxInt32:
		return Permit{count, Native}
	case len(number) == seqDigits && isUUID(id):
		return Permit{1, Curator}
	}
	return Permit{1, Unknown}
}

// LeastPermit returns how many permits the least of some holds is, 0 if there are none.
func LeastPermit(names []string) (least int64) {
	for _, name := range names {
		if n := ParsePermit(name).Count; least == 0 || n < least {
			least = n
		}
	}
	return least
}

func isUUID(s string) bool {
	id := strings.ReplaceAll(s, "-", "")
	return len(id) == hex.EncodedLen(IDLen) && isHex(id) && uuid(id) == s
}

// IsKazooPermit reports whether kazoo's Semaphore gives its znodes such names, right below its own.
func IsKazooPermit(name string) bool { return len(name) == hex.EncodedLen(IDLen) && isHex(name) }
