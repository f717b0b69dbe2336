package zklock

import (
	"fmt"
	"net"

	"github.com/zookylock/zklock/internal/queue"
)

// Naming is the client whose znodes a handle's are like, so that the lock can be shared with it: names, data, parents. Which
// clients may meet on one lock, and which settings they need, is in docs/interop.md; the others are refused, see
// ErrMixedDialects. Every handle on a lock should have the same Naming.
type Naming uint8

// The namings. WithIdentifier replaces the data that is said here.
const (
	// NamingDefault is zklock's own. A Mutex shares its lock with go-zookeeper's zk.Lock, Curator's InterProcessMutex and
	// zktools' ZkLock and ZkAsyncLock, an RWMutex with zktools' locks, and both with kazoo's, see WithKazooPatterns.
	NamingDefault Naming = iota

	// NamingZktools is that of Python's zktools.locking: persistent parents and the data "0". A Mutex is its ZkLock. Its
	// readers do not see its ZkLock: the candidate of a Mutex is refused where there are readers or writers.
	NamingZktools

	// NamingCurator is that of Apache Curator: container parents and the machine's address as the data. A Mutex is an
	// InterProcessMutex and an RWMutex an InterProcessReadWriteLock. Those do not see one another, and are refused on one
	// lock.
	NamingCurator

	// NamingKazoo is that of Python's kazoo: persistent parents and the identifier as the data. A Mutex is a Lock and an RWMutex
	// a WriteLock and its ReadLocks. kazoo's Lock does not see readers, and cannot be told from its WriteLock: do not use
	// it on a lock that has readers.
	NamingKazoo
)

func (n Naming) String() string {
	switch n {
	case NamingDefault:
		return "default"
	case NamingZktools:
		return "zktools"
	case NamingCurator:
		return "Curator"
	case NamingKazoo:
		return "kazoo"
	default:
		return fmt.Sprintf("Naming(%d)", uint8(n))
	}
}

// WithNaming sets which client's znodes the handle's are like: NamingDefault if nothing is said.
func WithNaming(naming Naming) LockOption {
	return func(cfg *lockConfig) error {
		if naming > NamingKazoo {
			return fmt.Errorf("naming %d: want NamingDefault, NamingZktools, NamingCurator or NamingKazoo", naming)
		}
		cfg.naming = naming
		return nil
	}
}

// WithKazooPatterns says that all of kazoo's locks at this path see those of NamingDefault, because they were made with
//
//	extra_lock_patterns=["-lock-"]                        # with a Mutex
//	extra_lock_patterns=["-lock-", "-read-", "-write-"]   # with an RWMutex: kazoo's WriteLock
//	extra_lock_patterns=["-lock-", "-write-"]             # with an RWMutex: kazoo's ReadLock
//
// Their znodes do not show it. Without this option they are refused, for a kazoo lock without the patterns is granted beside ours;
// with it, and without the patterns, it is just that. Parents are persistent then, for kazoo creates them but once. NamingKazoo
// does without any of this.
func WithKazooPatterns() LockOption {
	return func(cfg *lockConfig) error {
		cfg.KazooListens = true
		return nil
	}
}

// dialect returns the queue's word for it.
func (n Naming) dialect() queue.Dialect {
	return [...]queue.Dialect{queue.Native, queue.Zktools, queue.Curator, queue.Kazoo}[n]
}

// data is what a candidate holds if the user does not say.
func (n Naming) data(host string, pid int) []byte {
	switch n {
	case NamingZktools:
		return []byte("0")
	case NamingCurator:
		return []byte(address())
	default:
		return fmt.Appendf(nil, "%s/%d", host, pid)
	}
}

// address is the machine's, as Curator puts it into its candidates. Nobody reads it but people.
func address() string {
	addrs, _ := net.InterfaceAddrs() // the data must not keep anybody from locking
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}
