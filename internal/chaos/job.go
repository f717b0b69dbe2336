//go:build unix

package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// job is one goroutine of a worker with one side of one lock.
type job struct {
	worker    *worker
	goroutine int
	lock      string
	handle    *zklock.Mutex
	shared    bool              // a reader
	table     *zklock.RWMutex   // of a writer that may become a reader; nil for none
	pool      *zklock.Semaphore // instead of a handle
	beside    []*job            // whose locks are acquired together with this one's: one of them
	rng       *rand.Rand
	store     *storeClient
}

func (j *job) record(ev Event) {
	ev.Goroutine, ev.Lock, ev.Shared = j.goroutine, j.lock, j.shared
	j.worker.record(ev)
}

// upTo draws a time.
func (j *job) upTo(d time.Duration) time.Duration { return time.Duration(j.rng.Int64N(int64(d))) }

// The ways to acquire, and how often each is taken, in percent.
var ways = []struct {
	how     string
	percent int
}{{"lock", 68}, {"try", 8}, {"async", 8}, {"ask", 8}, {"ask then force", 5}, {"force", 3}}

func (j *job) way() string {
	n := j.rng.IntN(100)
	for _, way := range ways {
		if n -= way.percent; n < 0 && (j.lock == forcedName || !forces(way.how)) {
			return way.how
		}
	}
	return ways[0].how
}

// once acquires, works and releases.
func (j *job) once(ctx context.Context) {
	switch {
	case j.pool != nil:
		j.oncePermits(ctx)
	case j.beside != nil:
		j.onceTogether(ctx)
	default:
		j.onceAlone(ctx)
	}
}

// patience bounds an acquisition. One in five ends soon.
func (j *job) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	d := 3*j.worker.cfg.Timeout + j.upTo(j.worker.cfg.Timeout)
	if j.rng.IntN(5) == 0 {
		d = time.Millisecond + j.upTo(j.worker.cfg.Timeout/4)
	}
	return context.WithTimeout(ctx, d)
}

func (j *job) onceAlone(ctx context.Context) {
	ctx, cancel := j.patience(ctx)
	defer cancel()
	op, how := int(j.worker.ops.Add(1)), j.way()
	j.record(Event{Kind: kindLock, Op: op, How: how})
	if err := j.acquire(ctx, how); err != nil {
		j.failed(ctx, op, how, err)
		return
	}
	j.hold(op, how)
}

// failed records how an acquisition has failed.
func (j *job) failed(ctx context.Context, op int, how string, err error) {
	ended := ctx.Err()
	ev := Event{Kind: kindFailed, Op: op, Result: "error", Err: err.Error()}
	switch {
	case errors.Is(err, zklock.ErrClosed):
		ev.Result = "closed"
	case errors.Is(err, zklock.ErrLocked) && strings.HasPrefix(how, "try"):
		ev.Result = "locked"
	case ended != nil && errors.Is(err, ended):
		ev.Result = "context"
		if deadline, ok := ctx.Deadline(); ok && errors.Is(ended, context.DeadlineExceeded) {
			ev.Late = int64(time.Since(deadline))
		}
	case how == "async" && errors.Is(err, context.Canceled): // by Cancel
		ev.Result = "context"
	}
	j.record(ev)
	if ev.Result == "locked" {
		time.Sleep(j.upTo(j.worker.cfg.Timeout / 20))
	}
}

func (j *job) acquire(ctx context.Context, how string) (err error) {
	switch how {
	case "try":
		_, err = j.handle.TryLockContext(ctx)
	case "ask":
		_, err = j.handle.LockRevoking(ctx, zklock.Ask)
	case "ask then force":
		grace := time.Millisecond + j.upTo(j.worker.cfg.Timeout/4)
		_, err = j.handle.LockRevoking(ctx, zklock.AskThenForce(grace))
	case "force":
		_, err = j.handle.LockRevoking(ctx, zklock.Force)
	case "async":
		return j.acquireAsync(ctx)
	default:
		_, err = j.handle.LockContext(ctx)
	}
	return err
}

// acquireAsync gives up in the queue in one of four cases.
func (j *job) acquireAsync(ctx context.Context) error {
	p := j.handle.LockAsync(ctx)
	if j.rng.IntN(4) == 0 {
		select {
		case <-p.Queued():
		case <-p.Done():
		}
		p.Cancel()
		<-p.Done()
		if err := p.Err(); err != nil {
			return err
		}
		return context.Canceled // acquired, and released by Cancel
	}
	<-p.Done()
	return p.Err()
}

// pause passes a moment. Between the look at the hold and what follows from it the process may be
// stopped: no library can help that.
func (j *job) pause() { time.Sleep(j.upTo(j.worker.cfg.Timeout / 50)) }

// onceTogether acquires two locks as one, works under both and releases them.
func (j *job) onceTogether(ctx context.Context) {
	const how = "lock all"
	ctx, cancel := j.patience(ctx)
	defer cancel()
	jobs := []*job{j, j.beside[j.rng.IntN(len(j.beside))]}
	j.rng.Shuffle(len(jobs), func(a, b int) { jobs[a], jobs[b] = jobs[b], jobs[a] })
	locks, ops := make([]*zklock.Mutex, len(jobs)), make([]int, len(jobs))
	for i, one := range jobs {
		locks[i], ops[i] = one.handle, int(j.worker.ops.Add(1))
		one.record(Event{Kind: kindLock, Op: ops[i], How: how})
	}
	all, err := j.worker.session.LockAll(ctx, locks...)
	if err != nil {
		for i, one := range jobs {
			one.failed(ctx, ops[i], how, err)
		}
		return
	}
	holds := make([]*tenure, len(jobs))
	for i, one := range jobs {
		holds[i] = one.enter(ops[i], how)
	}
	for _, h := range holds {
		if h.guard != nil && !closed.Is(all.Revoked()) {
			j.pause()
			h.work()
		}
	}
	j.release(all.UnlockContext, holds...)
}

// oncePermits acquires some permits of the semaphore, keeps them for a while and releases them.
func (j *job) oncePermits(ctx context.Context) {
	ctx, cancel := j.patience(ctx)
	defer cancel()
	op, n, how := int(j.worker.ops.Add(1)), 1+j.rng.IntN(poolSize), "permits"
	acquire := j.pool.Acquire
	if j.rng.IntN(8) == 0 {
		acquire, how = j.pool.TryAcquire, "try permits"
	}
	j.record(Event{Kind: kindLock, Op: op, How: how})
	p, err := acquire(ctx, n)
	if err != nil {
		j.failed(ctx, op, how, err)
		return
	}
	h := &tenure{j: j, op: op, lost: p.Lost(), revoked: p.Revoked()}
	j.record(Event{Kind: kindGranted, Op: op, How: how, Token: p.Token().String(), Count: n,
		Session: j.worker.session.ID()})
	h.watch(p.Err)
	for range 1 + j.rng.IntN(3) {
		if h.isOver() {
			break
		}
		j.pause()
	}
	j.release(p.ReleaseContext, h)
}
