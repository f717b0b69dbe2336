package ensemble

import (
	"slices"
	"time"

	"github.com/zookylock/zklock/internal/wire"
)

// This is which holds a beat checks.
//
// A beat proves the session, whatever it checks: the deadline is the session's (proof.go). The
// checks only find a znode that another client has removed, and a watch finds that too. A server
// executes transactions in one order, and tells of each change to a watched znode before it answers
// what comes after that change. So if a beat is answered, and the watch on a znode was set before
// and has not been told of a change, the znode existed at the beat, with the same data. That needs
// no check. A watch counts (WatchTable.vouches) if
//
//   - it was set on this connection, because a server forgets the watches of a connection that ends,
//     and no change was told of since, because that uses it up;
//   - the client may read the znode, because servers do not tell others of its changes;
//   - the hold still waits for it (Watcher.Call). Otherwise the event would wake nothing.
//
// Every beat checks the holds that have no such watch: they are younger than some 20 ms, or the
// connection is. If the watch is used up between the choice and the beat, the event is here before
// the answer, and the hold looks by itself.
//
// That a server tells of each change is more than the deadline relies on. A server that has missed
// a transaction for good does not (verify.go). So the beats also check all holds in rotation, each
// once in two session timeouts, and the version of its data with it. Whether the session lives is
// never concluded from a watch: exclusion does not depend on them.
//
// A session may hold ten thousand locks, so a beat does next to nothing for each: it looks at a
// watch by a pointer.

// round is in how many session timeouts each hold is checked once.
const round = 2

// beatsPerRound is in how many beats that is: so many come in that time, even if one is late.
const beatsPerRound = round*beatsPerTimeout - 1

// checksPerBeat bounds the size of one transaction, in holds: servers refuse requests above 1 MB,
// and a path may have 1 kB.
const checksPerBeat = 500

// Tenure is a hold under the lease, until Lease.Drop.
type Tenure struct {
	hold Tenant
	at   int // in Lease.holds, while it is there

	// The fields below are used by the goroutine of the beats alone.

	checked time.Duration // when a quorum was asked about it last, since the Lease was made
	node    *watchedNode  // of its znode, as far as known
}

// heldZnode is the znode of a hold that is about to be checked.
type heldZnode struct {
	*Tenure
	path    string
	version int32 // that a watch vouches for; wire.AnyVersion if none does
}

// held returns the holds under the lease.
func (l *Lease) held() []*Tenure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.holds)
}

// due returns those of the holds that are to be checked now. If the session needs no proof, because
// another operation has just been confirmed, these are only the ones whose time has come.
func (l *Lease) due(held []*Tenure, fresh bool) (due []heldZnode) {
	timeout := l.timeout()
	// what was checked last before that would be checked too late by the next beat
	late := time.Since(l.made) + timeout/beatsPerTimeout - round*timeout
	first, share := l.turn%len(held), (len(held)+beatsPerRound-1)/beatsPerRound
	if !fresh {
		l.turn = first + share
	}
	for i, h := range held {
		version, vouched := l.zs.Watches.vouches(h)
		inTurn := (i-first+len(held))%len(held) < share
		if h.checked < late || !fresh && (inTurn || !vouched) {
			due = append(due, heldZnode{h, h.hold.Znode(), version})
		}
	}
	return due
}

// noteChecked notes that a quorum was asked about these at that time.
func noteChecked(checked []heldZnode, asked time.Duration) {
	for _, h := range checked {
		h.Tenure.checked = asked
	}
}

// vouches reports whether a change to the znode of a hold would be told of, and to the hold. If so,
// its data have the returned version.
func (t *WatchTable) vouches(h *Tenure) (version int32, ok bool) {
	if version, ok = t.vouch(h.node); ok {
		return version, true
	}
	path := h.hold.Znode() // before the table's mutex
	t.mu.Lock()
	h.node = t.nodes[path]
	t.mu.Unlock()
	return t.vouch(h.node)
}

func (t *WatchTable) vouch(node *watchedNode) (version int32, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node != nil && node.vouches() {
		return node.state.Version, true
	}
	return wire.AnyVersion, false
}

func (n *watchedNode) vouches() bool { return n.news.armed() && !n.opaque && n.isHeld }

// doubt has a znode read again that has another version, unless that was told of meanwhile.
func (t *WatchTable) doubt(path string, version int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil && node.news.armed() && node.state.Version == version {
		node.disarm()
		t.wakeLocked(node)
	}
}
