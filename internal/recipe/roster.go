package recipe

import (
	"context"
	"errors"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// longQueue is how many candidates make a queue long. It is put in order once for all who look at
// it; in a shorter one each finds its place by itself.
const longQueue = 256

// roster lists the queues of locks for the candidates of one ZooKeeper session. A lock is listed
// once at a time, and all requests that come meanwhile share the next listing: the longer a queue,
// the more it costs to list it, and the more of our candidates may want a listing.
type roster struct {
	zs *ensemble.Session

	mu       sync.Mutex // guards the field below, and listing.next
	listings map[string]*listing
}

// listing is a lock's queue as it was at some time after it was asked for.
type listing struct {
	dir  string
	done chan struct{} // closed when the fields below are set, q only if the queue is long
	err  error

	children []string
	sorting  sync.Once
	q        []queue.Candidate
	unknown  []queue.Candidate // children with a number whose makers are not known

	next *listing // begins when this one is done; nil if none is wanted
}

func newRoster(zs *ensemble.Session) *roster {
	return &roster{zs: zs, listings: make(map[string]*listing)}
}

// list lists a lock's queue, which is empty if the lock has no znode. It fails with ctx, and as
// Session.Do does.
func (r *roster) list(ctx context.Context, dir string) (l *listing, err error) {
	return r.listThen(ctx, dir, nil)
}

// listThen is list, with requests behind it in the same packet, unless the listing is shared. behind
// may be nil, and is called again if the listing is repeated.
func (r *roster) listThen(ctx context.Context, dir string,
	behind func(*listing) []*wire.Request) (l *listing, err error) {
	err = r.zs.Do(ctx, func() error {
		var mine bool
		if l, mine = r.begin(dir); mine {
			requests := []*wire.Request{r.request(l)}
			if behind != nil {
				requests = append(requests, behind(l)...)
			}
			r.zs.Send(requests...)
		}
		return l.wait(ctx)
	})
	if errors.Is(err, zk.ErrNoNode) {
		err = nil
	}
	return l, err
}

// begin returns a listing that begins after the call, and whether it is the caller's to run, or to
// finish.
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
func (r *roster) request(l *listing) *wire.Request {
	request := wire.GetChildren(l.dir, false)
	request.Done = func(reply wire.Reply) {
		var children []string
		err := ensemble.ErrorOf(reply)
		if err == nil {
			children = reply.Children()
		}
		r.finish(l, children, err)
	}
	return request
}

// finish sets the outcome of a listing, and begins the next if one is wanted.
func (r *roster) finish(l *listing, children []string, err error) {
	l.children, l.err = children, err
	if len(children) > longQueue { // many may want it, and it takes a deep stack
		l.queue()
	}
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
		r.zs.Send(r.request(next))
	}
}

// wait waits for the listing. It fails with ctx.
func (l *listing) wait(ctx context.Context) error {
	if err := ensemble.WaitFor(ctx, l.done); err != nil {
		return err
	}
	return l.err
}

// queue returns the queue in its order, and sets unknown.
func (l *listing) queue() []queue.Candidate {
	l.sorting.Do(func() { l.q, l.unknown = queue.Order(l.children), queue.Unknowns(l.children) })
	return l.q
}
