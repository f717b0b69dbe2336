package ensemble

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/wire"
)

// What an acquisition asks of a server as a rule goes past zk.Conn's queue, by wire.Conn.Send:
// no goroutine has to wait for an answer that does not come, and requests that belong together go
// in one packet. The errors are zk.Conn's.

// Ask sends a request and returns what read makes of its answer. It fails with ctx; then it is not
// known whether the request was executed.
func Ask[T any](ctx context.Context, zs *Session, r *wire.Request,
	read func(wire.Reply) T) (T, error) {
	to := ResponsesTo(r, read)
	zs.Send(r)
	return to.Wait(ctx)
}

// Responses receives what has become of a request.
type Responses[T any] chan Response[T]

// Response is what has become of a request.
type Response[T any] struct {
	Value T
	Err   error
}

// ResponsesTo directs the answer to a request, which is about to be sent, to a channel.
func ResponsesTo[T any](r *wire.Request, read func(wire.Reply) T) Responses[T] {
	to := make(Responses[T], 1)
	r.Done = func(reply wire.Reply) {
		var a Response[T]
		if a.Err = ErrorOf(reply); a.Err == nil {
			a.Value = read(reply)
		}
		to <- a
	}
	return to
}

// Wait returns the answer. It fails with ctx.
func (from Responses[T]) Wait(ctx context.Context) (T, error) {
	select {
	case a := <-from:
		return a.Value, a.Err
	case <-ctx.Done():
		var none T
		return none, ContextError(ctx)
	}
}

// Apart runs op, which calls zk.Conn and stays for its answer whatever becomes of ctx. It fails
// with ctx; then it is not known what op has come to.
func (zs *Session) Apart(ctx context.Context, op func() error) error {
	if ctx.Done() == nil {
		return coded(op())
	}
	to := make(Responses[struct{}], 1)
	// ends with the answer, or the connection; Close waits for it
	if !zs.client.Start(func() { to <- Response[struct{}]{Err: coded(op())} }) {
		return ErrClosed
	}
	_, err := to.Wait(ctx)
	return err
}

// DoApart is do for such an op.
func (zs *Session) DoApart(ctx context.Context, op func() error) error {
	return zs.Do(ctx, func() error { return zs.Apart(ctx, op) })
}

// AskEach asks n questions, so many in one packet, and calls f with each answer in turn, until f
// fails. The error of an answer is a server's.
func AskEach[T any](
	ctx context.Context, zs *Session, n, atOnce int,
	request func(int) *wire.Request, read func(wire.Reply) T, f func(int, Response[T]) error,
) error {
	for from := 0; from < n; from += atOnce {
		var answers []Response[T]
		err := zs.Do(ctx, func() (err error) {
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

// askAll sends requests in one packet and returns the answers. It fails with ctx, and if there is
// none to one of them.
func askAll[T any](
	ctx context.Context, zs *Session, requests []*wire.Request, read func(wire.Reply) T,
) ([]Response[T], error) {
	pending := make([]Responses[T], len(requests))
	for i, r := range requests {
		pending[i] = ResponsesTo(r, read)
	}
	zs.Send(requests...)
	answers := make([]Response[T], len(requests))
	for i, to := range pending {
		select {
		case answers[i] = <-to:
		case <-ctx.Done():
			return nil, ContextError(ctx)
		}
		if err := answers[i].Err; OutcomeOf(err) != Answered {
			return nil, err
		}
	}
	return answers, nil
}

// AtOnce bounds how many requests one call has under way.
const AtOnce = 32

// ForEach calls f with each number up to n, some at a time, until one fails or ctx ends.
func ForEach(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(AtOnce)
	for i := range n {
		if inner.Err() != nil {
			break // f would send a request, and not wait for the answer
		}
		g.Go(func() error { return f(inner, i) })
	}
	err := g.Wait()
	if err == nil && ctx.Err() != nil {
		return ContextError(ctx)
	}
	return err
}

// Send sends requests in one packet, or tells each that it was not sent because there is no
// connection that can be used.
func (zs *Session) Send(requests ...*wire.Request) {
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

// Nothing is what there is to read in some answers.
func Nothing(wire.Reply) struct{} { return struct{}{} }
