package zklock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/survey"
	"github.com/zookylock/zklock/internal/wire"
)

// Contender is one place in a lock's queue. Znode and Data were written by the client that created
// the znode, and are not to be trusted.
type Contender struct {
	Znode     string // the znode's name, or path for a semaphore, below the lock's path
	Kind      Kind
	Sequence  int32
	Holder    bool   // whether it holds the lock
	Revoked   bool   // whether it was asked to release
	RevokedBy string // who asked, if the client says so: see RevokedError
	Reason    string // why, if the client says so
	// its identity, at most the first 4096 bytes; nil if another client's revocation mark has
	// overwritten it
	Data      []byte
	DataSize  int       // the length of the whole identity, in bytes
	SessionID int64     // 0 for a candidate of kazoo that belongs to no session
	Zxid      int64     // of the znode's creation; the Zxid of the Token if the contender is exclusive
	Created   time.Time // since when it has been in the queue
	Modified  time.Time
	// since when it holds the lock, or permits, by the servers' clock; zero if not known. A holder
	// of a lock with NamingDefault writes it into its znode when it has held the lock for 10 s;
	// other clients do not. It was written by that client, and is not to be trusted.
	HeldSince time.Time
	Permits   int // how many permits of a semaphore it holds; 0 for a waiter, and for a lock
	// whether its client may keep the hold while no goroutine has it; see WithIdleHold
	IdleHold bool

	// Err is why Data could not be read; it matches zk.ErrNoAuth if the znode's ACL does not allow
	// it. Data and Revoked are not known then. From ZooKeeper 3.9.2 on, only Holder and what the
	// znode's name says are known.
	Err error
}

// contendersKept is how many contenders Contenders returns.
const contendersKept = 100_000

// Contenders returns the holders and waiters of the lock, in the order of the queue. It returns
// none if the lock is free. A contender whose data may not be read has an Err.
//
// Of a queue of more than 100,000 it returns the first 100,000, and an error that matches
// ErrIncomplete and says how many are left out.
func (m *Mutex) Contenders(ctx context.Context) ([]Contender, error) {
	m.check()
	contenders, err := recipe.Request(ctx, m.s.locks, m.contenders)
	return contenders, opError("look at", m.path, err)
}

func (m *Mutex) contenders(ctx context.Context, zs *recipe.Local) ([]Contender, error) {
	q, err := zs.Queue(ctx, m.path, m.cfg.Voice(m.kind), zs.Stats)
	if err != nil {
		return nil, err
	}
	var incomplete error
	if more := len(q) - contendersKept; more > 0 {
		incomplete = fmt.Errorf("%w: %d contenders are left out", ErrIncomplete, more)
		q = q[:contendersKept]
	}
	contenders, err := describe(ctx, zs, m.path, q)
	if err != nil {
		return nil, err
	}
	return contenders, incomplete
}

// describe reads the candidates' data and returns them as Contenders. Candidates that are gone are
// left out.
func describe(ctx context.Context, zs *recipe.Local, dir string,
	q []recipe.Entry) ([]Contender, error) {
	contenders := make([]Contender, 0, len(q))
	request := func(i int) *wire.Request { return wire.GetData(dir+"/"+q[i].Name, false) }
	err := ensemble.AskEach(ctx, zs.Session, len(q), ensemble.AtOnce, request, recipe.NewNode,
		func(i int, answer ensemble.Response[recipe.Node]) error {
			if errors.Is(answer.Err, zk.ErrNoNode) {
				return nil
			}
			contender, err := newContender(q[i], answer)
			contenders = append(contenders, contender)
			return err
		})
	return contenders, err
}

// newContender makes a Contender of a candidate and the answer about its data.
func newContender(c recipe.Entry, answer ensemble.Response[recipe.Node]) (Contender, error) {
	node, err := answer.Value, answer.Err
	if err != nil {
		node = recipe.Node{Stat: c.Stat, Size: int(c.Stat.DataLength)}
	}
	contender := Contender{
		Znode:     c.Name,
		Kind:      Kind(c.Kind),
		Sequence:  c.Seq,
		Holder:    c.Holder,
		Revoked:   node.Said.Mark != nil,
		Data:      node.Said.Who,
		DataSize:  node.Size,
		SessionID: node.Stat.EphemeralOwner,
		Zxid:      node.Stat.Czxid,
		Created:   time.UnixMilli(node.Stat.Ctime),
		Modified:  time.UnixMilli(node.Stat.Mtime),
		IdleHold:  queue.Keeps(c.Name),
	}
	if mark := node.Said.Mark; mark != nil {
		contender.RevokedBy, contender.Reason = mark.By, mark.Reason
	}
	if c.Holder && node.Said.Granted {
		contender.HeldSince = contender.Created.Add(node.Said.After)
	}
	if errors.Is(err, zk.ErrNoAuth) || errors.Is(err, zk.ErrAPIError) {
		contender.Err, err = err, nil
	}
	return contender, err
}

