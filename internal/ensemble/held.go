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
//   - the hold still waits for it. Otherwise the event would wake nothing.
//
// Every beat checks the holds that have no such watch: they are younger than some 20 ms, or the
// connection is. If the watch is used up between the choice and the beat, the event is here before
// the answer, and the hold looks by itself.
//
// That a server tells of each change is more than the deadline relies on. A server that has missed
// a transaction for good does not (verify.go). So the beats also check all holds in rotation, each
// once in two session timeouts, and the version of its data with it. Whether the session lives is
// never concluded from a watch: exclusion does not depend on them.

// round is in how many session timeouts each hold is checked once.
const round = 2

// checksPerBeat bounds the size of one transaction, in holds: servers refuse requests above 1 MB,
// and a path may have 1 kB.
const checksPerBeat = 500

// heldZnode is the znode of a hold.
type heldZnode struct {
	hold    Tenant
	path    string
	checked time.Time // when a quorum was asked about it last
	version int32     // that a watch vouches for; wire.AnyVersion if none does
}

// held returns the holds under the lease.
func (l *Lease) held() []heldZnode {
	l.mu.Lock()
	held := make([]heldZnode, 0, len(l.holds))
	for h, checked := range l.holds {
		held = append(held, heldZnode{hold: h, checked: checked})
	}
	l.mu.Unlock()
	for i := range held {
		held[i].path = held[i].hold.Znode()
	}
	return held
}

// due returns those of the holds that are to be checked now. If the session needs no proof, because
// another operation has just been confirmed, these are only the ones whose time has come.
func (l *Lease) due(held []heldZnode, fresh bool) []heldZnode {
	timeout := l.timeout()
	period := timeout / beatsPerTimeout
	late := time.Now().Add(period - round*timeout) // which the next beat would check too late
	slices.SortFunc(held, func(a, b heldZnode) int { return a.checked.Compare(b.checked) })
	const beats = round * beatsPerTimeout
	share := (len(held) + beats - 1) / beats
	due := held[:0]
	for i, z := range held {
		vouched := false
		z.version, vouched = l.zs.Watches.vouches(z.path)
		if z.checked.Before(late) || !fresh && (!vouched || i < share) {
			due = append(due, z)
		}
	}
	return due
}

// noteChecked notes that a quorum was asked about these at that time.
func (l *Lease) noteChecked(checked []heldZnode, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, z := range checked {
		if _, ok := l.holds[z.hold]; ok {
			l.holds[z.hold] = asked
		}
	}
}

// vouches reports whether a change to the znode of a hold would be told of, and to the hold. If so,
// its data have the returned version.
func (t *WatchTable) vouches(path string) (version int32, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil && node.vouches() {
		return node.state.Version, true
	}
	return wire.AnyVersion, false
}

func (n *watchedNode) vouches() bool { return n.news.armed() && !n.opaque && n.waiters != nil }

// doubt has a znode read again that has another version, unless that was told of meanwhile.
func (t *WatchTable) doubt(path string, version int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.nodes[path]; node != nil && node.news.armed() && node.state.Version == version {
		node.disarm()
		t.wakeLocked(node)
	}
}
