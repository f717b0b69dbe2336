package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// patience is how long the impatient worker waits for the lock: less than the turns of those ahead
// of it take.
const patience = 40 * time.Millisecond

// director runs the play. It alone receives the workers' events, and puts every one on the board.
type director struct {
	crew   *crew
	board  *board
	expire func(sessionID int64) error
	note   func(format string, args ...any)

	done   []failure
	ending bool // workers may exit
}

// failure is what was done to one worker, and what it cost the others.
type failure struct {
	worker string
	what   string
	cost   string
}

// until receives events up to the first that is wanted.
func (d *director) until(ctx context.Context, wanted func(event) bool) (event, error) {
	for {
		e, err := d.crew.next(ctx)
		if err != nil {
			return event{}, err
		}
		d.board.record(e)
		if e.What == exited && !d.ending && !d.board.wasKilled(e.Worker) {
			return event{}, fmt.Errorf("worker %s has ended: %s", e.Worker, e.Reason)
		}
		if wanted(e) {
			return e, nil
		}
	}
}

// is wants the events of the given kinds from one worker.
func is(worker string, kinds ...what) func(event) bool {
	return func(e event) bool {
		for _, kind := range kinds {
			if e.Worker == worker && e.What == kind {
				return true
			}
		}
		return false
	}
}

// all wants the event that is the last of the given kind to come from n workers.
func all(n int, kind what) func(event) bool {
	seen := make(map[string]bool)
	return func(e event) bool {
		if e.What == kind {
			seen[e.Worker] = true
		}
		return len(seen) >= n
	}
}

// later wants a hold or a write with a greater token.
func later(kind what, token zklock.Token) func(event) bool {
	return func(e event) bool { return e.What == kind && e.Token.Compare(token) > 0 }
}

// updates runs the play until there are n.
func (d *director) updates(ctx context.Context, n int) error {
	if d.board.updates() >= n {
		return nil
	}
	_, err := d.until(ctx, func(event) bool { return d.board.updates() >= n })
	return err
}

// begin waits for every worker to be ready and lets them go.
func (d *director) begin(ctx context.Context) error {
	if _, err := d.until(ctx, all(len(d.crew.members), ready)); err != nil {
		return err
	}
	return d.orderAll(orderGo)
}

// end lets every worker end its turn, and waits until all have exited.
func (d *director) end(ctx context.Context) error {
	d.ending = true
	if err := d.orderAll(orderFinish); err != nil {
		return err
	}
	failed := error(nil)
	left := all(len(d.crew.members)-len(d.board.killed), exited)
	_, err := d.until(ctx, func(e event) bool {
		if d.board.wasKilled(e.Worker) {
			return false
		}
		if e.What == exited && e.Reason != "" {
			failed = errors.Join(failed, fmt.Errorf("worker %s has ended: %s", e.Worker, e.Reason))
		}
		return left(e)
	})
	return errors.Join(err, failed)
}

func (d *director) orderAll(order string) error {
	for _, m := range d.crew.members {
		if d.board.wasKilled(m.name) {
			continue
		}
		if err := d.crew.order(m.name, order); err != nil {
			return err
		}
	}
	return nil
}

// dwell makes a worker stop in the middle of an update, with the lock held.
func (d *director) dwell(ctx context.Context, worker string) (event, error) {
	if err := d.crew.order(worker, orderDwell); err != nil {
		return event{}, err
	}
	return d.until(ctx, is(worker, dwelling))
}

// killHolder kills a worker that holds the lock.
func (d *director) killHolder(ctx context.Context, worker string) error {
	hold, err := d.dwell(ctx, worker)
	if err != nil {
		return err
	}
	d.note("%s holds the lock, has read the file and not written yet: kill -9", worker)
	d.board.kill(worker)
	at := time.Now()
	if err := d.crew.kill(worker); err != nil {
		return err
	}
	next, err := d.until(ctx, later(held, hold.Token))
	if err != nil {
		return err
	}
	cost := next.At.Sub(at)
	d.note("%s has the lock %v later, when the dead worker's session had timed out",
		next.Worker, round(cost))
	d.done = append(d.done,
		failure{worker, "killed while it held the lock",
			"delayed the others by " + round(cost).String()})
	return nil
}

// expireHolder makes the ensemble expire the session of a worker that holds the lock, and then lets
// that worker try to write all the same.
func (d *director) expireHolder(ctx context.Context, worker string) error {
	hold, err := d.dwell(ctx, worker)
	if err != nil {
		return err
	}
	d.note("%s holds the lock, has read the file and not written yet: its session is expired",
		worker)
	at, err := d.expireSession(ctx, hold.Session)
	if err != nil {
		return fmt.Errorf("expire %s's session: %w", worker, err)
	}
	next, err := d.until(ctx, later(held, hold.Token))
	if err != nil {
		return err
	}
	cost := next.At.Sub(at)
	d.note("%s has the lock %v later", next.Worker, round(cost))
	// Once the next holder has read, or written, the old token is stale. A write before that would
	// be read and kept.
	if _, err := d.until(ctx, later(wrote, hold.Token)); err != nil {
		return err
	}
	if err := d.crew.order(worker, orderOffer); err != nil {
		return err
	}
	outcome, err := d.until(ctx, is(worker, refused, accepted))
	if err != nil {
		return err
	}
	d.note("%s was told of the loss and has not written; a write with its old token is %s",
		worker, outcome.What)
	d.done = append(d.done,
		failure{worker, "session expired while it held the lock",
			"delayed the others by " + round(cost).String()},
		failure{worker, "late write, with the old token", string(outcome.What)})
	return nil
}

// expireTries bounds how often a session is tried to be expired. That means to open it once more
// and close it; its client comes back at once, and on a busy machine may be the quicker one several
// times.
const expireTries = 10

// expireSession returns when the attempt began that expired the session.
func (d *director) expireSession(ctx context.Context, id int64) (at time.Time, err error) {
	for range expireTries {
		at = time.Now()
		if err = d.expire(id); err == nil || errors.Is(err, zktest.ErrNoSession) ||
			ctx.Err() != nil {
			break
		}
	}
	// the attempt before did it, or the session has timed out: gone it is
	if errors.Is(err, zktest.ErrNoSession) {
		err = nil
	}
	return at, err
}

// tireOut makes a worker leave the queue by timeout.
func (d *director) tireOut(ctx context.Context, worker string) error {
	if err := d.crew.order(worker, fmt.Sprint(orderHurry, " ", patience)); err != nil {
		return err
	}
	left, err := d.until(ctx, is(worker, gaveUp))
	if err != nil {
		return err
	}
	d.note("%s waits no longer than %v, and leaves the queue", worker, patience)
	// Two more holds, so that the hand-over after it can be told from others.
	if err := d.updates(ctx, d.board.updates()+2*len(d.crew.members)); err != nil {
		return err
	}
	turns := d.board.holds()
	cost := "no delay"
	if after, ok := handoverAfter(turns, left.At); ok {
		cost += fmt.Sprintf(": the next hand-over took %v, the median one %v", round(after),
			round(handover(turns)))
	}
	d.done = append(d.done,
		failure{worker, fmt.Sprintf("gave up after %v in the queue", round(left.Wait)), cost})
	return nil
}

// round shortens a duration to what a reader wants to know.
func round(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond)
	default:
		return d.Round(100 * time.Microsecond)
	}
}
