package zklock

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/queue"
)

// Kind is what a contender asks for.
type Kind uint8

// The kinds of contender.
const (
	KindLock  = Kind(queue.Lock)  // a mutex: excludes everybody
	KindRead  = Kind(queue.Read)  // a reader: shares with readers
	KindWrite = Kind(queue.Write) // the writer of a read/write lock: excludes everybody
)

func (k Kind) String() string {
	switch k {
	case KindLock:
		return "lock"
	case KindRead:
		return "read"
	case KindWrite:
		return "write"
	default:
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
}

// Contender is one place in a lock's queue, as anybody can see it. Name and data come from whoever made the znode, and
// are not to be trusted.
type Contender struct {
	Znode     string // the znode's name, without the lock's path
	Kind      Kind
	Sequence  int32
	Holder    bool   // whether it holds the lock
	Revoked   bool   // whether it was asked to release
	Data      []byte // who it is, until a revocation mark overwrites it
	SessionID int64
	Zxid      int64 // of its creation: the Zxid of its Token if it is an exclusive one
	Created   time.Time
	Modified  time.Time
}

// requestsAtOnce bounds how many reads one call has under way.
const requestsAtOnce = 32

// Contenders returns everybody in the lock's queue, in queue order. It is empty for a lock that nobody uses.
func (m *Mutex) Contenders(ctx context.Context) ([]Contender, error) {
	contenders, err := request(ctx, m.s, m.contenders)
	return contenders, opError("look at", m.path, err)
}

func (m *Mutex) contenders(ctx context.Context, zs *zkSession) ([]Contender, error) {
	q, err := zs.roster.read(ctx, m.path)
	if err != nil {
		return nil, err
	}
	found := make([]*Contender, len(q))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(requestsAtOnce)
	for i, c := range q {
		g.Go(func() (err error) {
			found[i], err = zs.contender(ctx, m.path, c, m.cfg.voice(m.kind))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	contenders, present := make([]Contender, 0, len(q)), make([]queue.Candidate, 0, len(q))
	for i, c := range found {
		if c != nil {
			contenders, present = append(contenders, *c), append(present, q[i])
		}
	}
	for i := range queue.Holders(present) {
		contenders[i].Holder = true
	}
	return contenders, nil
}

// contender reads one candidate; it is nil if that has gone, or is none.
func (zs *zkSession) contender(ctx context.Context, path string, c queue.Candidate, voice queue.Voice) (*Contender, error) {
	var data []byte
	var stat *zk.Stat
	err := zs.do(ctx, func() (err error) {
		data, stat, err = zs.conn.Get(path + "/" + c.Name)
		return err
	})
	if errors.Is(err, zk.ErrNoNode) || err == nil && isPhantom(voice, c, stat.EphemeralOwner) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Contender{
		Znode:     c.Name,
		Kind:      Kind(c.Kind),
		Sequence:  c.Seq,
		Revoked:   isRevocationMark(data),
		Data:      data,
		SessionID: stat.EphemeralOwner,
		Zxid:      stat.Czxid,
		Created:   time.UnixMilli(stat.Ctime),
		Modified:  time.UnixMilli(stat.Mtime),
	}, nil
}

// RevokeAll writes the revocation mark into every candidate in the queue, this handle's own included, and returns into
// how many. It does not wait for them to release.
func (m *Mutex) RevokeAll(ctx context.Context) (int, error) {
	n, err := m.forAll(ctx, func(ctx context.Context, zs *zkSession, path string) error { return zs.ask(ctx, path) })
	return n, opError("revoke", m.path, err)
}

// Clear removes every candidate in the queue, this handle's own included, and returns how many. Those that wait queue again.
// Holders are told as by Force, when somebody else may have the lock already. It is meant for locks whose holders are beyond
// being asked: otherwise use LockRevoking with AskThenForce, or RevokeAll.
func (m *Mutex) Clear(ctx context.Context) (int, error) {
	n, err := m.forAll(ctx, func(ctx context.Context, zs *zkSession, path string) error {
		return zs.do(ctx, func() error { return zs.conn.Delete(path, -1) })
	})
	return n, opError("clear", m.path, err)
}

// forAll applies op to every candidate in the queue and returns to how many; those that have gone do not count.
func (m *Mutex) forAll(ctx context.Context, op func(context.Context, *zkSession, string) error) (int, error) {
	return request(ctx, m.s, func(ctx context.Context, zs *zkSession) (int, error) {
		q, err := zs.roster.read(ctx, m.path)
		if err != nil {
			return 0, err
		}
		var n atomic.Int64
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(requestsAtOnce)
		for _, c := range q {
			g.Go(func() error {
				path := m.path + "/" + c.Name
				node, err := zs.readNode(ctx, path)
				if err == nil && isPhantom(m.cfg.voice(m.kind), c, node.owner) {
					return nil
				}
				if err == nil {
					err = op(ctx, zs, path)
				}
				if errors.Is(err, zk.ErrNoNode) {
					return nil
				}
				if err == nil {
					n.Add(1)
				}
				return err
			})
		}
		err = g.Wait()
		return int(n.Load()), err
	})
}
