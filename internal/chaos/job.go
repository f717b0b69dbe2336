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
	shared    bool // a reader
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
	patience := 3*j.worker.cfg.Timeout + j.upTo(j.worker.cfg.Timeout)
	if j.rng.IntN(5) == 0 {
		patience = time.Millisecond + j.upTo(j.worker.cfg.Timeout/4)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	op, how := int(j.worker.ops.Add(1)), j.way()
	j.record(Event{Kind: kindLock, Op: op, How: how})
	err := j.acquire(ctx, how)
	ended := ctx.Err()
	if err != nil {
		ev := Event{Kind: kindFailed, Op: op, Result: "error", Err: err.Error()}
		switch {
		case errors.Is(err, zklock.ErrClosed):
			ev.Result = "closed"
		case errors.Is(err, zklock.ErrLocked) && how == "try":
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
		return
	}
	j.hold(op, how)
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

// hold works under the lock and releases it.
func (j *job) hold(op int, how string) {
	token := j.handle.Token().String()
	lost, revoked := j.handle.Lost(), j.handle.Revoked()
	guard, err := j.handle.Guard()
	number := 0
	if err == nil {
		number, _ = strconv.Atoi(guard.Path[len(guard.Path)-10:])
	}
	j.record(Event{Kind: kindGranted, Op: op, How: how, Token: token, Number: number,
		Session: j.worker.session.ID()})
	watched, unwatch := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends with unwatch; waited for below
		defer close(done)
		j.watch(watched, op, revoked, lost)
	}()

	// An obstinate holder goes on after it was asked to stop, and after it was told that it must.
	obstinate := j.rng.IntN(4) == 0
	for range 1 + j.rng.IntN(3) {
		if err != nil || !obstinate && (closed.Is(revoked) || closed.Is(lost)) {
			break
		}
		// Between the look at the hold and what follows from it the process may be stopped: no
		// library can help that.
		time.Sleep(j.upTo(j.worker.cfg.Timeout / 50))
		if !j.shared {
			j.writeGuarded(guard, token)
			j.writeStore(fenced, token)
			j.writeStore(unfenced, token)
		}
		if j.shared || j.rng.IntN(3) == 0 {
			j.readGuarded()
			j.readStore(fenced)
		}
	}

	j.record(Event{Kind: kindUnlock, Op: op})
	unwatch()
	<-done
	ctx, cancel := context.WithTimeout(context.Background(), j.worker.cfg.Timeout)
	if j.rng.IntN(10) == 0 {
		cancel() // the release goes on in the background
	}
	defer cancel()
	ev := Event{Kind: kindUnlocked, Op: op}
	if err := j.handle.UnlockContext(ctx); err != nil {
		ev.Err, ev.Result = err.Error(), loss(err)
		if errors.Is(err, zklock.ErrNotLocked) {
			ev.Result = "error"
		}
	}
	j.record(ev)
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

// watch records when the holder is told to stop, and that the hold is gone.
func (j *job) watch(ctx context.Context, op int, revoked, lost <-chan struct{}) {
	for revoked != nil || lost != nil {
		select {
		case <-lost:
			j.record(Event{Kind: kindLost, Op: op, Result: loss(j.handle.Err())})
			lost = nil
		case <-revoked:
			j.record(Event{Kind: kindRevoked, Op: op})
			revoked = nil
		case <-ctx.Done():
			return
		}
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
