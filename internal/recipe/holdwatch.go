package recipe

import (
	"context"
	"errors"
	"time"

	"github.com/zookylock/zklock/internal/queue"
)

// holdWatch watches a hold for marks, and for its removal by others. A hold that is over before
// firstLook is not worth the request.
type holdWatch struct {
	errands
	p *Passage
}

const (
	lookAtZnode errand = 1 << iota
	noteGrant
)

// beginWatch begins to watch the hold. It is called by Local.newHolds. The goroutine that removes
// the candidate drops the passage from there first, even before it is added.
func (p *Passage) beginWatch() {
	if p.hold.isOver() || p.isDowngrading() || p.watched != nil {
		return
	}
	p.watched = &holdWatch{p: p}
	p.latest.Load().zs.oldHolds.add(p)
	p.watched.look()
}

// endWatch ends the watch, if there is one, and waits until nothing is done for it any more. It is
// called by the goroutine that has the candidate.
func (p *Passage) endWatch() {
	zs := p.latest.Load().zs
	zs.newHolds.drop(p)
	zs.oldHolds.drop(p)
	if p.watched == nil {
		return
	}
	if done := p.watched.end(); done != nil {
		<-done
	}
	p.watched = nil
}

// noteLong has it noted when the hold was granted. It is called by Local.oldHolds.
func (p *Passage) noteLong() { p.watched.begin(noteGrant) }

// look has the znode looked at. The Watcher calls it too.
func (w *holdWatch) look() { w.begin(lookAtZnode) }

// begin starts a goroutine, unless there is one, which ends when there is nothing more to do, or
// with the hold; endWatch and Close wait for it.
func (w *holdWatch) begin(what errand) { w.add(what, w.p.locks.client.Start, w.do) }

func (w *holdWatch) do(ctx context.Context, what errand) {
	c, h := w.p.latest.Load(), w.p.hold
	if what&lookAtZnode != 0 {
		c.watch().Call(w.look)
		if err := c.look(ctx); errors.Is(err, ErrVanished) {
			h.lose(errRemoved)
		}
	}
	if what&noteGrant != 0 {
		_ = c.noteGrant(ctx, h.Since()) // others do without if it may not be written
	}
}

// noteGrant writes into the candidate's data when it was granted the lock, for people. Permits need
// none: they are created at their grant. Other clients' names have no room for it.
func (c *candidate) noteGrant(ctx context.Context, granted time.Time) error {
	if c.cfg.Dialect != queue.Native || c.cfg.Pool != nil {
		return nil
	}
	return c.zs.rewrite(ctx, c.path, func(data []byte) []byte {
		return withGrant(data, c.cfg.Identifier, granted.Sub(c.born))
	})
}