// RevokeAll writes the revocation mark into every candidate in the queue, including this handle's
// own, and returns how many there are. It does not wait for them to release. If some candidates may
// not be written, the others are still marked, and the error matches zk.ErrNoAuth. A candidate that
// was marked before counts, and is not marked again.
//
// The mark says who revokes, and with WithReason why: see RevokedError.
func (m *Mutex) RevokeAll(ctx context.Context, opts ...RevokeOption) (int, error) {
	return m.managed().revoke(ctx, isAny, opts)
}

// RevokeHolder is like RevokeAll but marks only the holder, or the holders if they are readers.
// Waiters are not marked, and the first of them is granted the lock when the holder releases it.
func (m *Mutex) RevokeHolder(ctx context.Context, opts ...RevokeOption) (int, error) {
	return m.managed().revoke(ctx, func(c recipe.Entry) bool { return c.Holder }, opts)
}

// Revoke writes the revocation mark into one candidate, which Contenders has returned; only its
// Znode is used. It fails with an error that matches zk.ErrNoNode if the candidate is gone.
func (m *Mutex) Revoke(ctx context.Context, c Contender, opts ...RevokeOption) error {
	return m.managed().revokeOne(ctx, c, opts)
}

// Clear removes every candidate in the queue, including this handle's own, and returns how many
// there were. Waiters queue again. As with Force, a holder is told only when another client may
// have the lock already. Clear is for holders that no longer respond; otherwise use LockRevoking
// with AskThenForce, or RevokeAll.
func (m *Mutex) Clear(ctx context.Context) (int, error) {
	return m.managed().clear(ctx)
}

func deleteZnode(ctx context.Context, zs *recipe.Local, path string) error {
	return zs.Do(ctx, func() error { return zs.Conn.Delete(path, -1) })
}

func isAny(recipe.Entry) bool { return true }

// managed is a lock or a semaphore that is to be inspected, revoked or cleared.
type managed struct {
	s       *Session
	path    string
	cfg     *lockConfig
	entries func(context.Context, *recipe.Local) ([]recipe.Entry, error)
}

func (m *Mutex) managed() managed {
	m.check()
	return managed{m.s, m.path, &m.cfg,
		func(ctx context.Context, zs *recipe.Local) ([]recipe.Entry, error) {
			return zs.Queue(ctx, m.path, m.cfg.Voice(m.kind), zs.Stats)
		}}
}

func (l managed) revoke(
	ctx context.Context, meant func(recipe.Entry) bool, opts []RevokeOption,
) (int, error) {
	mark, err := l.cfg.mark(opts)
	if err != nil {
		return 0, opError("revoke", l.path, err)
	}
	n, err := l.forEach(ctx, meant, func(ctx context.Context, zs *recipe.Local, path string) error {
		return zs.Revoke(ctx, path, mark)
	})
	return n, opError("revoke", l.path, err)
}

func (l managed) revokeOne(ctx context.Context, c Contender, opts []RevokeOption) error {
	mark, err := l.cfg.mark(opts)
	if err != nil {
		return opError("revoke", l.path, err)
	}
	_, err = recipe.Request(ctx, l.s.locks,
		func(ctx context.Context, zs *recipe.Local) (struct{}, error) {
			return struct{}{}, zs.Revoke(ctx, l.path+"/"+c.Znode, mark)
		})
	return opError("revoke", l.path, err)
}

func (l managed) clear(ctx context.Context) (int, error) {
	n, err := l.forEach(ctx, isAny, deleteZnode)
	return n, opError("clear", l.path, err)
}

// forEach applies op to the entries for which meant is true. It returns their number, without
// entries that are gone. If op is not allowed on one it goes on with the others.
func (l managed) forEach(
	ctx context.Context, meant func(recipe.Entry) bool,
	op func(context.Context, *recipe.Local, string) error,
) (int, error) {
	return recipe.Request(ctx, l.s.locks, func(ctx context.Context, zs *recipe.Local) (int, error) {
		q, err := l.entries(ctx, zs)
		if err != nil {
			return 0, err
		}
		q = slices.DeleteFunc(q, func(c recipe.Entry) bool { return !meant(c) })
		return applyTo(ctx, zs, l.path, q, op)
	})
}

// applyTo applies op to the candidates of a lock.
func applyTo(
	ctx context.Context, zs *recipe.Local, dir string, q []recipe.Entry,
	op func(context.Context, *recipe.Local, string) error,
) (int, error) {
	var n, forbidden atomic.Int64
	err := ensemble.ForEach(ctx, len(q), func(ctx context.Context, i int) error {
		err := op(ctx, zs, dir+"/"+q[i].Name)
		switch {
		case err == nil:
			n.Add(1)
		case errors.Is(err, zk.ErrNoAuth):
			forbidden.Add(1)
		case !errors.Is(err, zk.ErrNoNode):
			return err
		}
		return nil
	})
	if err == nil && forbidden.Load() > 0 {
		err = fmt.Errorf("%d of %d: %w", forbidden.Load(), len(q), zk.ErrNoAuth)
	}
	return int(n.Load()), err
}

