//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

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

// forces reports whether an acquisition of this way may remove others.
func forces(how string) bool { return strings.HasSuffix(how, "force") }

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

// tenure is a hold.
type tenure struct {
	j             *job
	op            int
	token         string
	lost, revoked <-chan struct{}
	guard         *zk.CheckVersionRequest // nil if it was lost at once
	unwatch       func()                  // ends the goroutine that watches it, and waits for that
}

// enter records that the job's lock was granted.
func (j *job) enter(op int, how string) *tenure {
	h := &tenure{j: j, op: op, token: j.handle.Token().String(), lost: j.handle.Lost(),
		revoked: j.handle.Revoked()}
	number := 0
	if guard, err := j.handle.Guard(); err == nil {
		h.guard = guard
		number, _ = strconv.Atoi(guard.Path[len(guard.Path)-10:])
	}
	j.record(Event{Kind: kindGranted, Op: op, How: how, Token: h.token, Number: number,
		Session: j.worker.session.ID()})
	h.watch(j.handle.Err)
	return h
}

// watch records on a goroutine when the holder is told to stop, and that the hold is gone. state
// says why.
func (h *tenure) watch(state func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends with unwatch, which waits for it
		defer close(done)
		revoked, lost := h.revoked, h.lost
		for revoked != nil || lost != nil {
			select {
			case <-lost:
				h.j.record(Event{Kind: kindLost, Op: h.op, Result: loss(state())})
				lost = nil
			case <-revoked:
				h.j.record(Event{Kind: kindRevoked, Op: h.op})
				revoked = nil
			case <-ctx.Done():
				return
			}
		}
	}()
	h.unwatch = func() {
		cancel()
		<-done
	}
}

// isOver reports whether the holder should stop.
func (h *tenure) isOver() bool { return closed.Is(h.revoked) || closed.Is(h.lost) }

// pause passes a moment. Between the look at the hold and what follows from it the process may be
// stopped: no library can help that.
func (j *job) pause() { time.Sleep(j.upTo(j.worker.cfg.Timeout / 50)) }

// work writes or reads under the lock.
func (h *tenure) work() {
	j := h.j
	if !j.shared {
		j.writeGuarded(h.guard, h.token)
		j.writeStore(fenced, h.token)
		j.writeStore(unfenced, h.token)
	}
	if j.shared || j.rng.IntN(3) == 0 {
		j.readGuarded()
		j.readStore(fenced)
	}
}

// release records that holds are released together, and how that went.
func (j *job) release(unlock func(context.Context) error, holds ...*tenure) {
	for _, h := range holds {
		h.j.record(Event{Kind: kindUnlock, Op: h.op})
		h.unwatch()
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.worker.cfg.Timeout)
	if j.rng.IntN(10) == 0 {
		cancel() // the release goes on in the background
	}
	defer cancel()
	ev := Event{Kind: kindUnlocked}
	if err := unlock(ctx); err != nil {
		ev.Err, ev.Result = err.Error(), loss(err)
		if errors.Is(err, zklock.ErrNotLocked) {
			ev.Result = "error"
		}
	}
	for _, h := range holds {
		ev.Op = h.op
		h.j.record(ev)
	}
}

// hold works under the lock and releases it.
func (j *job) hold(op int, how string) {
	h := j.enter(op, how)
	// An obstinate holder goes on after it was asked to stop, and after it was told that it must.
	obstinate := j.rng.IntN(4) == 0
	for range 1 + j.rng.IntN(3) {
		if h.guard == nil || !obstinate && h.isOver() {
			break
		}
		j.pause()
		h.work()
	}
	unlock := j.handle.UnlockContext
	if j.table != nil && j.rng.IntN(4) == 0 {
		if reader := j.downgrade(h); reader != nil {
			unlock = reader.UnlockContext
		}
	}
	j.release(unlock, h)
}

// downgrade has a writer become a reader, which reads for a while. It is nil if that has failed.
func (j *job) downgrade(h *tenure) *zklock.Mutex {
	j.record(Event{Kind: kindDowngrade, Op: h.op})
	ctx, cancel := context.WithTimeout(context.Background(),
		time.Millisecond+j.upTo(j.worker.cfg.Timeout))
	defer cancel()
	reader, err := j.table.Downgrade(ctx)
	ev := Event{Kind: kindDowngraded, Op: h.op, Result: resultOK}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
		if ctx.Err() == nil && !errors.Is(err, zklock.ErrLost) {
			ev.Result = "error"
		}
	}
	j.record(ev)
	if err != nil {
		return nil
	}
	h.unwatch()
	h.watch(reader.Err)
	for range 1 + j.rng.IntN(3) {
		if h.isOver() {
			break
		}
		j.pause()
		j.readGuarded()
		j.readStore(fenced)
	}
	return reader
}

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

