package benchmarks

import (
	"context"
	"errors"
	"strings"
	"time"
)

// place is where a pass happens.
type place struct {
	connect string
	timeout time.Duration // of the sessions
	path    string        // of the lock; new in every pass
	spread  bool          // each session has one server; only libraries for Go can
}

// of returns the place of one of several sessions.
func (p place) of(session int) place {
	if p.spread {
		servers := strings.Split(p.connect, ",")
		p.connect = servers[session%len(servers)]
	}
	return p
}

// loop makes each contender lock and unlock without a pause, and do nothing in between.
type loop struct {
	place
	sessions, workers int           // workers on each session
	names             names         // of the locks
	permits           int           // of the semaphore that they take one of; 0 for a lock
	locks             int           // that each worker takes together; 0 for one
	hold              time.Duration // how long each holds the lock; only libraries for Go can
	warm, measure     time.Duration // what is acquired in the first does not count

	// begin and end are called when measuring begins and ends, and released after each release in
	// between, with the time that it took; only by libraries for Go. Each may be nil.
	begin, end func() error
	released   func(took time.Duration)
}

// names says which locks the workers of a loop take.
type names string

const (
	oneName    names = ""      // one lock, of the path
	ownNames   names = "own"   // a lock for each worker
	freshNames names = "fresh" // a lock that has never existed, each time
)

// tally is how often each worker acquired the lock.
type tally struct {
	elapsed time.Duration
	counts  []int
}

func (t tally) rate() float64 { return float64(sum(t.counts)) / t.elapsed.Seconds() }

// readWrite makes readers on one session lock and unlock without a pause, and a writer on another
// one every now and then.
type readWrite struct {
	place
	readers       int
	every         time.Duration // from one write to the next
	warm, measure time.Duration
}

type readWriteTally struct {
	tally        // of the readers
	writes       int
	longestWrite time.Duration // that a writer waited for the lock
}

// client runs passes of one library. It opens the sessions of a pass and closes them before it
// returns. A pass ends when ctx does.
type client interface {
	loop(context.Context, loop) (tally, error)
	close() error
}

// Libraries that can do more than loop implement more.
type (
	readWriter interface {
		readWrite(context.Context, readWrite) (readWriteTally, error)
	}
	queuer interface {
		// queue opens sessions, makes n contenders ask for the lock on each, and returns when the
		// first holds it. It calls opened when it has the sessions.
		queue(ctx context.Context, p place, sessions, n int, opened func()) (queued, error)
	}
	remoteLooper interface {
		// loopWithRemote is loop on one session, with one contender more on a session of its own,
		// who loops too.
		loopWithRemote(context.Context, loop) (remoteTally, error)
	}
	waiter interface {
		// wait makes n contenders ask for the lock on one session, with as few goroutines as the
		// library allows. It calls opened when it has the session.
		wait(ctx context.Context, p place, n int, opened func()) (leave func() error, err error)
	}
	holder interface {
		// hold opens n sessions, each of which acquires so many locks of its own and keeps them until
		// release is called. It calls opened when it has the sessions.
		hold(ctx context.Context, p place, n, each int,
			opened func()) (release func() error, err error)
	}
	visitor interface {
		// visits opens a session. visit acquires a lock, releases it, and returns how long it took
		// to acquire.
		visits(ctx context.Context, p place) (
			visit func(ctx context.Context, path string) (time.Duration, error),
			leave func() error, err error)
	}
	canceller interface {
		// cancel gives acquisitions up while they wait in a queue, n times, and returns how long
		// each took to return. In between it calls hang, and from then on gives up n acquisitions
		// that no server answers.
		cancel(ctx context.Context, p place, n int,
			hang func() (resume func() error, err error)) (answering,
			hanging []time.Duration, err error)
	}
)

// queued is a queue of contenders of one client.
type queued interface {
	// handOff makes n holders, one after the other, release the lock, and returns how long it took
	// until the last one's successor held it.
	handOff(ctx context.Context, n int) (time.Duration, error)
	leave() error // closes the sessions
}

// remoteTally is how a contender elsewhere fares while many share a session.
type remoteTally struct {
	local, remote tally
	// the most local holds that began between the remote contender's queueing and its hold
	longest int
}

var errUnsupported = errors.New("the library knows no such thing")
