package zklock

import (
	"context"
	"errors"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
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
	err  error

	next *listing // begins when this one is done; nil if nobody has asked
}

func newRoster(zs *zkSession) *roster {
	return &roster{zs: zs, listings: make(map[string]*listing)}
}

// read lists a lock's queue, which is empty if the lock has no znode. It fails with ctx, and as zkSession.do does.
func (r *roster) read(ctx context.Context, dir string) (q []queue.Candidate, err error) {
	err = r.zs.do(ctx, func() (err error) {
		l, mine := r.begin(dir)
		if mine {
			r.run(l)
		}
		q, err = l.wait(ctx)
		return err
	})
	if errors.Is(err, zk.ErrNoNode) {
		err = nil
	}
	return q, err
}

// begin returns a listing that begins after the call, and whether it is the caller's to run, or to finish.
func (r *roster) begin(dir string) (l *listing, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.listings[dir]
	switch {
	case now == nil:
		now = &listing{dir: dir, done: make(chan struct{})}
		r.listings[dir] = now
		return now, true
	case now.next == nil:
		now.next = &listing{dir: dir, done: make(chan struct{})}
	}
	return now.next, false
}

// request returns the request for a listing, which finishes it.
func (r *roster) request(l *listing) wire.Request {
	request := wire.GetChildren(l.dir)
	request.Done = func(reply wire.Reply) {
		var children []string
		err := errorOf(reply)
		if err == nil {
			children = reply.Children()
		}
		r.finish(l, children, err)
	}
	return request
}

// run asks for a listing.
func (r *roster) run(l *listing) {
	if !r.zs.send(r.request(l)) {
		r.finish(l, nil, zk.ErrNoServer)
	}
}

// finish tells the outcome of a listing, and runs the next if somebody has asked.
func (r *roster) finish(l *listing, children []string, err error) {
	l.q, l.err = queue.Order(children), err
	close(l.done)
	r.mu.Lock()
	next := l.next
	if next == nil {
		delete(r.listings, l.dir)
	} else {
		r.listings[l.dir] = next
	}
	r.mu.Unlock()
	if next != nil {
		r.run(next)
	}
}

func (l *listing) wait(ctx context.Context) ([]queue.Candidate, error) {
	select {
	case <-l.done:
		return l.q, l.err
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
}
