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
