package recipe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zookylock/zklock/internal/queue"
)

// This is how a hold, and a candidate that waits, is watched for marks and for its removal by
// others. Many are over before that is worth a request.

// ownLook is when a candidate that waits begins to be watched.
const ownLook = 200 * time.Millisecond

// firstLook is when a hold begins to be watched.
const firstLook = 20 * time.Millisecond

// noted is when a hold says in its candidate's data since when it is one.
const noted = 10 * time.Second

// delayed calls a function for what was added to it some time ago and not dropped since. One timer
// serves all, and is stopped once nothing is left, so that entries which are dropped soon wake no
// goroutine. A nil one does nothing.
type delayed[T comparable] struct {
	after time.Duration // and up to half as much again
	call  func(T)       // must not block

	mu    sync.Mutex // guards the fields below; held during calls
	added map[T]time.Time
	timer *time.Timer // calls tick; runs while something is there
}

func newDelayed[T comparable](after time.Duration, call func(T)) *delayed[T] {
	return &delayed[T]{after: after, call: call, added: make(map[T]time.Time)}
}

func (l *delayed[T]) add(x T) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.added[x] = time.Now()
	switch {
	case len(l.added) > 1:
	case l.timer == nil:
		l.timer = time.AfterFunc(l.after, l.tick)
	default:
		l.timer.Reset(l.after)
	}
}

// drop forgets x. Nothing is called for it after.
func (l *delayed[T]) drop(x T) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if delete(l.added, x); len(l.added) == 0 && l.timer != nil {
		l.timer.Stop()
	}
}

func (l *delayed[T]) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for x, added := range l.added {
		if now.Sub(added) >= l.after {
			delete(l.added, x)
			l.call(x)
		}
	}
	if len(l.added) > 0 {
		l.timer.Reset(l.after / 2)
	} else {
		l.added = make(map[T]time.Time) // a map keeps the size that it once had
	}
}

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
