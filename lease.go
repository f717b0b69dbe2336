package zklock

import (
	"fmt"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Lease says what proves that a hold still stands. When the proof runs out the hold is lost,
// whatever the ensemble thinks of it: its Lost channel closes before another client can be granted
// the lock. No lease protects a hold whose znode is removed; see Force.
type Lease uint8

const (
	// LeaseQuorum counts from the last operation that a quorum of the ensemble confirmed. While the
	// Session holds a lock it sends one transaction, which changes nothing, every sixth of the
	// session timeout.
	LeaseQuorum = Lease(ensemble.LeaseQuorum)

	// LeasePing counts from the last request or ping that any server answered. It costs the
	// ensemble nothing. But a server that is cut off from its leader still answers pings: then
	// another client can be granted the lock seconds before the holder is told.
	LeasePing = Lease(ensemble.LeasePing)

	// LeaseServer waits until a server says that the session has expired, or until no server has
	// accepted the session for its timeout and a third. A client that is cut off is told only when
	// it is connected again, long after others may hold the lock.
	LeaseServer = Lease(ensemble.LeaseServer)
)

// WithLease sets what proves that a hold still stands. The default is LeaseQuorum.
func WithLease(lease Lease) SessionOption {
	return func(cfg *sessionConfig) error {
		if lease > LeaseServer {
			return fmt.Errorf("lease %d: want LeaseQuorum, LeasePing or LeaseServer", lease)
		}
		cfg.lease = lease
		return nil
	}
}
