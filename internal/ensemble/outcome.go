package ensemble

import (
	"context"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/closed"
)

// Do runs op until the server has answered it. op must be one that may run twice. While the
// connection is down do waits, for as long as ctx lasts.
func (zs *Session) Do(ctx context.Context, op func() error) error {
	for {
		if closed.Is(zs.ended) {
			return zs.EndReason()
		}
		err := coded(op())
		was := OutcomeOf(err)
		if was == Answered || was == LeftBehind {
			return err
		}
		if err := zs.Retry(ctx, was); err != nil {
			return err
		}
	}
}

// Outcome is what an error of go-zookeeper says about the request.
type Outcome uint8

const (
	Answered    Outcome = iota // the server executed or refused it: the answer stands
	LeftBehind                 // its context ended before the answer: it may have been executed
	NotExecuted                // it certainly was not executed and may be sent again
	Throttled                  // nor was this: the server has too much to do
	Unknown                    // it may have been executed
)

// OutcomeOf classifies an error of go-zookeeper. It is the one place that knows what may be sent
// again.
func OutcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Answered
	case IsGaveUp(err):
		return LeftBehind
	case errors.Is(err, zk.ErrNoServer): // never left the queue of requests
		return NotExecuted
	case errors.Is(err, zk.ErrSessionMoved):
		// the server that we left would have executed it, and refused
		return NotExecuted
	case errors.Is(err, zk.ErrConnectionClosed),
		// the connection broke before the answer; wire reports no other way
		errors.Is(err, zk.ErrClosing), // zk.Conn is being closed
		// zk.Conn says so of every request under way; none is repeated in it
		errors.Is(err, zk.ErrSessionExpired):
		return Unknown
	case errors.Is(err, throttledOp):
		return Throttled
	default: // a server's error code, or a request that go-zookeeper could not encode
		return Answered
	}
}

// sendPause is how long to wait before something is sent again that was not: the news that there is
// no connection may still be on its way to Await. A server that has too much to do is given
// throttlePause.
const (
	sendPause     = time.Millisecond
	throttlePause = 100 * time.Millisecond
)

// Retry waits until a request whose answer is not known can be sent again.
func (zs *Session) Retry(ctx context.Context, was Outcome) error {
	if was != Unknown {
		pause := sendPause
		if was == Throttled {
			pause = throttlePause
		}
		select {
		case <-time.After(pause):
		case <-zs.ended:
		case <-ctx.Done():
		}
	}
	return zs.Await(ctx)
}
