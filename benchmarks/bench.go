package benchmarks

import "time"

// bench is a run.
type bench struct {
	warm, measure time.Duration
	quick         bool
	dir           string // for temporary files
	server        *server
	logf          func(string, ...any)
	versions      []string // of the peers that have been started
	clients       map[string]client
	passes        int
}
