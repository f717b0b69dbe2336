package ensemble

import (
	"maps"
	"slices"
	"strings"
)

// changesKept is how many changed znodes a Below remembers.
const changesKept = 100_000

// Below records which znodes have changed: one znode and all below it. The server's watch lasts as
// long as the connection.
type Below struct {
	table *WatchTable
	root  string

	// guarded by the table's mutex
	changed map[string]struct{}
	stands  bool // no change was missed since it was armed
}

// WatchBelow returns a Below that is yet to be armed. The caller must stop it.
func (t *WatchTable) WatchBelow(root string) *Below {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := &Below{table: t, root: root}
	t.below[b] = struct{}{}
	return b
}

// Stop makes the Below remember nothing any more.
func (b *Below) Stop() {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	delete(b.table.below, b)
	b.breakLocked()
}

// Take returns which znodes have changed since the last call, or since it was armed. It is false if
// the Below does not know that for all of them.
func (b *Below) Take() (changed []string, ok bool) {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	if !b.stands {
		return nil, false
	}
	changed = slices.Collect(maps.Keys(b.changed))
	clear(b.changed)
	return changed, true
}

// breakLocked notes that changes are missed.
func (b *Below) breakLocked() {
	b.stands, b.changed = false, nil
}

// noteBelowLocked takes note of a change. The events of other watches do no harm.
func (t *WatchTable) noteBelowLocked(path string) {
	for b := range t.below {
		rest, below := strings.CutPrefix(path, b.root)
		switch {
		case b.changed == nil || !below || rest != "" && rest[0] != '/' && b.root != "/":
		case len(b.changed) == changesKept:
			b.breakLocked()
		default:
			b.changed[path] = struct{}{}
		}
	}
}
