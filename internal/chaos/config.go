//go:build unix

package chaos

import (
	"io"
	"time"

	"github.com/zookylock/zklock"
)

// Config says what a run does.
type Config struct {
	Duration time.Duration // of the faults; starting, settling and checking come on top
	Seed     uint64
	Timeout  time.Duration // the clients' session timeout, 3 s if zero
	Clients  int           // processes that use the library, 5 if zero; one more runs zooky
	Lease    zklock.Lease
	Unequal  bool      // the servers have different ticks, and grant different session timeouts
	Clocks   bool      // the servers' wall clocks may be stepped
	Only     []string  // no faults but these
	Without  []string  // these do not happen
	Dir      string    // where the history goes after a violation; a temporary folder if empty
	Keep     bool      // write the history in any case
	Log      io.Writer // what happens, as it happens; nil for nowhere
}

// workerVariable is the environment variable that makes a process a worker. It holds a
// workerConfig.
const workerVariable = "ZKLOCK_CHAOS_WORKER"

// workerConfig is what a client process is told.
type workerConfig struct {
	Worker, Life   int
	Seed           uint64
	Connect, Store string
	Timeout        time.Duration
	Lease          zklock.Lease
	Names          string // the file with the servers' names
	Zooky          string // the command line, for the client that runs that; empty for the others
}
