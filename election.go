package zklock

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// Election elects a leader among several processes; it is made by Session.Election. The leader is
// the holder of the lock with that name, and the candidates are the contenders in its queue.
type Election struct{ m *Mutex }

// Election returns a handle on the election with that name. It does not use the network.
// WithIdentifier sets how the candidate appears in Leader and in Contenders.
func (s *Session) Election(name string, opts ...LockOption) (*Election, error) {
	m, err := s.Mutex(name, opts...)
	switch {
	case err != nil:
		return nil, err
	case m.cfg.idle > 0:
		return nil, opError("open", m.path, errIdleLeader)
	}
	return &Election{m}, nil
}

var errIdleLeader = errors.New(
	"WithIdleHold is for locks: a leader that has stepped down must not seem to lead")

// Mutex returns the handle by which the leader holds the lock, for its Token and Guard. Its
// RevokeHolder asks the leader to step down.
func (e *Election) Mutex() *Mutex {
	e.check()
	return e.m
}

// The first and the longest pause of a candidate after its lead has failed. Each pause is twice the
// one before.
const (
	failedPause  = time.Second
	longestPause = time.Minute
)

// Run campaigns until it is the leader, calls lead, steps down when lead returns, and begins again
// at the end of the queue. The context of lead is like the context of Mutex.Do's function: it ends
// when the leader is asked to step down, when the lock is lost, and with ctx. If lead returns an
// error that does not follow from its context, Run logs it, and pauses before it campaigns again:
// for 1 s, and for twice as long after each further failure, up to 1 min.
//
// Run returns when ctx ends, with an error that matches ctx.Err, and when the lock is refused, with
// the error of LockContext, such as ErrClosed.
func (e *Election) Run(ctx context.Context, lead func(context.Context) error) error {
	e.check()
	if lead == nil {
		return opError("lead", e.m.path, errNoFunction)
	}
	ctx = ensemble.OrNone(ctx)
	for pause := time.Duration(0); ; {
		granted := false
		err := e.m.Do(ctx, func(held context.Context) error {
			granted = true
			if held.Err() != nil { // it was asked while it waited
				return nil
			}
			return lead(held)
		})
		switch {
		case !granted:
			return err
		case ctx.Err() != nil:
			return e.ended(ctx, err)
		case err == nil || errors.Is(err, ErrRevoked) || errors.Is(err, ErrLost):
			pause = 0
			continue
		}
		pause = min(max(2*pause, failedPause), longestPause)
		e.m.s.cfg.logger.Warn("leader failed", "lock", e.m.path, "pause", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done(): // which the next Do tells
		}
	}
}

// ended returns the error of a Run whose context has ended, joined with the leader's if that is
// another.
func (e *Election) ended(ctx context.Context, err error) error {
	if errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {
		return err
	}
	return ensemble.JoinErrors(err, opError("lead", e.m.path, ensemble.ContextError(ctx)))
}

// Leader returns the leader as the Session's server shows it. It fails with ErrNoLeader if there is
// none.
func (e *Election) Leader(ctx context.Context) (Contender, error) {
	e.check()
	leader, err := recipe.Request(ctx, e.m.s.locks, e.leader)
	return leader, opError("look at", e.m.path, err)
}

func (e *Election) leader(ctx context.Context, zs *recipe.Local) (Contender, error) {
	for {
		q, err := zs.Queue(ctx, e.m.path, e.m.cfg.Voice(e.m.kind), zs.Stats)
		if err != nil {
			return Contender{}, err
		}
		first := slices.IndexFunc(q, func(c recipe.Entry) bool { return c.Holder })
		if first < 0 {
			return Contender{}, ErrNoLeader
		}
		leaders, err := describe(ctx, zs, e.m.path, q[first:first+1])
		switch {
		case err != nil:
			return Contender{}, err
		case len(leaders) > 0: // otherwise it has gone meanwhile
			return leaders[0], nil
		}
	}
}

