package queue

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Client is the way in which another library's lock reads a queue. The rules are from its sources,
// quirks included.
type Client uint8

// The clients.
const (
	ZkLock Client = iota + 1 // go-zookeeper v1.0.4, lock.go
	// Curator 5.4, LockInternals and StandardLockInternalsDriver
	CuratorMutex
	CuratorReadLock    // Curator 5.4, InterProcessReadWriteLock
	CuratorWriteLock   // likewise
	KazooLock          // kazoo 2.9 and later, recipe/lock.py; see KazooOldReadLock
	KazooReadLock      // likewise
	KazooWriteLock     // likewise
	KazooOldReadLock   // up to kazoo 2.8, which Debian 12 has: it waits for writers behind it, too
	ZktoolsLock        // zktools 0.3, locking.py: ZkLock, ZkWriteLock, ZkAsyncLock
	ZktoolsReadLock    // likewise: ZkReadLock
	ZooKeeperWriteLock // ZooKeeper 3.8, recipes/lock: WriteLock and ZNodeName
	afterTheLastClient // how many there are
)

// errUnreadable is what a client makes of a name that it cannot parse.
var errUnreadable = errors.New("it fails over a name of another client")

// WaitsFor returns the children that have to go before this client holds the lock with its
// candidate self, which must be one of them. patterns are kazoo's extra_lock_patterns.
func (cl Client) WaitsFor(self string, children []string, patterns ...string) ([]string, error) {
	switch cl {
	case ZkLock:
		return zkLockWaitsFor(self, children)
	case CuratorMutex:
		return before(self, children, after("lock-")), nil
	case CuratorWriteLock:
		return before(self, children, afterCuratorMarker), nil
	case CuratorReadLock:
		return only(before(self, children, afterCuratorMarker), "__WRIT__"), nil
	case ZktoolsLock:
		return before(self, children, after("-")), nil
	case ZktoolsReadLock:
		return only(before(self, children, after("-")), "-write-"), nil
	case ZooKeeperWriteLock:
		return writeLockWaitsFor(self, children), nil
	default:
		return cl.kazooWaitsFor(self, children, patterns), nil
	}
}

// zkLockWaitsFor is Lock.LockWithData: the numbers decide, and a name without one is an error.
func zkLockWaitsFor(self string, children []string) (ahead []string, err error) {
	number := func(name string) (int, error) {
		parts := strings.Split(name, "lock-")
		if len(parts) == 1 {
			parts = strings.Split(name, "__")
		}
		return strconv.Atoi(parts[len(parts)-1])
	}
	own, err := number(self)
	if err != nil {
		return nil, err
	}
	for _, name := range children {
		n, err := number(name)
		// of a negative one it would watch the parent's path with a slash at its end
		if err != nil || n < 0 {
			return nil, errUnreadable
		}
		if n < own {
			ahead = append(ahead, name)
		}
	}
	return ahead, nil
}

// after returns what follows the last separator, or the whole name.
func after(separator string) func(string) string {
	return func(name string) string {
		if i := strings.LastIndex(name, separator); i >= 0 {
			return name[i+len(separator):]
		}
		return name
	}
}

// afterCuratorMarker is fixForSorting of Curator's read/write lock.
func afterCuratorMarker(name string) string { return after("__WRIT__")(after("__READ__")(name)) }

// before returns what is sorted before self by key.
func before(self string, children []string, key func(string) string) []string {
	sorted := slices.SortedStableFunc(slices.Values(children), func(a, b string) int {
		return cmp.Compare(key(a), key(b))
	})
	return sorted[:max(0, slices.Index(sorted, self))]
}

// only returns the names that contain part.
func only(names []string, part string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, part) })
}

// writeLockWaitsFor is WriteLock.execute, which sorts by ZNodeName: the numbers decide, and names
// without one come last.
func writeLockWaitsFor(self string, children []string) []string {
	sorted := slices.SortedFunc(slices.Values(children), func(a, b string) int {
		m, numbered := writeLockNumber(a)
		n, otherNumbered := writeLockNumber(b)
		switch {
		case numbered && otherNumbered && m != n:
			return cmp.Compare(m, n)
		case numbered != otherNumbered && numbered:
			return -1
		case numbered != otherNumbered:
			return 1
		default:
			return cmp.Compare(a, b)
		}
	})
	return sorted[:max(0, slices.Index(sorted, self))]
}

// writeLockNumber is ZNodeName's: what follows the last dash, with a sign if there are two.
func writeLockNumber(name string) (number int32, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return 0, false
	}
	if i > 0 && name[i-1] == '-' {
		i--
	}
	n, err := strconv.ParseInt(name[i+1:], 10, 32)
	return int32(n), err == nil
}

// kazooWaitsFor is Lock._get_predecessor: only names with one of its own patterns count, by the ten
// digits at their end.
func (cl Client) kazooWaitsFor(self string, children, patterns []string) (ahead []string) {
	patterns = append([]string{"__lock__"}, patterns...)
	if cl == KazooWriteLock {
		patterns = append(patterns, "__rlock__")
	}
	own := self[max(0, len(self)-seqDigits):]
	for _, name := range children {
		if number, ok := kazooNumber(name, patterns); ok && name != self &&
			(number < own || cl == KazooOldReadLock) {
			ahead = append(ahead, name)
		}
	}
	return ahead
}

// kazooNumber matches (?:patterns)(-?\d{10})$, with a minus if there is one.
func kazooNumber(name string, patterns []string) (number string, ok bool) {
	if len(name) < seqDigits || strings.Trim(name[len(name)-seqDigits:], "0123456789") != "" {
		return "", false
	}
	head := name[:len(name)-seqDigits]
	signed := strings.TrimSuffix(head, "-")
	for _, pattern := range patterns {
		if signed != head && strings.HasSuffix(signed, pattern) {
			return name[len(signed):], true
		}
		if strings.HasSuffix(head, pattern) {
			return name[len(head):], true
		}
	}
	return "", false
}
