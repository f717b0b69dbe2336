package simulate

import (
	"sync"
	"sync/atomic"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// run is a plan under way.
type run struct {
	*fakezk.Cluster
	*model
	plan     Plan
	clients  []*fakezk.Client
	sessions []*zklock.Session
	closed   []atomic.Bool // by session
	well     chan struct{} // closed when there are no faults any more, and holds are to end
	late     chan struct{} // closed when those may go on that hang

	handlesMu sync.Mutex // guards the fields below
	handles   map[string]any
	reads     map[*zklock.RWMutex]*readers
}

// start takes a step on a goroutine, which await waits for.
func (r *run) start(st Step, take func(*run, Step)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started++
	i := r.started
	r.trace = append(r.trace, st.String())
	r.unsolved[i] = st
	go func() {
		take(r, st)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.unsolved, i)
	}()
}

// remover takes note that holds of a lock may be removed by force from now on.
func (r *run) remover(lock string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removers[lock] = true
}
