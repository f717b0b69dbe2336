package recipe

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// This is how several locks are acquired as one.

// several is an acquisition of several locks, all or none. Its candidates are created in one
// transaction, so that of two such acquisitions one is ahead of the other in every queue where they
// meet: none waits for one that waits for it. If one candidate is lost while they wait, all leave,
// and queue again in one transaction.
type several struct {
	locks    *Locks
	passages []*Passage // in the order of their paths, in which the handles' slots are taken
	ctx      context.Context
	bond     *Bond // of the current candidates
}

// A ClaimError is the error of one of several claims.
type ClaimError struct {
	Path string // of the lock
	Err  error
}

func (e *ClaimError) Error() string { return e.Err.Error() }
func (e *ClaimError) Unwrap() error { return e.Err }

// AcquireAll acquires several locks, of different paths. It returns the acquisitions in the order
// of the claims. If it fails, it says for which lock, and as a rule nothing is left of it.
func (l *Locks) AcquireAll(
	ctx context.Context, claims []Claim,
) ([]*Acquisition, *Bond, *ClaimError) {
	s := &several{locks: l}
	acquisitions := make([]*Acquisition, len(claims))
	for i, c := range claims {
		p := l.New(c)
		s.passages = append(s.passages, p)
		acquisitions[i] = &p.Acquisition
	}
	slices.SortFunc(s.passages, func(a, b *Passage) int { return cmp.Compare(a.Path, b.Path) })
	for i, p := range s.passages {
		p.bound(ctx)
		if !p.enter(ctx) {
			err := p.Err()
			for _, entered := range s.passages[:i] {
				entered.settle(err)
				entered.leave()
			}
			for _, p := range s.passages[i+1:] {
				p.bound(ctx)
				p.hold, p.begun = p.newHold(), time.Now()
				p.fail(err)
			}
			return nil, nil, &ClaimError{p.Path, err}
		}
	}
	s.ctx = s.passages[0].ctx
	if err := s.run(); err != nil {
		return nil, nil, err
	}
	return acquisitions, s.bond, nil
}

// run goes through the queues until the acquisition is settled.
func (s *several) run() *ClaimError {
	for soon := 0; ; {
		zs, err := s.awaitSession()
		if err != nil {
			return s.fail(nil, &ClaimError{s.passages[0].Path, err})
		}
		begun, candidates := time.Now(), s.newCandidates(zs)
		failed := s.obtain(candidates)
		if failed == nil {
			for _, p := range s.passages {
				p.granted()
			}
			return nil
		}
		if !isLostPlace(failed.Err) {
			return s.fail(candidates, failed)
		}
		if soon++; time.Since(begun) > quickly {
			soon = 0
		}
		s.remove(candidates, failed)
		if !s.passages[0].pause(requeuePause(soon)) {
			return s.fail(candidates, failed)
		}
	}
}

// fail settles all with one error. What is left of the candidates a goroutine removes.
func (s *several) fail(candidates []*candidate, failed *ClaimError) *ClaimError {
	if s.ctx.Err() != nil || s.locks.client.Closing().Err() != nil {
		p := s.waiting()
		failed = &ClaimError{p.Path, p.orContextError(nil)}
	}
	s.forEach(func(p *Passage) { p.settle(failed.Err) })
	for i, p := range s.passages {
		if candidates == nil {
			p.leave()
			continue
		}
		// Ends with the ZooKeeper session; Close waits for it.
		s.locks.client.Go(func() { p.giveUp(candidates[i]) })
	}
	left := time.After(cleanUpPatience)
	for _, p := range s.passages { // as a rule nothing is left when the caller goes on
		select {
		case <-p.gone.C():
		case <-left:
			return failed
		}
	}
	return failed
}

func (s *several) forEach(f func(*Passage)) {
	for _, p := range s.passages {
		f(p)
	}
}

// waiting returns a passage that waits for others, or just any.
func (s *several) waiting() *Passage {
	for _, p := range s.passages {
		if c := p.latest.Load(); c != nil {
			if st := c.standing.Load(); st != nil && st != isFirst && st != isBehindOwner {
				return p
			}
		}
	}
	return s.passages[0]
}

// awaitSession waits until candidates can be created for all.
func (s *several) awaitSession() (zs *Local, err error) {
	for _, p := range s.passages {
		p.ctx = s.ctx
		if zs, err = p.awaitSession(); err != nil {
			return nil, err
		}
	}
	return zs, nil
}

func (s *several) newCandidates(zs *Local) []*candidate {
	s.bond = new(Bond)
	candidates := make([]*candidate, len(s.passages))
	for i, p := range s.passages {
		h := p.freshHold()
		s.bond.join(h)
		candidates[i] = newCandidate(zs, p.Path, p.Kind, p.Config, h)
		p.latest.Store(candidates[i])
	}
	return candidates
}

