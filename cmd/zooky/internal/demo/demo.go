// Package demo is the demonstration: processes that contend for one lock around the update of one
// file, some of which die, lose their session or lose their patience, and an account of what the
// file has in the end.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

const (
	goal           = 200             // updates in a run
	sessionTimeout = 2 * time.Second // of the workers: how long a killed one holds the others up
	limit          = time.Minute     // for a run, downloads not counted
)

// crewNames are the workers. The faults of the demonstration befall the first three.
var crewNames = []string{"ann", "ben", "cat", "dan", "eve", "fay"}

// Demo is one run.
type Demo struct {
	Out    io.Writer
	Err    io.Writer // for what a worker has to say when it fails
	Width  int       // of the terminal that Out is; 0 if it is none
	NoLock bool      // the same work without the lock

	// Command returns the command line, without the program, that runs a Worker.
	Command func(Worker) []string
}

// Run runs the demonstration and prints an account. The error matches ErrLost if an update was
// lost. Whatever happens, no process, file or znode is left.
func (d Demo) Run(ctx context.Context) (err error) {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "zooky-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := store{path: filepath.Join(dir, "counter.json")}
	if err := file.create(); err != nil {
		return err
	}
	b := newBoard(goal)
	show := &display{out: d.Out, width: d.Width, board: b, notes: make(chan string)}
	worker := Worker{File: file.path}
	play := &director{board: b}
	if d.NoLock {
		fmt.Fprintf(d.Out, "%d processes update one file without the lock.\n", len(crewNames))
	} else {
		stage, err := d.setUp(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stage.close()) }()
		fmt.Fprintf(d.Out, "%d processes update one file, each time under the lock %s on %s.\n",
			len(crewNames), stage.mutex.Name(), stage.ensemble.Connect())
		worker.Connect, worker.Lock, worker.SessionTimeout = stage.ensemble.Connect(),
			stage.mutex.Name(), sessionTimeout
		show.queue, play.expire = stage.mutex.Contenders, stage.ensemble.Expire
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("the demonstration is not through after %v", limit))
	defer cancel()
	b.begin = time.Now()
	play.crew, err = startCrew(crewNames, func(name string) *exec.Cmd {
		worker := worker
		worker.Name = name
		cmd := exec.Command(program, d.Command(worker)...)
		cmd.Stderr = d.Err
		return cmd
	})
	if err != nil {
		return err
	}
	defer play.crew.close()

	showing, stop := context.WithCancel(ctx)
	var displays sync.WaitGroup
	displays.Go(func() { show.run(showing) }) // ended by stop
	play.note = func(format string, args ...any) {
		show.note(showing, fmt.Sprintf(format, args...))
	}
	err = play.run(ctx)
	stop()
	displays.Wait()
	if err != nil {
		return err
	}
	took := time.Since(b.begin)
	c, err := file.load()
	if err != nil {
		return err
	}
	v := judge(b, c)
	report(d.Out, b, play.done, v, took)
	return v.err()
}

// run is the play.
func (d *director) run(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	d.note("%d workers begin", len(d.crew.members))
	if d.expire != nil {
		for i, scene := range []func(context.Context, string) error{d.killHolder, d.expireHolder, d.tireOut} {
			if err := d.updates(ctx, (i+1)*goal/5); err != nil {
				return err
			}
			if err := scene(ctx, crewNames[i]); err != nil {
				return err
			}
		}
	}
	if err := d.updates(ctx, goal); err != nil {
		return err
	}
	return d.end(ctx)
}

// stage is what the workers of a run with the lock need.
type stage struct {
	ensemble *zktest.Ensemble
	session  *zklock.Session
	mutex    *zklock.Mutex // to look at; it is never locked
}

func (d Demo) setUp(ctx context.Context) (*stage, error) {
	begin := time.Now()
	ensemble, err := zktest.Run(ctx, zktest.WithLogf(func(format string, args ...any) {
		fmt.Fprintf(d.Out, format+"\n", args...)
	}))
	if err != nil {
		return nil, fmt.Errorf("start zookeeper: %w", err)
	}
	s := &stage{ensemble: ensemble}
	if len(ensemble.Servers()) > 0 {
		fmt.Fprintf(d.Out, "ZooKeeper started in %v.\n", round(time.Since(begin)))
	}
	dialing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.session, err = zklock.Dial(dialing, ensemble.Connect())
	if err == nil {
		s.mutex, err = s.session.Mutex("zooky-demo-" + rand.Text())
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// close takes everything down. The lock's znode goes too, for a server of the user's lives on.
func (s *stage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	var errs []error
	if s.mutex != nil && len(s.ensemble.Servers()) == 0 {
		errs = append(errs, s.session.Remove(ctx, s.mutex.Name()))
	}
	if s.session != nil {
		errs = append(errs, s.session.Close())
	}
	return errors.Join(append(errs, s.ensemble.Stop())...)
}
