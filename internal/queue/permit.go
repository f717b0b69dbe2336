package queue

import (
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

func isUUID(s string) bool {
	id := strings.ReplaceAll(s, "-", "")
	return len(id) == hex.EncodedLen(IDLen) && isHex(id) && uuid(id) == s
}

// IsKazooPermit reports whether kazoo's Semaphore gives its znodes such names, right below its own.
func IsKazooPermit(name string) bool { return len(name) == hex.EncodedLen(IDLen) && isHex(name) }
