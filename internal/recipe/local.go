package recipe

import (
	"golang.org/x/sync/singleflight"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Local is a ZooKeeper session with what its candidates share. It ends with the session.
type Local struct {
	*ensemble.Session
	locks       *Locks
	roster      *roster
	siblings    *siblings
	newHolds    *delayed[*Passage]   // their holds
	longWaiters *delayed[*candidate] // who wait
	parents     singleflight.Group   // by lock
}

func newLocal(l *Locks, zs *ensemble.Session) *Local {
	local := &Local{
		Session:     zs,
		locks:       l,
		siblings:    newSiblings(),
		newHolds:    newDelayed(firstLook, (*Passage).beginWatch),
		longWaiters: newDelayed(ownLook, (*candidate).nudge),
	}
	local.roster = newRoster(local)
	return local
}
