package zklock

import (
	"fmt"
	"net"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/zkpath"
)

// Naming selects the znode naming scheme of a handle, so that a lock can be shared with another
// client library: the names, data and parents of its znodes. docs/interop.md says which clients may
// share a lock, and with which settings. Others are refused; see ErrMixedDialects. All handles on a
// lock should have the same Naming.
type Naming uint8

// The namings. WithIdentifier replaces the data named here.
const (
	// NamingDefault is the scheme of zklock. A Mutex shares its lock with zk.Lock of go-zookeeper,
	// InterProcessMutex of Curator, and ZkLock and ZkAsyncLock of zktools; an RWMutex with the
	// read/write locks of zktools; and both with the locks of kazoo, see WithKazooPatterns.
	NamingDefault Naming = iota

	// NamingZktools is the scheme of zktools.locking in Python: persistent parents, and the data
	// "0". A Mutex is a ZkLock. Readers of zktools do not see a ZkLock, so the candidate of a Mutex
	// is refused if there are readers or writers.
	NamingZktools

	// NamingCurator is the scheme of Apache Curator: container parents, and the machine's address
	// as the data. A Mutex is an InterProcessMutex and an RWMutex an InterProcessReadWriteLock. The
	// two do not see each other, and are refused on one lock.
	NamingCurator

	// NamingKazoo is the scheme of kazoo in Python: persistent parents, and the identifier as the
	// data. A Mutex is a Lock; an RWMutex is a WriteLock and its ReadLocks. kazoo's Lock does not
	// see readers, and looks like its WriteLock: do not use it on a lock that has readers.
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

// dialect returns n as package queue takes it.
func (n Naming) dialect() queue.Dialect {
	return [...]queue.Dialect{queue.Native, queue.Zktools, queue.Curator, queue.Kazoo}[n]
}

// data returns the default data of a candidate's znode.
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

// address returns the machine's address, which Curator puts into its candidates. Only people read
// it.
func address() string {
	addrs, _ := net.InterfaceAddrs() // the data must not prevent locking
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}

// maxNameLen bounds a lock's name, in bytes.
const maxNameLen = 1024

// checkName says whether name can name a lock, in an error that matches ErrInvalidName.
func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: it is empty", ErrInvalidName)
	}
	if len(name) > maxNameLen {
		return fmt.Errorf("%w: it has %d bytes, more than %d", ErrInvalidName,
			len(name), maxNameLen)
	}
	if err := zkpath.CheckSegments(name); err != nil {
		return fmt.Errorf("%w: %q has %w", ErrInvalidName, name, err)
	}
	return nil
}
