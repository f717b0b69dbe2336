package benchmarks

import (
	"context"
	"fmt"
	"time"
)

// Case is a situation that libraries are compared in.
type Case struct {
	Name, Title string
	Table       string        // which table it stands in
	libraries   []string      // who takes part, as far as they are asked for
	rounds      int           // at most; 0 for as many as are asked for
	long        bool          // only if asked for
	timeout     time.Duration // of the sessions; 0 for sessionTimeout

	// pass takes one sample of times. Where count is set it takes another one, of what only a proxy
	// can count.
	pass  func(context.Context, *bench, client, place) (Sample, error)
	count func(context.Context, *bench, client, place) (Sample, error)
}

// Sample is what one pass found, by the name of the figure.
type Sample map[string]float64

const (
	sessionTimeout = 10 * time.Second // the default of the library

	// longTimeout is for cases in which thousands wait without a change: no client is to look after
	// his session, or at the queue again, in the middle of it.
	longTimeout = 30 * time.Second
)

// delayed returns the name and title of a case whose frames take longer by delay each way.
func delayed(delay time.Duration, name, title string) (string, string) {
	if delay == 0 {
		return name, title
	}
	return name + fmt.Sprintf("-delay-%v", delay),
		title + fmt.Sprintf(", %d ms each way", delay.Milliseconds())
}
