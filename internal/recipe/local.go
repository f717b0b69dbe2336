package recipe

import (
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Local is a ZooKeeper session with what its candidates share. It ends with the session.
type Local struct {
	*ensemble.Session
	root        *root
	roster      *roster
	siblings    *siblings
	newHolds    *delayed[watchable] // their passages
	oldHolds    *delayed[watchable]
	longWaiters *delayed[waiter] // the candidates that wait
	keepers     keepers
	parents     singleflight.Group // by lock

	// the znode of the lock that was met last did not exist, see found
	meetsNew atomic.Bool
}

// watchable is a passage that holds the lock.
type watchable interface {
	beginWatch()
	noteLong()
}

// waiter is a candidate that waits.
type waiter interface{ nudge() }

func newLocal(r *root, zs *ensemble.Session) *Local {
	local := &Local{
		Session:     zs,
		root:        r,
		siblings:    newSiblings(),
		roster:      newRoster(zs),
		newHolds:    newDelayed(firstLook, watchable.beginWatch),
		oldHolds:    newDelayed(noted-firstLook, watchable.noteLong),
		longWaiters: newDelayed(ownLook, waiter.nudge),
	}
	return local
}

// emptyThrough returns up to which number all candidates of a lock are known to be gone, -1 if that
// is not known. The last of them has noted it in candidate.delete, while it watched the lock's
// znode: as long as that watch stands, the znode is the same, and the numbers go on.
func (zs *Local) emptyThrough(dir string) int32 {
	if number, ok := zs.Watches.Memo(dir).(int32); ok {
		return number
	}
	return -1
}
