package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// This is what a semaphore has in ZooKeeper besides its queue: how many permits there are, and
// which are out.

// limit is how many permits a semaphore has.
type limit struct {
	size    int   // 0 if no handle has said so far
	resized bool  // it was set for all
	version int32 // of the znode that says so
}

// allows fails if a handle that says another size may not use the semaphore, or not so many permits
// at once.
func (l limit) allows(handle, permits int) error {
	switch {
	case !l.resized && l.size != handle:
		return fmt.Errorf("%w: it is %d, and this handle is made for %d. Make them the same, "+
			"or set the size for all with Resize", ErrSize, l.size, handle)
	case permits > l.size:
		return fmt.Errorf("%w: it is %d, and %d permits are asked for", ErrSize, l.size, permits)
	}
	return nil
}

// limit returns how many permits there are. If no size is set, it sets this handle's. It fails with
// zk.ErrNoNode if the semaphore has no znode.
//
// It asks no server while it is watched that nothing has changed.
func (p *Pool) limit(ctx context.Context, zs *Local) (limit, error) {
	if l, ok := zs.Watches.Memo(p.Path).(limit); ok {
		return l, nil
	}
	w := zs.Watches.WatchPlace(p.Path, nil)
	defer w.Stop()
	for {
		if _, err := w.Read(ctx); err != nil {
			return limit{}, err
		}
		told, armed := w.ArmedSince()
		l, err := p.ask(ctx, zs)
		switch again, stands := w.ArmedSince(); {
		case err != nil:
			return limit{}, err
		case l.size == 0:
			if err := p.declare(ctx, zs, l.version); err != nil {
				return limit{}, err
			}
		case armed && stands && told == again: // otherwise it may have changed in the middle
			w.Remember(told, l)
			return l, nil
		}
	}
}

// declare sets the size that this handle has, unless the znode has changed.
func (p *Pool) declare(ctx context.Context, zs *Local, version int32) error {
	err := zs.DoApart(ctx, func() error {
		_, err := zs.Conn.Set(p.Path, sizeData(p.Size), version)
		return err
	})
	if errors.Is(err, zk.ErrBadVersion) {
		return nil
	}
	return err
}

// ask reads how many permits there are, and looks for other clients that use the path otherwise.
func (p *Pool) ask(ctx context.Context, zs *Local) (l limit, err error) {
	var children []string
	err = zs.Do(ctx, func() error {
		read, list := wire.GetData(p.Path, false), wire.GetChildren(p.Path, false)
		kazoo := wire.Exists(p.kazooQueue(), false)
		size := ensemble.ResponsesTo(read, func(r wire.Reply) sizeAnswer {
			data, stat := r.Node()
			n, err := parseSize(data)
			return sizeAnswer{limit{size: n, version: stat.Version}, err}
		})
		names := ensemble.ResponsesTo(list, wire.Reply.Children)
		kazoos := ensemble.ResponsesTo(kazoo, ensemble.Nothing)
		zs.Send(read, list, kazoo)
		answer, err := size.Wait(ctx)
		if err != nil {
			return err
		}
		if children, err = names.Wait(ctx); err != nil {
			return err
		}
		if _, err = kazoos.Wait(ctx); err == nil {
			answer.err = errKazoo
		} else if !errors.Is(err, zk.ErrNoNode) && !errors.Is(err, zk.ErrNoAuth) {
			return err
		}
		l = answer.limit
		return answer.err
	})
	if err != nil {
		return limit{}, err
	}
	l.resized = slices.Contains(children, resizedName)
	return l, p.refuseStrangers(ctx, zs, children)
}

type sizeAnswer struct {
	limit
	err error
}

// refuseStrangers fails if a client uses the znode as a lock, or as kazoo uses its semaphores.
func (p *Pool) refuseStrangers(ctx context.Context, zs *Local, children []string) error {
	var suspects []queue.Candidate
	for _, name := range children {
		if _, ok := queue.Parse(name); ok || queue.IsKazooPermit(name) {
			suspects = append(suspects, queue.Candidate{Name: name})
		}
	}
	return zs.Stats(ctx, p.Path, suspects, func(other queue.Candidate, stat *zk.Stat) error {
		switch {
		case stat == nil || stat != hidden && stat.EphemeralOwner == 0:
			return nil
		case queue.IsKazooPermit(other.Name):
			return errKazoo
		default:
			return fmt.Errorf("%w: %s uses the path as a lock. Use another name for the semaphore",
				ErrMixedDialects, other.Name)
		}
	})
}

// used returns how many permits are out. It fails with an error that matches ErrMixedDialects if
// some are of a client that counts them in another way.
func (cfg *Config) used(permits []string) (n int64, err error) {
	for _, name := range permits {
		permit := queue.ParsePermit(name)
		switch {
		case cfg.Dialect == queue.Curator && permit.Dialect == queue.Native:
			return 0,
				fmt.Errorf("%w: %s is of a semaphore under the %s naming, which counts permits in "+
					"another way than Curator. Use WithNaming(NamingCurator) everywhere, or another name",
					ErrMixedDialects, name, "default")
		case cfg.Dialect != queue.Curator && permit.Dialect != queue.Native:
			return 0, fmt.Errorf("%w: %s is a permit of another client. If it is Curator's "+
				"InterProcessSemaphoreV2, use WithNaming(NamingCurator), otherwise another name",
				ErrMixedDialects, name)
		}
		n += permit.Count
	}
	return n, nil
}

