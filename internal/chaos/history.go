//go:build unix

package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// history collects the events of all processes, as they come.
type history struct {
	mu      sync.Mutex // guards the fields below
	events  []Event
	garbage []string          // lines that are no events
	holder  map[string]Event  // the newest grant of each lock
	latest  map[int]Event     // the start or grant of each worker
	started map[[2]int]bool   // lives that have a session
	granted map[[2]int]uint64 // how often, by worker and goroutine
}

func newHistory() *history {
	return &history{
		holder:  make(map[string]Event),
		latest:  make(map[int]Event),
		started: make(map[[2]int]bool),
		granted: make(map[[2]int]uint64),
	}
}

// record adds an event of the harness.
func (h *history) record(ev Event) {
	ev.At = now()
	h.add(ev)
}

// addLine adds an event that a worker has written.
func (h *history) addLine(line []byte) {
	var ev Event
	if err := json.Unmarshal(line, &ev); err != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.garbage = append(h.garbage, fmt.Sprintf("%q: %v", line, err))
		return
	}
	h.add(ev)
}

func (h *history) add(ev Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, ev)
	switch ev.Kind {
	case kindStart:
		h.latest[ev.Worker] = ev
		h.started[[2]int{ev.Worker, ev.Life}] = true
	case kindGranted:
		h.latest[ev.Worker] = ev
		h.granted[[2]int{ev.Worker, ev.Goroutine}]++
		if !ev.Shared {
			h.holder[ev.Lock] = ev
		}
	}
}

// holding returns the worker that was last granted one of the locks.
func (h *history) holding(lock string) (worker int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ev, ok := h.holder[lock]
	return ev.Worker, ok
}

// latestOf returns the latest start or grant of a worker.
func (h *history) latestOf(worker int) Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.latest[worker]
}

func (h *history) hasStarted(worker, life int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started[[2]int{worker, life}]
}

// owners returns, by session, the client that has it.
func (h *history) owners() map[int64]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	owners := make(map[int64]int)
	for _, ev := range h.events {
		if ev.Kind == kindTimeout {
			owners[ev.Session] = ev.Worker
		}
	}
	return owners
}

// write stores the events as lines of JSON.
func (h *history) write(file string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	for _, ev := range h.events {
		if err := out.Encode(ev); err != nil {
			return err
		}
	}
	return f.Close()
}
