//go:build unix

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
)

// MaybeWorker does not return if this process was started as a worker, or as the command of a
// worker's zooky: then it works until its standard input ends, or as long as it was told. A program
// that calls Run calls it first.
func MaybeWorker() {
	maybeCommand()
	text := os.Getenv(workerVariable)
	if text == "" {
		return
	}
	var cfg workerConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	w := &worker{cfg: cfg, events: &recorder{w: os.Stdout}}
	if cfg.Zooky != "" {
		w.runZooky()
	} else {
		w.run()
	}
	os.Exit(0)
}

func (w *worker) run() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // ends with the process: the harness closes the pipe, or is gone
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if w.cfg.Names != "" {
		useNames(w.cfg.Names, w.record)
	}
	go w.pulse()                      // ends with the process
	time.Sleep(10 * time.Millisecond) // until the goroutines above are there to be ignored below
	ignore := goleak.IgnoreCurrent()
	if err := w.work(ctx); err != nil {
		w.record(Event{Kind: kindClosed, Err: err.Error()})
		return
	}
	var text string
	if err := goleak.Find(ignore); err != nil {
		text = err.Error()
	}
	w.record(Event{Kind: kindClosed, Err: text})
}

// work dials, works until ctx ends, and closes. It returns what went wrong at either end.
func (w *worker) work(ctx context.Context) (err error) {
	for w.session == nil && ctx.Err() == nil {
		s, err := zklock.Dial(ctx, w.cfg.Connect, zklock.WithSessionTimeout(w.cfg.Timeout),
			zklock.WithRoot(lockRoot), zklock.WithLease(w.cfg.Lease), zklock.WithLogger(w.logger()))
		if err == nil {
			w.session = s
		}
	}
	if w.session == nil {
		return nil // told to end before it had begun
	}
	w.record(Event{Kind: kindStart, Session: w.session.ID()})
	jobs, err := w.jobs()
	if err != nil {
		return errors.Join(err, w.session.Close())
	}
	var working sync.WaitGroup
	for _, j := range jobs {
		working.Go(func() { // ends after ctx; waited for below
			defer j.store.close()
			for ctx.Err() == nil {
				j.once(ctx)
			}
		})
	}
	working.Wait()
	w.record(Event{Kind: kindClose})
	return w.session.Close()
}

// jobs is what the goroutines of this process do. In every other process two share one handle of
// the mutex.
func (w *worker) jobs() ([]*job, error) {
	shared, err1 := w.session.Mutex(mutexName)
	table, err2 := w.session.RWMutex(tableName)
	forced, err3 := w.session.Mutex(forcedName)
	other, err4 := w.session.Mutex(mutexName)
	otherTable, err5 := w.session.RWMutex(tableName)
	pool, err6 := w.session.Semaphore(poolName, poolSize)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	jobs := []*job{ // workerConfig.jobs knows how many
		{worker: w, lock: mutexName, handle: shared},
		{worker: w, lock: tableName, handle: table.Mutex, table: table},
		{worker: w, lock: tableName, handle: table.Reader(), shared: true},
		{worker: w, lock: forcedName, handle: forced},
		{worker: w, lock: poolName, pool: pool, shared: true},
		{worker: w, lock: mutexName, handle: other, beside: []*job{
			{worker: w, lock: tableName, handle: otherTable.Mutex},
			{worker: w, lock: tableName, handle: otherTable.Reader(), shared: true},
		}},
	}
	if w.cfg.Worker%2 == 0 {
		jobs = append(jobs, &job{worker: w, lock: mutexName, handle: shared})
	}
	for i, j := range jobs {
		j.goroutine = i
		j.rng = rand.New(rand.NewPCG(w.cfg.Seed,
			uint64(w.cfg.Worker)<<32|uint64(w.cfg.Life)<<8|uint64(i)))
		conn, err := net.Dial("tcp", w.cfg.Store)
		if err != nil {
			return nil, err
		}
		j.store = newStoreClient(conn)
		for _, beside := range j.beside {
			beside.goroutine, beside.rng, beside.store = j.goroutine, j.rng, j.store
		}
	}
	return jobs, nil
}

// jobs returns how many goroutines a worker has.
func (cfg workerConfig) jobs() int {
	if cfg.Zooky != "" {
		return len(zookyJobs)
	}
	return 6 + (cfg.Worker+1)%2
}