// Observe returns a sequence of the current leader and then each new one. It waits for a server to
// report a change of the leader's znode, or of the queue while there is no leader, or that the lock
// has a znode, and sends no requests meanwhile. A leader that steps down before Observe has seen it
// is left out. The sequence ends with ctx. If a server refuses or the Session is closed, the last
// element is that error.
func (e *Election) Observe(ctx context.Context) iter.Seq2[Contender, error] {
	e.check()
	ctx = ensemble.OrNone(ctx)
	return func(yield func(Contender, error) bool) {
		var known Contender
		for {
			leader, err := e.next(ctx, known)
			if ctx.Err() != nil || !yield(leader, err) || err != nil {
				return
			}
			known = leader
		}
	}
}

// next waits for another leader than the one that is known.
func (e *Election) next(ctx context.Context, known Contender) (Contender, error) {
	leader, err := recipe.Request(ctx, e.m.s.locks,
		func(ctx context.Context, zs *recipe.Local) (Contender, error) {
			for {
				leader, err := e.leader(ctx, zs)
				switch {
				case err != nil && !errors.Is(err, ErrNoLeader):
					return Contender{}, err
				case err == nil && leader.Zxid != known.Zxid:
					return leader, nil
				}
				if err := e.awaitChange(ctx, zs, leader.Znode); err != nil {
					return Contender{}, err
				}
			}
		})
	return leader, opError("look at", e.m.path, err)
}

// leaderlessLook is the interval at which Observe looks for a leader while the znodes of candidates
// may not be read, of which servers report no change, or while children only look like candidates.
const leaderlessLook = 250 * time.Millisecond

// awaitChange waits until there may be another leader than the one with that znode, "" for none.
func (e *Election) awaitChange(ctx context.Context, zs *recipe.Local, znode string) error {
	wake := make(chan struct{}, 1)
	if znode == "" {
		return e.awaitCandidate(ctx, zs, wake)
	}
	w := zs.Watches.Watch(e.m.path+"/"+znode, wake)
	defer w.Stop()
	for {
		_, err := w.Read(ctx)
		switch {
		case errors.Is(err, zk.ErrNoNode):
			return nil
		case err != nil:
			return err
		case w.IsOpaque():
			return awaitWake(ctx, zs, wake, time.After(leaderlessLook))
		}
		if err := awaitWake(ctx, zs, wake, nil); err != nil {
			return err
		}
	}
}

// awaitCandidate waits until the queue changes, in which there was no leader.
func (e *Election) awaitCandidate(ctx context.Context, zs *recipe.Local,
	wake chan struct{}) error {
	w := zs.Watches.WatchChildren(e.m.path, wake)
	q, err := w.Read(ctx)
	if errors.Is(err, zk.ErrNoNode) {
		w.Stop()
		return e.awaitZnode(ctx, zs, wake)
	}
	defer w.Stop()
	switch {
	case err != nil:
		return err
	case len(queue.Order(q.Children())) == 0:
		return awaitWake(ctx, zs, wake, nil)
	default: // one has come meanwhile, or a child only looks like one
		return awaitWake(ctx, zs, wake, time.After(leaderlessLook))
	}
}

// awaitZnode waits until the lock has a znode.
func (e *Election) awaitZnode(ctx context.Context, zs *recipe.Local, wake chan struct{}) error {
	w := zs.Watches.WatchPresence(e.m.path, wake)
	defer w.Stop()
	for {
		znode, err := w.Read(ctx)
		if err != nil || znode.Czxid != 0 {
			return err
		}
		if err = awaitWake(ctx, zs, wake, nil); err != nil {
			return err
		}
	}
}

// awaitWake waits for wake or look. It fails if the session or ctx ends first.
func awaitWake(ctx context.Context, zs *recipe.Local, wake <-chan struct{},
	look <-chan time.Time) error {
	select {
	case <-wake:
		return nil
	case <-look:
		return nil
	case <-zs.Ended():
		return zs.EndReason()
	case <-ctx.Done():
		return ensemble.ContextError(ctx)
	}
}

func (e *Election) check() {
	if e == nil || e.m == nil {
		panic(notMadeElection)
	}
}
