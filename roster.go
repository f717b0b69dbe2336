package zklock

import (
	"context"
	"errors"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// roster lists the queues of locks for the candidates of one ZooKeeper session. A lock is listed once at a time, and
// those who ask meanwhile share the next listing: the longer a queue, the more it costs to list it, and the more of
// our candidates may want to know.
type roster struct {
	zs *zkSession

	mu       sync.Mutex // guards the field below, and listing.next
	listings map[string]*listing
}

// listing is a lock's queue as it was at some time after it was asked for.
type listing struct {
	dir  string
	done chan struct{} // closed when the fields below are set
	q    []queue.Candidate
	err  error // zk.ErrNoNode if there is no such lock; otherwise as zkSession.do

	next *listing // begins when this one is done; nil if nobody has asked
}

func newRoster(zs *zkSession) *roster {
	return &roster{zs: zs, listings: make(map[string]*listing)}
}

// list returns a listing that begins after the call. It never blocks.
func (r *roster) list(dir string) *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.listings[dir]
	if now != nil && now.next != nil {
		return now.next
	}
	l := &listing{dir: dir, done: make(chan struct{})}
	if now != nil {
		now.next = l
		return l
	}
	r.listings[dir] = l
	r.zs.s.work.Go(func() { r.run(l) }) // ends with the requests, or the ZooKeeper session; Close waits for it
	return l
}

// run lists a lock as long as somebody asks.
func (r *roster) run(l *listing) {
	for l != nil {
		var children []string
		l.err = r.zs.do(context.Background(), func() (err error) {
			children, _, err = r.zs.conn.Children(l.dir)
			return err
		})
		l.q = queue.Order(children)
		close(l.done)
		l = r.advance(l)
	}
}

// advance returns the listing that follows, nil if nobody wants one.
func (r *roster) advance(l *listing) *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.next == nil {
		delete(r.listings, l.dir)
	} else {
		r.listings[l.dir] = l.next
	}
	return l.next
}

// wait returns the queue, which is empty if the lock has no znode. It fails with ctx, and as zkSession.do does.
func (l *listing) wait(ctx context.Context) ([]queue.Candidate, error) {
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	if errors.Is(l.err, zk.ErrNoNode) {
		return nil, nil
	}
	return l.q, l.err
}