// Limit returns how many permits a semaphore has, and whether that was set for all. It fails with
// zk.ErrNoNode if the semaphore has no znode.
func (zs *Local) Limit(ctx context.Context, p *Pool) (size int, resized bool, err error) {
	l, err := p.ask(ctx, zs)
	return l.size, l.resized, err
}

// Resize sets how many permits a semaphore has, for all. 0 leaves it to the handles again.
func (zs *Local) Resize(ctx context.Context, cfg *Config, size int) error {
	for {
		l, err := cfg.Pool.ask(ctx, zs)
		if err == nil {
			err = zs.resize(ctx, cfg, l, size)
		} else if errors.Is(err, zk.ErrNoNode) {
			if size == 0 {
				return nil
			}
			if err = zs.makeParents(ctx, cfg.Pool.Queue(), cfg); err == nil {
				continue
			}
		}
		switch {
		case errors.Is(err, zk.ErrBadVersion), errors.Is(err, zk.ErrNodeExists),
			errors.Is(err, zk.ErrNoNode):
			// it has changed meanwhile
		default:
			return err
		}
	}
}

// resize sets the size if nothing has changed. It writes the semaphore's znode in any case, because
// waiting clients watch it.
func (zs *Local) resize(ctx context.Context, cfg *Config, was limit, size int) error {
	p := cfg.Pool
	data := []byte{}
	if size > 0 {
		data = sizeData(size)
	}
	ops := []any{&zk.SetDataRequest{Path: p.Path, Data: data, Version: was.version}}
	switch {
	case size > 0 && !was.resized:
		ops = append(ops, &zk.CreateRequest{Path: p.resized(), Acl: cfg.ACL})
	case size == 0 && was.resized:
		ops = append(ops, &zk.DeleteRequest{Path: p.resized(), Version: -1})
	}
	return zs.DoApart(ctx, func() error {
		_, err := zs.Conn.Multi(ops...)
		return err
	})
}

// IsSemaphore reports whether a znode with such children is a semaphore's. Where servers have
// removed one of the znodes below it, a container that was empty, its size tells, or a permit's
// name.
func (zs *Local) IsSemaphore(ctx context.Context, path string, children []string) (bool, error) {
	permits := slices.Contains(children, permitsName)
	switch {
	case !slices.ContainsFunc(children, IsPartOfSemaphore):
		return false, nil
	case permits && slices.Contains(children, queueName):
		return true, nil
	}
	var size int
	err := zs.Do(ctx, func() (err error) {
		size, err = ensemble.Ask(ctx, zs.Session, wire.GetData(path, false), func(r wire.Reply) int {
			data, _ := r.Node()
			n, err := parseSize(data)
			if err != nil {
				return 0
			}
			return n
		})
		return err
	})
	if size > 0 || errors.Is(err, zk.ErrNoNode) {
		return size > 0, nil
	}
	if err != nil && !errors.Is(err, zk.ErrNoAuth) || !permits {
		return false, err
	}
	l, err := zs.roster.list(ctx, path+"/"+permitsName)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(l.children, func(name string) bool {
		return queue.ParsePermit(name).Dialect != queue.Unknown
	}), nil
}

// IsPartOfSemaphore reports whether that is the name of a znode below a semaphore's.
func IsPartOfSemaphore(name string) bool {
	return name == queueName || name == permitsName || name == resizedName
}

// Holders returns the permits that are held, in the order of their grants. The name of each begins
// with the name of the znode above.
func (zs *Local) Holders(ctx context.Context, p *Pool, read StatReader) ([]Entry, error) {
	l, err := zs.roster.list(ctx, p.Permits())
	if err != nil {
		return nil, err
	}
	var held []Entry
	err = read(ctx, p.Permits(), permitsOf(l.children),
		func(c queue.Candidate, stat *zk.Stat) error {
			if stat != nil {
				c.Name = permitsName + "/" + c.Name
				held = append(held, Entry{Candidate: c, Stat: *stat, Holder: true})
			}
			return nil
		})
	slices.SortFunc(held, func(a, b Entry) int { return cmp.Compare(a.Stat.Czxid, b.Stat.Czxid) })
	return held, err
}

// Waiters returns those in the queue, in its order, with such names.
func (zs *Local) Waiters(
	ctx context.Context, p *Pool, voice queue.Voice, read StatReader,
) ([]Entry, error) {
	q, err := zs.Queue(ctx, p.Queue(), voice, read)
	for i := range q {
		q[i].Name = queueName + "/" + q[i].Name
		q[i].Holder = false // the first of them holds nothing yet
	}
	return q, err
}

// permitsOf reads the names of permits as candidates, for Stats.
func permitsOf(names []string) []queue.Candidate {
	q := make([]queue.Candidate, len(names))
	for i, name := range names {
		q[i] = queue.Candidate{Name: strings.Clone(name)}
	}
	return q
}
