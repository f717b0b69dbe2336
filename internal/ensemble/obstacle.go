package ensemble

import (
	"fmt"
	"time"
)

// Obstacle is what a call waited for when its caller gave up.
type Obstacle struct {
	Text    string
	Matches []error // that the call's error is to match
}

// NoAnswer is the obstacle of a call whose request was sent.
var NoAnswer = Obstacle{"no answer from the server", []error{ErrUnavailable}}

// outage returns the obstacle that there is no connection; ok is false if there is one.
func (zs *Session) outage() (o Obstacle, ok bool) {
	failure := zs.client.servers.lastFailure()
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if zs.serving {
		return Obstacle{}, false
	}
	o = Obstacle{fmt.Sprintf("not connected for %v", rounded(time.Since(zs.lastChange))),
		[]error{ErrUnavailable}}
	if failure != nil {
		o.Text += fmt.Sprintf(" (%v)", failure)
		o.Matches = append(o.Matches, failure)
	}
	return o, true
}

// Explain adds to the error of a call that its caller gave up for how long the call went on, and
// what it waited for. A missing connection comes before anything else. A call whose context had
// ended before waited for nothing, unless no server can be reached.
func (c *Client) Explain(err error, begun time.Time, waitedFor Obstacle) error {
	g, ok := err.(GaveUp)
	if !ok || time.Since(begun) < time.Millisecond && c.servers.lastFailure() == nil {
		return err
	}
	waitedFor = c.first(waitedFor)
	return GaveUp{&gaveUpError{
		text: fmt.Sprintf("gave up after %v: %s: %v", rounded(time.Since(begun)),
			waitedFor.Text, g.Why),
		errs: append([]error{g.Why}, waitedFor.Matches...),
	}}
}

// first returns what a call waits for first of all: a connection, if there is none.
func (c *Client) first(waitedFor Obstacle) Obstacle {
	if out, ok := c.Session().outage(); ok {
		return out
	}
	return waitedFor
}

// Awaited says what a call waits for that is under way.
func (c *Client) Awaited(waitedFor Obstacle) string { return c.first(waitedFor).Text }

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
