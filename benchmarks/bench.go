package benchmarks

import (
	"time"

	"github.com/zookylock/zklock/zktest"
)

// bench is a run.
type bench struct {
	warm, measure time.Duration
	idle          time.Duration // how long nothing happens in a queue that has settled
	quick         bool
	dir           string // for temporary files
	server        *server
	three         *zktest.Ensemble // see ensembleOfThree
	logf          func(string, ...any)
	versions      []string // of the peers that have been started
	clients       map[string]client
	passes        int
}
