package recipe

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/internal/zkpath"
)

// This is how a candidate is told from a child that only has a candidate's name.

// isCandidate is the one rule: a child with a number in its name is a candidate if it belongs to a
// session. Kazoo has candidates that do not; they count for a handle that shares the lock with
// kazoo.
func isCandidate(voice queue.Voice, c queue.Candidate, owner int64) bool {
	return owner != 0 || voice.Persistent(c)
}

// readsAtOnce bounds how many znodes one packet asks about.
const readsAtOnce = 256

// hidden stands in for the Stat of a znode that is there, and of which a server tells us no more.
var hidden = new(zk.Stat)

// isCandidateBy is isCandidate by a Stat. A child that is hidden counts: it may be one.
func isCandidateBy(voice queue.Voice, c queue.Candidate, stat *zk.Stat) bool {
	return stat == hidden || isCandidate(voice, c, stat.EphemeralOwner)
}

// A StatReader calls f for each of some children of a znode in turn, with its Stat, with nil for
// one that is gone, or with hidden for one that we may not read, until f fails.
type StatReader func(
	ctx context.Context, dir string, children []queue.Candidate,
	f func(queue.Candidate, *zk.Stat) error,
) error

// Stats reads the Stat of children of a znode, and not their data, which can be large. It is a
// StatReader.
func (zs *Local) Stats(
	ctx context.Context, dir string, children []queue.Candidate,
	f func(queue.Candidate, *zk.Stat) error,
) error {
	request := func(i int) *wire.Request {
		return wire.Exists(zkpath.Join(dir, "/"+children[i].Name), false)
	}
	answered := func(i int, answer ensemble.Response[zk.Stat]) error {
		if errors.Is(answer.Err, zk.ErrNoNode) {
			return f(children[i], nil)
		}
		if errors.Is(answer.Err, zk.ErrNoAuth) {
			return f(children[i], hidden)
		}
		if answer.Err != nil {
			return answer.Err
		}
		return f(children[i], &answer.Value)
	}
	return ensemble.AskEach(ctx, zs.Session, len(children), readsAtOnce, request,
		wire.Reply.Stat, answered)
}

// Entry is a candidate with the Stat of its znode.
type Entry struct {
	queue.Candidate
	Stat   zk.Stat
	Holder bool
}

// Entries returns the children of a znode that are candidates, in queue order.
func (zs *Local) Entries(
	ctx context.Context, dir string, children []string, voice queue.Voice, read StatReader,
) (q []Entry, err error) {
	err = read(ctx, dir, queue.OrderAny(children), func(c queue.Candidate, stat *zk.Stat) error {
		if stat != nil && isCandidateBy(voice, c, stat) {
			q = append(q, Entry{Candidate: c, Stat: *stat})
		}
		return nil
	})
	markHolders(q)
	return q, err
}

// Queue lists a lock's queue, which is empty if the lock has no znode.
func (zs *Local) Queue(
	ctx context.Context, dir string, voice queue.Voice, read StatReader,
) ([]Entry, error) {
	l, err := zs.roster.list(ctx, dir)
	if err != nil {
		return nil, err
	}
	return zs.Entries(ctx, dir, l.children, voice, read)
}

// markHolders sets who holds the lock. A server gives numbers in the order of creation. If a
// candidate's number is less than the numbers of earlier candidates, the znode was created with it
// by hand: later candidates wait for it, and it is not a holder.
//
// A reader may have the number of an earlier writer, which was downgraded.
func markHolders(q []Entry) {
	numbered := make([]*Entry, 0, len(q))
	earliest := int64(math.MaxInt64) // creation of those behind
	for i := range slices.Backward(q) {
		c := &q[i]
		if c.Stat.Czxid == 0 { // hidden
			numbered = append(numbered, c)
			continue
		}
		if c.Stat.Czxid < earliest || c.Kind == queue.Read {
			numbered = append(numbered, c)
		}
		earliest = min(earliest, c.Stat.Czxid)
	}
	slices.Reverse(numbered)
	places := make([]queue.Candidate, len(numbered))
	for i, c := range numbered {
		places[i] = c.Candidate
	}
	for i := range queue.Holders(places) {
		numbered[i].Holder = true
	}
}
