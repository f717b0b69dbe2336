package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
)

// pause is how long a worker sits on what it has read before it writes: the window in which updates
// are lost without the lock.
const pause = 15 * time.Millisecond

// Worker is one of the processes that contend.
type Worker struct {
	Name           string
	Connect        string // empty: work without the lock
	Lock           string
	File           string
	SessionTimeout time.Duration
}

// Run takes orders from in and tells what happens to out, until it is ordered to finish. When in
// ends it returns at once, and the process has to end then: goroutines are left.
func (w Worker) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	at := &worker{Worker: w, store: store{path: w.File}, orders: newOrders(),
		out: json.NewEncoder(out)}
	go at.orders.listen(in) // ended by in, or with the process
	done := make(chan error, 1)
	go func() { done <- at.work(ctx) }() // waited for here, or ended with the process
	select {
	case err := <-done:
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select { // another worker may have cleared up already; then in is about to end here too
		case <-at.orders.gone:
		case <-time.After(time.Second):
			return err
		}
	case <-at.orders.gone:
	}
	// The demonstration was killed, or ends early. Each worker clears up the files, while no worker
	// writes any, so that none are left. One that finds nothing to clear up was not the first: no
	// error.
	_ = at.store.alone(func() error { return os.RemoveAll(filepath.Dir(w.File)) })
	return nil
}

// worker is a Worker at work.
type worker struct {
	Worker
	store  store
	orders *orders
	out    *json.Encoder
	mutex  *zklock.Mutex // nil without the lock
	id     func() int64  // of the session
}

func (w *worker) tell(e event) error {
	e.At = cmp.Or(e.At, time.Now())
	return w.out.Encode(e)
}

func (w *worker) work(ctx context.Context) (err error) {
	turn := w.turnWithout
	if w.Connect != "" {
		s, err := zklock.Dial(ctx, w.Connect, zklock.WithSessionTimeout(w.SessionTimeout))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		if w.mutex, err = s.Mutex(w.Lock, zklock.WithIdentifier(w.Name)); err != nil {
			return err
		}
		w.id, turn = s.ID, w.turn
	}
	if err := w.tell(event{What: ready}); err != nil {
		return err
	}
	<-w.orders.start
	for n := 1; !closed.Is(w.orders.finish); n++ {
		if err := turn(ctx, fmt.Sprintf("%s/%d", w.Name, n)); err != nil {
			return err
		}
	}
	return w.tell(event{What: finished})
}

// turnWithout is an update as programs make it that know of no lock.
func (w *worker) turnWithout(_ context.Context, id string) error {
	c, err := w.store.read(zklock.Token{})
	if err != nil {
		return err
	}
	<-time.After(pause)
	if err := w.store.write(zklock.Token{}, c.plus(id, zklock.Token{})); err != nil {
		return err
	}
	return w.tell(event{What: wrote, Write: id})
}

// turn is one update under the lock.
func (w *worker) turn(ctx context.Context, id string) error {
	revoked, err := w.acquire(ctx)
	if revoked == nil {
		return err
	}
	token := w.mutex.Token()
	err = w.update(token, revoked, id)
	if err == nil {
		err = w.tell(event{What: releasing, Token: token})
	}
	// the loss was told already
	if unlockErr := w.mutex.UnlockContext(ctx); !errors.Is(unlockErr, zklock.ErrLost) {
		err = errors.Join(err, unlockErr)
	}
	return err
}

// acquire waits for the lock. Without an error and without a channel it was not acquired, and that
// is told.
func (w *worker) acquire(ctx context.Context) (revoked <-chan struct{}, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ended by cancel; it need not be waited for
		select {
		case <-w.orders.finish:
			cancel()
		case <-ctx.Done():
		}
	}()
	patience := time.Duration(w.orders.patience.Load())
	limited := ctx
	if patience > 0 {
		limited, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	asked := time.Now()
	revoked, err = w.mutex.LockContext(limited)
	waited := time.Since(asked)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		w.orders.patience.Store(0)
		return nil, w.tell(event{What: gaveUp, Wait: waited})
	case errors.Is(err, context.Canceled):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return revoked, w.tell(event{What: held, Token: w.mutex.Token(), Wait: waited})
}

// update reads, waits and writes. It does not write once the hold is revoked or lost.
func (w *worker) update(token zklock.Token, revoked <-chan struct{}, id string) error {
	c, err := w.store.read(token)
	if err != nil {
		return w.unlessStale(err, token)
	}
	dwell := w.orders.dwell.CompareAndSwap(true, false)
	if dwell {
		if err := w.tell(event{What: dwelling, Token: token, Session: w.id()}); err != nil {
			return err
		}
		<-revoked
	}
	select {
	case <-time.After(pause):
	case <-revoked:
	}
	if reason := w.mutex.Err(); reason != nil { // which looks at the clock too
		if err := w.tell(event{What: lost, Token: token, Reason: reason.Error()}); err != nil ||
			!dwell {
			return err
		}
		return w.offer(token, c, id)
	}
	if err := w.store.write(token, c.plus(id, token)); err != nil {
		return w.unlessStale(err, token)
	}
	return w.tell(event{What: wrote, Token: token, Write: id})
}

// unlessStale reports a write or read that was refused for its token, and returns other errors.
func (w *worker) unlessStale(err error, token zklock.Token) error {
	if !errors.Is(err, errStale) {
		return err
	}
	e := event{What: refused, Token: token, Proved: true}
	if reason := w.mutex.Err(); errors.Is(reason, zklock.ErrLost) {
		e.Proved, e.Reason = false, reason.Error()
	}
	return w.tell(e)
}

// offer makes the write that it must not make: as would a process that was stopped after its last
// look at the lock, and goes on now. Only the token keeps it out.
func (w *worker) offer(token zklock.Token, c contents, id string) error {
	select {
	case <-w.orders.offer:
	case <-w.orders.finish:
		return nil
	}
	if err := w.store.write(token, c.plus(id, token)); err != nil {
		return w.unlessStale(err, token)
	}
	return w.tell(event{What: accepted, Token: token, Write: id})
}
