package zklock

import (
	"context"
	"fmt"
	"time"
)

// obstacle is what a call waited for when its caller gave up.
type obstacle struct {
	text    string
	matches []error // that the call's error is to match
}

// noAnswer is the obstacle of a call whose request was sent.
var noAnswer = obstacle{"no answer from the server", []error{ErrUnavailable}}

// outage returns the obstacle that there is no connection; ok is false if there is one.
func (zs *zkSession) outage() (o obstacle, ok bool) {
	failure := zs.s.servers.lastFailure()
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if zs.serving {
		return obstacle{}, false
	}
	o = obstacle{fmt.Sprintf("not connected for %v", rounded(time.Since(zs.lastChange))), []error{ErrUnavailable}}
	if failure != nil {
		o.text += fmt.Sprintf(" (%v)", failure)
		o.matches = append(o.matches, failure)
	}
	return o, true
}

// explain adds to the error of a call that its caller gave up for how long the call went on, and
// what it waited for. A missing connection comes before anything else. A call whose context had
// ended before waited for nothing.
func (s *Session) explain(err error, begun time.Time, waitedFor obstacle) error {
	g, ok := err.(gaveUp)
	if !ok || time.Since(begun) < time.Millisecond {
		return err
	}
	if out, ok := s.zkSession().outage(); ok {
		waitedFor = out
	}
	return gaveUp{&gaveUpError{
		text: fmt.Sprintf("gave up after %v: %s: %v", rounded(time.Since(begun)), waitedFor.text, g.why),
		errs: append([]error{g.why}, waitedFor.matches...),
	}}
}

// gaveUpError is the public error of a call that its caller gave up.
type gaveUpError struct {
	text string
	errs []error
}

func (e *gaveUpError) Error() string   { return e.text }
func (e *gaveUpError) Unwrap() []error { return e.errs }

// rounded is a duration as people read it.
func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

// Dial tells the logger that it tries in vain: after the first of these, and then every time that
// the second is over.
const (
	dialPatience = 5 * time.Second
	dialReminder = time.Minute
)

// awaitFirst waits for the first ZooKeeper session. It fails with ctx, or as the servers do.
func (s *Session) awaitFirst(ctx context.Context, established <-chan error) error {
	begun := time.Now()
	inVain := time.NewTimer(dialPatience)
	defer inVain.Stop()
	for {
		select {
		case err := <-established:
			return err
		case <-ctx.Done():
			return s.explain(contextError(ctx), begun, noAnswer)
		case <-inVain.C:
			s.cfg.logger.Warn("no zookeeper session yet", "servers", s.servers, "after", time.Since(begun),
				"error", s.servers.lastFailure())
			inVain.Reset(dialReminder)
		}
	}
}