// loss names the reason of a loss, "" if err is none.
func loss(err error) string {
	switch {
	case !errors.Is(err, zklock.ErrLost):
		return ""
	case strings.Contains(err.Error(), "removed"):
		return "removed"
	case strings.Contains(err.Error(), "expired"):
		return "expired"
	default:
		return "lease"
	}
}

func dataPath(lock string) string { return dataRoot + "/" + lock + "/data" }
func logPath(lock string) string  { return dataRoot + "/" + lock + "/log" }

// writeGuarded writes to the znode behind the hold's Guard, and appends to its log in the same
// transaction: the log's children tell afterwards what was executed, and by their transactions in
// which order.
func (j *job) writeGuarded(guard *zk.CheckVersionRequest, token string) {
	op := int(j.worker.ops.Add(1))
	value := fmt.Sprintf("%d.%d.%d", j.worker.cfg.Worker, j.worker.cfg.Life, op)
	j.record(Event{Kind: kindWrite, Op: op, How: guarded, Token: token, Value: value})
	results, err := j.worker.session.Conn().Multi(guard,
		&zk.SetDataRequest{Path: dataPath(j.lock), Data: []byte(token + " " + value), Version: -1},
		&zk.CreateRequest{Path: logPath(j.lock) + "/" + token + "_" + value,
			Acl: zk.WorldACL(zk.PermAll)})
	ev := Event{Kind: kindWrote, Op: op, How: guarded, Token: token, Value: value, Result: resultOK}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
		if len(results) > 0 && errors.Is(results[0].Error, zk.ErrNoNode) {
			ev.Result = resultRefused
		}
	}
	j.record(ev)
}

// readAttempts bounds how often a read is begun again because others write, or because a server has
// missed a transaction.
const readAttempts = 5

// readGuarded reads the znode, and has a quorum confirm that this is what it has. The answer of a
// server alone could be old, also when it has just confirmed something newer: see the design page,
// "A server can be out of step for good".
func (j *job) readGuarded() {
	op := int(j.worker.ops.Add(1))
	j.record(Event{Kind: kindRead, Op: op, How: guarded})
	ev := Event{Kind: kindGot, Op: op, How: guarded, Result: resultOK}
	conn := j.worker.session.Conn()
	err := zk.ErrBadVersion
	for n := 0; n < readAttempts && errors.Is(err, zk.ErrBadVersion); n++ {
		var data []byte
		var stat *zk.Stat
		if data, stat, err = conn.Get(dataPath(j.lock)); err != nil {
			break
		}
		ev.Token, ev.Value, _ = strings.Cut(string(data), " ")
		_, err = conn.Multi(&zk.CheckVersionRequest{Path: dataPath(j.lock), Version: stat.Version})
	}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
	}
	j.record(ev)
}

func (j *job) writeStore(register, token string) {
	op := int(j.worker.ops.Add(1))
	value := fmt.Sprintf("%d.%d.%d", j.worker.cfg.Worker, j.worker.cfg.Life, op)
	j.record(Event{Kind: kindWrite, Op: op, How: register, Token: token, Value: value})
	ev := Event{Kind: kindWrote, Op: op, How: register, Token: token, Value: value,
		Result: resultOK}
	reply, err := j.store.do(storeRequest{Register: register, Lock: j.lock,
		Token: token, Value: value})
	switch {
	case err != nil:
		ev.Result, ev.Err = resultUnknown, err.Error()
	case !reply.Applied:
		ev.Result = resultRefused
	}
	j.record(ev)
}

func (j *job) readStore(register string) {
	op := int(j.worker.ops.Add(1))
	j.record(Event{Kind: kindRead, Op: op, How: register})
	ev := Event{Kind: kindGot, Op: op, How: register, Result: resultOK}
	reply, err := j.store.do(storeRequest{Register: register, Lock: j.lock})
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
	}
	ev.Token, ev.Value = reply.Token, reply.Value
	j.record(ev)
}
