package zklock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// longQueue is how many candidates make a queue long. To list it costs everybody more than to keep a record.
const longQueue = 256

// record is what the holder at the head of a long queue leaves in the lock's znode, in the transaction that removes its
// candidate: all candidates up to its own number are gone. The next in the queue needs no listing then. A candidate that
// only waited leaves none, nor does one whose session ends.
//
// Numbers begin anew in another znode of that name; so the record names the transaction that created the znode, in case
// that data is copied.
type record struct {
	lock   int64 // the lock's czxid
	number int32
}

const recordFormat = "zklock: released in %016x up to %010d"

func (r record) encode() []byte { return fmt.Appendf(nil, recordFormat, r.lock, r.number) }

func decodeRecord(data []byte) (r record, ok bool) {
	n, err := fmt.Sscanf(string(data), recordFormat, &r.lock, &r.number)
	return r, n == 2 && err == nil && string(r.encode()) == string(data)
}

// lockNode is what a candidate has read of its lock's znode.
type lockNode struct {
	czxid      int64
	cleared    int32 // all candidates up to this number are gone; -1 if there is no record
	version    int32
	candidates int
	foreign    bool // the data is somebody else's, and must stay
}

// after returns the znode as it is once the record has been written, by who has read it before.
func (n lockNode) after(r record) lockNode {
	n.cleared, n.version = r.number, n.version+1
	return n
}

func (zs *zkSession) readLock(ctx context.Context, dir string) (lockNode, error) {
	var n lockNode
	err := zs.do(ctx, func() (err error) {
		n, err = ask(ctx, zs, wire.GetData(dir, false), newLockNode)
		return err
	})
	return n, err
}

func newLockNode(reply wire.Reply) lockNode {
	data, stat := reply.Node()
	n := lockNode{czxid: stat.Czxid, cleared: -1, version: stat.Version, candidates: int(stat.NumChildren)}
	r, ok := decodeRecord(data)
	n.foreign = !ok && len(data) > 0
	if ok && r.lock == stat.Czxid {
		n.cleared = r.number
	}
	return n
}

// without sets who is ahead of a candidate now that one of those that it remembers is gone, as far as can be said without a
// listing. It is false if the queue must be listed. Those who are known to be gone do not come back.
func (c *candidate) without(ctx context.Context, at int, left departure) (known bool, err error) {
	gone, nearer, rest := c.line.nearest[at], c.line.nearest[:at:at], c.line.nearest[at+1:]
	switch {
	case left == wasFirst:
		c.line = ahead{nearest: nearer}
		return true, nil
	case gone.LeavesReader():
		return false, nil
	case !c.line.more:
		c.line.nearest = append(nearer, rest...)
		return true, nil
	case !c.long && !c.isNearlyLong():
		return false, nil
	}
	lock, err := c.measure(ctx)
	if err != nil {
		return false, err
	}
	c.lock = &lock
	switch {
	case lock.cleared >= gone.Seq:
		c.line = ahead{nearest: nearer}
		return true, nil
	case c.long && len(nearer)+len(rest) > 0: // it has given up: the others may be there still
		c.line.nearest = append(nearer, rest...)
		return true, nil
	default:
		return false, nil
	}
}

// isNearlyLong reports whether the queue was not long when it was measured, and may be by now.
func (c *candidate) isNearlyLong() bool {
	return c.measured > longQueue/2 && time.Since(c.since) >= 2*ownLook
}

// measure reads the lock's znode, which tells how long the queue is.
func (c *candidate) measure(ctx context.Context) (lock lockNode, err error) {
	lock, err = c.zs.readLock(ctx, c.dir)
	if errors.Is(err, zk.ErrNoNode) {
		return lock, errVanished
	}
	if err == nil {
		c.long = lock.candidates > longQueue
	}
	return lock, err
}

// newRecord returns the record to leave, if there is need of one, and a right to leave it.
func (c *candidate) newRecord(ctx context.Context) (r record, ok bool) {
	if !c.front || !c.long || c.zs.noRecords.Load() || c.cfg.naming != NamingDefault { // theirs looks as they made it
		return r, false
	}
	if c.lock == nil {
		lock, err := c.zs.readLock(ctx, c.dir)
		if err != nil {
			return r, false // the removal meets with the same
		}
		c.lock = &lock
	}
	return record{lock: c.lock.czxid, number: c.place.Seq}, !c.lock.foreign
}

// deleteOnce removes the candidate's znode, and leaves a record if that is to be. Whoever waits behind it in this session
// is told first: it may be woken before the answer is here.
func (c *candidate) deleteOnce(ctx context.Context) error {
	for {
		r, ok := c.newRecord(ctx)
		if !ok {
			return c.deleteAlone(ctx)
		}
		version, lock := c.lock.version, c.lock.after(r)
		c.bequeath(&legacy{lock: &lock})
		err := c.zs.apart(ctx, func() error {
			_, err := c.zs.conn.Multi(
				&zk.DeleteRequest{Path: c.path, Version: -1},
				&zk.SetDataRequest{Path: c.dir, Data: r.encode(), Version: version},
			)
			return err
		})
		switch {
		case errors.Is(err, zk.ErrBadVersion): // somebody else has written to it: look what
			c.lock = nil
		case err == nil || errors.Is(err, zk.ErrNoNode) || outcomeOf(err) != answered:
			return err
		default:
			c.zs.noRecords.Store(true) // it may not be ours to write
		}
	}
}

// deleteAlone is deleteOnce without a record. If the holder has a sibling directly behind that has not been looked at yet, that
// is read in the same packet: it need not do so itself when it is woken.
func (c *candidate) deleteAlone(ctx context.Context) error {
	c.bequeath(new(legacy))
	remove := wire.Delete(c.path)
	next := c.heir()
	if next == "" {
		_, err := ask(ctx, c.zs, remove, nothing)
		return err
	}
	read := wire.GetData(c.dir+"/"+next, false)
	removed, seen := responsesTo(remove, nothing), responsesTo(read, newNodeState)
	c.zs.send(remove, read)
	if state, err := seen.wait(ctx); err == nil { // it comes right behind the other answer: to be woken once is enough
		c.bequeath(&legacy{next: next, state: state})
	}
	_, err := removed.wait(ctx)
	return err
}

// heir returns the name of the sibling directly behind that waits for this one to leave, and whose znode is not watched; "" for none.
func (c *candidate) heir() string {
	if !c.front {
		return ""
	}
	next, ok := c.zs.siblings.directlyBehind(c)
	if !ok || c.zs.watches.isArmed(c.dir+"/"+next.Name) {
		return ""
	}
	return next.Name
}

// bequeath tells who waits behind the candidate in this session that nobody is ahead of it, and more.
func (c *candidate) bequeath(l *legacy) {
	if c.front {
		c.zs.watches.bequeath(c.path, l)
	}
}
