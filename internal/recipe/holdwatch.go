package recipe

import (
	"context"
	"errors"
	"time"

	"github.com/zookylock/zklock/internal/queue"
)

// This is how a hold, and a candidate that waits, is watched for marks and for its removal by
// others. Many are over before that is worth a request.

// beginWatch starts a goroutine that watches the hold. It is called by Local.newHolds. The
// goroutine that removes the candidate drops the passage from there first, even before it is added.
func (p *Passage) beginWatch() {
	over := p.hold.lasting()
	if over.Err() != nil || p.isDowngrading() || p.watched != nil {
		return
	}
	watched := make(chan struct{})
	over, stop := context.WithCancel(over)
	// ends with the hold; endWatch and Close wait for it
	if p.locks.client.Start(func() {
		defer close(watched)
		defer stop()
		p.watchOver(over)
	}) {
		p.watched, p.unwatch = watched, stop
	}
}

// endWatch ends that goroutine, if there is one, and waits for it. It is called by the goroutine
// that has the candidate.
func (p *Passage) endWatch() {
	p.candidate.zs.newHolds.drop(p)
	if p.watched != nil {
		p.unwatch()
		<-p.watched
		p.watched = nil
	}
}

// watchOver follows the hold until it is released or lost.
func (p *Passage) watchOver(over context.Context) {
	c, granted := p.candidate, p.hold.Since()
	note := time.NewTimer(noted - time.Since(granted))
	defer note.Stop()
	for over.Err() == nil {
		if err := c.look(over); errors.Is(err, ErrVanished) {
			c.hold.lose(errRemoved)
		}
		select {
		case <-c.wake:
		case <-note.C:
			_ = c.noteGrant(over, granted) // others do without if it may not be written
		case <-over.Done():
		}
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