// remove takes all candidates out of their queues, as far as it comes until the context ends.
func (s *several) remove(candidates []*candidate, failed *ClaimError) {
	var removals sync.WaitGroup
	for _, c := range candidates {
		c.doubted = errors.Is(failed.Err, ErrVanished) && c.dir == failed.Path
		removals.Go(func() { _ = c.remove(s.ctx) }) // giveUp goes on
	}
	removals.Wait()
}

// obtain queues the candidates and waits until each is first. Then their holds have taken the
// handles' slots and are under the lease. After an error the candidates may exist.
func (s *several) obtain(candidates []*candidate) *ClaimError {
	if err := s.create(candidates); err != nil {
		return err
	}
	if err := s.awaitTurns(candidates); err != nil {
		return err
	}
	for i, p := range s.passages {
		err := p.takeSlot(s.ctx, candidates[i])
		if err != nil {
			s.withdraw(candidates[:i])
			return &ClaimError{p.Path, err}
		}
	}
	for i, p := range s.passages {
		err := candidates[i].look(s.ctx) // which asks nothing where the watch stands
		if err == nil {
			if err = p.admit(s.ctx, candidates[i]); err == nil {
				continue
			}
		} else {
			p.leaveSlot()
		}
		s.withdraw(candidates[:i])
		for _, later := range s.passages[i+1:] {
			later.leaveSlot()
		}
		return &ClaimError{p.Path, err}
	}
	return nil
}

// withdraw takes back the slots, and the lease, of the first holds.
func (s *several) withdraw(candidates []*candidate) {
	for i, c := range candidates {
		s.passages[i].withdraw(c.hold)
	}
}

// awaitTurns waits until all candidates are first.
func (s *several) awaitTurns(candidates []*candidate) *ClaimError {
	waits, ctx := errgroup.WithContext(s.ctx)
	var missing atomic.Int32
	missing.Store(int32(len(candidates)))
	all := make(chan struct{}) // closed when all are first
	for i, p := range s.passages {
		c := candidates[i]
		p.ctx = ctx
		c.zs.Watches.Prepare(c.watch()) // its answer comes with that of the listing
		waits.Go(func() error {
			err := p.queueUp(ctx, c)
			if err == nil {
				if missing.Add(-1) == 0 {
					close(all)
				}
				err = c.keep(ctx, all)
			}
			if err != nil {
				return &ClaimError{p.Path, err}
			}
			return nil
		})
	}
	err := waits.Wait()
	s.forEach(func(p *Passage) { p.ctx = s.ctx })
	var failed *ClaimError
	errors.As(err, &failed)
	return failed
}

// queueUp waits until a candidate that was created together with others is first.
func (p *Passage) queueUp(ctx context.Context, c *candidate) error {
	l, err := c.zs.roster.list(ctx, c.dir)
	if err != nil {
		return err
	}
	if _, err := c.pick(ctx, l, false); err != nil {
		return err
	}
	if err := c.look(ctx); err != nil {
		return err
	}
	if err := c.checkNumber(ctx, l); err != nil {
		return err
	}
	p.Sight.free.Store(!c.isBlocked())
	c.bindHold()
	if !c.isBlocked() {
		return nil
	}
	_, err = p.awaitTurn(c, 0)
	return err
}

// keep watches a candidate that is first until all others are first too.
func (c *candidate) keep(ctx context.Context, all <-chan struct{}) error {
	for {
		if err := c.look(ctx); err != nil {
			return err
		}
		select {
		case <-c.wake:
		case <-all:
			return nil
		case <-ctx.Done():
			return ensemble.ContextError(ctx)
		}
	}
}

// checkNumber fails with errRepeated if a candidate that was created earlier does not have a
// smaller number. After a change of leaders ZooKeeper 3.9.6 has given znodes that were created in a
// transaction of several numbers that were given before. Then the one with the greater number may
// hold the lock.
func (c *candidate) checkNumber(ctx context.Context, l *listing) error {
	var behind []queue.Candidate
	for _, other := range queue.OrderAny(l.children) {
		if other.Seq >= c.place.Seq && other.Name != c.place.Name && !c.strays[other.Name] {
			behind = append(behind, other)
		}
	}
	return c.zs.Stats(ctx, c.dir, behind, func(other queue.Candidate, stat *zk.Stat) error {
		if stat != nil && isCandidateBy(c.voice, other, stat) && stat.Czxid < c.czxid {
			return errRepeated
		}
		return nil
	})
}
