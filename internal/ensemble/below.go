package ensemble

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/zookylock/zklock/internal/wire"
)

// changesKept is how many changed znodes a Below remembers.
const changesKept = 100_000

// Below tells which znodes have changed, of one and all below it. The server's watch lasts as long
// as the connection.
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

// Stop has the Below remember nothing any more.
func (b *Below) Stop() {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	delete(b.table.below, b)
	b.breakLocked()
}

// Arm has a server tell of changes from now on. If it does not know how, Arm returns without an
// error, and the Below does not stand.
func (b *Below) Arm(ctx context.Context) error {
	zs := b.table.zs
	return zs.Do(ctx, func() error {
		if !zs.Takes(wire.OpAddWatch) {
			return nil
		}
		b.table.mu.Lock()
		b.breakLocked()
		b.changed = make(map[string]struct{})
		b.table.mu.Unlock()
		_, err := Ask(ctx, zs, wire.WatchBelow(b.root), b.begin)
		if err != nil && zs.NoteRefusal(wire.OpAddWatch, err) {
			return nil
		}
		return err
	})
}

// begin is called with the answer, before anything that the server sends later.
func (b *Below) begin(wire.Reply) struct{} {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	b.stands = b.changed != nil
	return struct{}{}
}

// Take returns which znodes have changed since the last call, or since it was armed. It is false if
// the Below does not know that of all.
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
