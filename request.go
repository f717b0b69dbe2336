package zklock

import (
	"context"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/wire"
)

// What an acquisition asks of a server as a rule goes past zk.Conn's queue, by wire.Conn.Send: nobody has to stay for an
// answer that does not come, and requests that belong together go in one packet. The errors are zk.Conn's.

// ask sends a request and returns what read makes of its answer. It fails with ctx; then nobody knows whether the request was
// executed.
func ask[T any](ctx context.Context, zs *zkSession, r *wire.Request, read func(wire.Reply) T) (T, error) {
	to := responsesTo(r, read)
	zs.send(r)
	return to.wait(ctx)
}

// responses receives what has become of a request.
type responses[T any] chan response[T]

type response[T any] struct {
	value T
	err   error
}

// responsesTo has the answer to a request, which is about to be sent, come to a channel.
func responsesTo[T any](r *wire.Request, read func(wire.Reply) T) responses[T] {
	to := make(responses[T], 1)
	r.Done = func(reply wire.Reply) {
		var a response[T]
		if a.err = errorOf(reply); a.err == nil {
			a.value = read(reply)
		}
		to <- a
	}
	return to
}

func (from responses[T]) wait(ctx context.Context) (T, error) {
	select {
	case a := <-from:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, contextError(ctx)
	}
}

// apart runs op, which calls zk.Conn and stays for its answer whatever becomes of ctx. It fails with ctx; then nobody knows what op
// has come to.
func (zs *zkSession) apart(ctx context.Context, op func() error) error {
	if ctx.Done() == nil {
		return op()
	}
	to := make(responses[struct{}], 1)
	if !zs.s.start(func() { to <- response[struct{}]{err: op()} }) { // ends with the answer, or the connection; Close waits for it
		return ErrClosed
	}
	_, err := to.wait(ctx)
	return err
}

// doApart is do for such an op.
func (zs *zkSession) doApart(ctx context.Context, op func() error) error {
	return zs.do(ctx, func() error { return zs.apart(ctx, op) })
}

// waitFor waits until a channel is closed. It fails with ctx.
func waitFor(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// askEach asks n questions, so many in one packet, and calls f with each answer in turn, until f fails. The error of an answer is
// a server's.
func askEach[T any](
	ctx context.Context, zs *zkSession, n, atOnce int,
	request func(int) *wire.Request, read func(wire.Reply) T, f func(int, response[T]) error,
) error {
	for from := 0; from < n; from += atOnce {
		var answers []response[T]
		err := zs.do(ctx, func() (err error) {
			requests := make([]*wire.Request, min(atOnce, n-from))
			for i := range requests {
				requests[i] = request(from + i)
			}
			answers, err = askAll(ctx, zs, requests, read)
			return err
		})
		if err != nil {
			return err
		}
		for i, answer := range answers {
			if err := f(from+i, answer); err != nil {
				return err
			}
		}
	}
	return nil
}

// askAll sends requests in one packet and returns the answers. It fails with ctx, and if there is none to one of them.
func askAll[T any](
	ctx context.Context, zs *zkSession, requests []*wire.Request, read func(wire.Reply) T,
) ([]response[T], error) {
	pending := make([]responses[T], len(requests))
	for i, r := range requests {
		pending[i] = responsesTo(r, read)
	}
	zs.send(requests...)
	answers := make([]response[T], len(requests))
	for i, to := range pending {
		select {
		case answers[i] = <-to:
		case <-ctx.Done():
			return nil, contextError(ctx)
		}
		if err := answers[i].err; outcomeOf(err) != answered {
			return nil, err
		}
	}
	return answers, nil
}

// requestsAtOnce bounds how many requests one call has under way.
const requestsAtOnce = 32

// forEach calls f with each number up to n, some at a time, until one fails or ctx ends.
func forEach(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(requestsAtOnce)
	for i := range n {
		if inner.Err() != nil {
			break // f would send a request, and not wait for the answer
		}
		g.Go(func() error { return f(inner, i) })
	}
	err := g.Wait()
	if err == nil && ctx.Err() != nil {
		return contextError(ctx)
	}
	return err
}

// send sends requests in one packet, or tells each that it was not sent because there is no connection that can be used.
func (zs *zkSession) send(requests ...*wire.Request) {
	zs.mu.Lock()
	live := zs.live
	zs.mu.Unlock()
	if live != nil && live.Send(requests...) {
		return
	}
	for _, r := range requests {
		r.Done(wire.Reply{Unsent: true})
	}
}

// nothing is what there is to read in some answers.
func nothing(wire.Reply) struct{} { return struct{}{} }

// errorOf returns what zk.Conn would for the answer.
func errorOf(r wire.Reply) error {
	if r.Unsent {
		return zk.ErrNoServer
	}
	if r.Lost {
		return zk.ErrConnectionClosed
	}
	if r.Code == 0 {
		return nil
	}
	if err := serverErrors[r.Code]; err != nil {
		return err
	}
	return serverError(r.Code)
}

// serverErrors are the servers' (KeeperException.Code) for which go-zookeeper has values.
var serverErrors = map[int32]error{
	-8: zk.ErrBadArguments, -100: errTooLarge, -101: zk.ErrNoNode, -102: zk.ErrNoAuth, -103: zk.ErrBadVersion,
	-108: zk.ErrNoChildrenForEphemerals, -110: zk.ErrNodeExists, -111: zk.ErrNotEmpty, -112: zk.ErrSessionExpired,
	-114: zk.ErrInvalidACL, -115: zk.ErrAuthFailed, -116: zk.ErrClosing, -117: zk.ErrNothing, -118: zk.ErrSessionMoved,
}

// sendPause is how long to wait before something is sent again that was not: the news that there is no connection may still
// be on its way to await. A server that has too much to do is given throttlePause.
const (
	sendPause     = time.Millisecond
	throttlePause = 100 * time.Millisecond
)

// retry waits until a request whose answer is not known can be sent again.
func (zs *zkSession) retry(ctx context.Context, was outcome) error {
	if was != unknown {
		pause := sendPause
		if was == throttled {
			pause = throttlePause
		}
		select {
		case <-time.After(pause):
		case <-zs.ended:
		case <-ctx.Done():
		}
	}
	return zs.await(ctx)
}
