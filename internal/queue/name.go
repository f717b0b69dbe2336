package queue

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// seqDigits is how many digits ZooKeeper appends to a sequential name (PrepRequestProcessor,
// "%010d").
const seqDigits = 10

// MaxSeq is the last sequence number that a candidate may stand on. ZooKeeper's counter is an int32
// that sticks at 2147483647, and from there on numbers repeat and no longer order anything. The
// distance leaves room for every candidate that is already under way when the first one notices.
const MaxSeq = 1<<31 - 1 - 1<<20

// markers are what stands between a candidate's id and its number. Longer ones come first where one
// ends with another.
var markers = []struct {
	text string
	kind Kind
	// whose candidates are created with it; dialectOf tells them apart where there are several
	dialect Dialect
}{
	{"-lock-", Lock, Native}, {"-read-", Read, Native}, {"-write-", Write, Native},
	{"-lock--", Lock, Zktools}, {"-read--", Read, Zktools}, {"-write--", Write, Zktools},
	{"-lock-", Lock, Curator}, {"-lock-", Lock, ZktoolsAsync},
	{"__lock__", Lock, Kazoo}, {"__rlock__", Read, Kazoo},
	{"__READ__", Read, CuratorRW}, {"__WRIT__", Write, CuratorRW},
}

// Parse reads a candidate's name. It is false for a name that no known client gives a candidate.
//
// What stands before the marker is not looked at: to wait for a candidate whose prefix is unusual
// costs a little patience, to overlook one grants the lock twice.
func Parse(name string) (Candidate, bool) {
	c, ok := ParseAny(name)
	if !ok || c.Dialect == Unknown {
		return Candidate{}, false
	}
	return c, true
}

// ParseAny is Parse for the names of all clients, the unknown ones too: their Dialect is Unknown,
// and they count as exclusive. It is false for a name without a number.
func ParseAny(name string) (Candidate, bool) {
	if len(name) < seqDigits {
		return Candidate{}, false
	}
	head, digits := name[:len(name)-seqDigits], name[len(name)-seqDigits:]
	var seq int64
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Candidate{}, false
		}
		seq = 10*seq + int64(digits[i]-'0')
	}
	if seq > math.MaxInt32 {
		return Candidate{}, false // above what ZooKeeper's counter reaches
	}
	c := Candidate{Name: name, Seq: int32(seq)}
	c.Kind, c.Dialect = maker(head)
	return c, true
}

// maker tells from what stands before the number who makes such candidates.
func maker(head string) (Kind, Dialect) {
	for _, m := range markers {
		id, ok := strings.CutSuffix(head, m.text)
		if ok {
			return m.kind, dialectOf(m.dialect, m.kind, id)
		}
		// A name may begin with its marker: zktools' documentation has write-N.
		if head == m.text[1:] {
			return m.kind, Bare
		}
	}
	if isWriteLock(head) {
		return Lock, WriteLock
	}
	return Lock, Unknown
}

// isWriteLock looks for the session id that ZooKeeper's WriteLock writes. The C library of that
// name writes it in another way, and is not known.
func isWriteLock(head string) bool {
	session, ok := strings.CutPrefix(head, "x-")
	if !ok {
		return false
	}
	id, err := strconv.ParseInt(strings.TrimSuffix(session, "-"), 10, 64)
	return err == nil && head == writeLockPrefix(strconv.FormatInt(id, 10))
}

func isHex(s string) bool {
	for i := range len(s) {
		if !hexDigit[s[i]] {
			return false
		}
	}
	return true
}

// hexDigit tells the digits of an id, in a table because every name of every listing is looked at.
var hexDigit = func() (digits [256]bool) {
	for _, c := range "0123456789abcdef" {
		digits[c] = true
	}
	return digits
}()

// dialectOf tells the dialects apart that have a marker in common. An id that is not as it should
// be counts as the foreign client's: to take its candidate for one of ours could grant the lock
// twice.
func dialectOf(d Dialect, k Kind, id string) Dialect {
	if d != Native {
		return d
	}
	id, ok := strings.CutPrefix(id, "_c_")
	switch {
	case ok && len(id) == hex.EncodedLen(IDLen) && isHex(id):
		return Native
	case k != Lock:
		return Bare
	case ok:
		return Curator
	default:
		return ZktoolsAsync
	}
}

// uuid writes an id of 32 hex digits as Curator does.
func uuid(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// keeping is how the ids begin of candidates whose holds may be kept while they are not used. Other
// ids begin so once in four billion times.
const keeping = "cac4ed00"

// protected is what stands before the id of some dialects.
const protected = "_c_"

// Keeping returns a candidate's name, or its prefix, with an id that says that its hold may be kept.
func Keeping(name string) string {
	at := 0
	if strings.HasPrefix(name, protected) {
		at = len(protected)
	}
	return name[:at] + keeping + name[at+len(keeping):]
}

// Keeps reports whether a candidate's name says so.
func Keeps(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, protected), keeping)
}
