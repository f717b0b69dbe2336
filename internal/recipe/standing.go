package recipe

import (
	"fmt"
	"sync/atomic"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// spot is a candidate's place in a lock's queue, as its siblings see it.
type spot struct {
	dir   string // the lock's znode
	cfg   *Config
	voice queue.Voice
	kind  queue.Kind
	place queue.Candidate // once created
	path  string          // once created; unchanged while it is among the siblings

	standing atomic.Pointer[standing] // nil until it is known; read by others too
}

// standing is how a candidate stands in the queue. It does not change: another takes its place.
type standing struct {
	ahead   int32             // who block it, as far as it remembers
	more    bool              // there were others, ahead of these
	nearest *spot             // the nearest predecessor, if it is a sibling
	first   *ensemble.Watcher // the watcher of the first predecessor; nil if it is not known
	room    *string           // how many permits are free, if none is ahead; nil otherwise
}

// The standings of candidates that no other blocks.
var (
	isFirst       = new(standing)
	isBehindOwner = new(standing) // the handle has a hold that is not released
)

// describe says who is ahead, for error texts and log lines.
func (st *standing) describe() string {
	siblings, who := int32(0), ""
	for st.more && st.nearest != nil { // which knows more
		siblings++
		next := st.nearest.standing.Load()
		if next == nil {
			break
		}
		if next == isFirst || next == isBehindOwner {
			return fmt.Sprintf("%d ahead of it, the holder is %s, in this session", siblings,
				ensemble.Readable(st.nearest.cfg.Identifier))
		}
		st = next
	}
	switch {
	case st.more:
		return fmt.Sprintf("%d or more ahead of it", siblings+st.ahead+1)
	case st.ahead == 1 && st.nearest != nil:
		who = ensemble.Readable(st.nearest.cfg.Identifier) + ", in this session"
	case st.first != nil:
		who = st.first.Who()
	}
	if who == "" {
		return fmt.Sprintf("%d ahead of it", siblings+st.ahead)
	}
	return fmt.Sprintf("%d ahead of it, the holder is %s", siblings+st.ahead, who)
}