// LockInfo is one lock under the root. Its Name was chosen by the client that created the znode,
// and is not to be trusted.
type LockInfo struct {
	Name    string
	Kind    Kind // of the first holder; KindSemaphore for a semaphore; 0 for a lock that is free
	Holders int  // 0 if the lock is free
	Waiters int
	Permits int // of a semaphore, that its holders have
	Revoked int // how many holders and waiters were asked to release
	Created time.Time

	HeldBy       string    // the first holder's identity, at most 256 bytes; empty if not known
	HeldSince    time.Time // since when it holds the lock; zero if not known, see Contender
	QueuedSince  time.Time // since when it has been in the queue; zero if the lock is free
	WaitingSince time.Time // since when the first waiter has waited; zero if there are no waiters

	// Err is why the lock could not be looked at; nothing but its name is known then. It matches
	// zk.ErrNoAuth if the znode's ACL does not allow it.
	Err error
}

// Locks returns every lock under the root, sorted by name. A znode is a lock if it has a queue, or
// if it has no children; other znodes with children are segments of longer names. A lock that is
// removed meanwhile is left out. A lock that may not be read has an Err.
//
// Locks reads at most 1,000,000 znodes, 250,000 children of each znode, and 128 MiB of names. It
// does not read znodes whose names are longer than the 1024 bytes that a lock's name may have. If
// there are more, it returns what it has read, and an error that matches ErrIncomplete and says how
// many are left out.
func (s *Session) Locks(ctx context.Context) ([]LockInfo, error) {
	s.check()
	locks, err := recipe.Request(ctx, s.locks, s.listLocks)
	return locks, opError("list", s.root, err)
}

func (s *Session) listLocks(ctx context.Context, zs *recipe.Local) ([]LockInfo, error) {
	all := survey.New(zs, s.root, maxNameLen)
	if err := all.Visit(ctx, []string{s.root}); err != nil {
		return nil, err
	}
	return lockInfos(all)
}

// lockInfos returns all locks of a survey, sorted by name.
func lockInfos(s *survey.Survey) ([]LockInfo, error) {
	locks, leftOut := s.Locks()
	infos := make([]LockInfo, len(locks))
	for i, l := range locks {
		infos[i] = LockInfo{
			Name: l.Name, Kind: Kind(l.Kind), Holders: l.Holders, Waiters: l.Waiters,
			Permits: l.Permits, Revoked: l.Revoked, Created: l.Created, HeldBy: l.HeldBy,
			HeldSince: l.HeldSince, QueuedSince: l.QueuedSince, WaitingSince: l.WaitingSince,
			Err: l.Err,
		}
		if l.IsSemaphore {
			infos[i].Kind = KindSemaphore
		}
	}
	if leftOut > 0 {
		return infos, fmt.Errorf("%w: %d znodes are left out: their names are longer than %d bytes, "+
			"or they are too many", ErrIncomplete, leftOut, maxNameLen)
	}
	return infos, nil
}

// Remove deletes the znode of a lock that is not in use. It fails with an error that matches
// ErrLocked if the queue is not empty, zk.ErrNoNode if there is no such lock, and zk.ErrNotEmpty if
// there are other znodes below it, such as locks whose names begin with this name.
func (s *Session) Remove(ctx context.Context, name string) error {
	s.check()
	path, err := s.lockPath(name)
	if err != nil {
		return opError("remove", "", err)
	}
	_, err = recipe.Request(ctx, s.locks,
		func(ctx context.Context, zs *recipe.Local) (struct{}, error) {
			unsure := false // whether an earlier deletion may have been ours
			err := zs.Do(ctx, func() error {
				err := zs.Conn.Delete(path, -1)
				if unsure && errors.Is(err, zk.ErrNoNode) {
					return nil
				}
				unsure = unsure || ensemble.OutcomeOf(err) == ensemble.Unknown
				return err
			})
			if errors.Is(err, zk.ErrNotEmpty) {
				q, listErr := zs.Queue(ctx, path, queue.Voice{}, zs.Stats)
				switch {
				case listErr != nil:
					err = ensemble.JoinErrors(err, listErr)
				case len(q) > 0:
					err = fmt.Errorf("%w: %d queue for it", ErrLocked, len(q))
				default:
					err = removeSemaphore(ctx, zs, path, err)
				}
			}
			return struct{}{}, err
		})
	return opError("remove", path, err)
}

// removeSemaphore deletes a semaphore that is not in use. If znode is not a semaphore it returns
// notEmpty, the error of the attempt to delete the znode.
func removeSemaphore(ctx context.Context, zs *recipe.Local, znode string, notEmpty error) error {
	children, _, err := zs.Conn.Children(znode)
	if err != nil ||
		slices.ContainsFunc(children, func(name string) bool {
			return !recipe.IsPartOfSemaphore(name)
		}) {
		return notEmpty
	}
	var ops []any
	for _, name := range children {
		ops = append(ops, &zk.DeleteRequest{Path: znode + "/" + name, Version: -1})
	}
	ops = append(ops, &zk.DeleteRequest{Path: znode, Version: -1})
	err = zs.DoApart(ctx, func() error {
		_, err := zs.Conn.Multi(ops...)
		return err
	})
	if errors.Is(err, zk.ErrNotEmpty) {
		err = fmt.Errorf("%w: the semaphore is in use", ErrLocked)
	}
	return err
}
