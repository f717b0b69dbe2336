package zktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	startLimit = 60 * time.Second // a JVM on a machine that is busy with everything else
	pollEvery  = 5 * time.Millisecond
)

// ErrNotRunning is returned, wrapped, by methods that need a running server. They succeed after
// Start.
var ErrNotRunning = errors.New("server is not running")

// A Server is one server of an [Ensemble]. It keeps its ports and data from Kill or Stop to Start.
// Its methods are safe for concurrent use.
type Server struct {
	janitor *janitor
	quorum  func() bool // whether enough servers run, unpaused, to serve
	id      int         // ZooKeeper's myid, from 1
	addr    string
	plain   string // the address without TLS: addr where there is no TLS
	dir     string
	argv    []string

	mu     sync.Mutex // guards the rest; held while a process starts or ends
	proc   *process   // nil before the first start
	paused bool
	closed bool // the ensemble was stopped: no more starts
}

// Addr returns the server's host:port for clients.
func (s *Server) Addr() string { return s.addr }

// PID returns the number of the server's process, which each start changes.
func (s *Server) PID() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runningLocked() {
		return 0, s.errorf("process", ErrNotRunning)
	}
	return s.proc.cmd.Process.Pid, nil
}

// String returns the name of the server in errors.
func (s *Server) String() string { return fmt.Sprintf("server %d (%s)", s.id, s.addr) }

// Kill ends the server's process at once, as a crash would, and waits for its end. The server may
// be paused.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runningLocked() {
		return s.errorf("kill", ErrNotRunning)
	}
	s.proc.kill()
	s.paused = false
	return nil
}

// Stop shuts the server down in an orderly way and waits for its end. A paused server is resumed
// first. If it has not ended after 10 s, it is killed, and Stop returns an error.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runningLocked() {
		return s.errorf("stop", ErrNotRunning)
	}
	if err := s.proc.terminate(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return s.errorf("stop", err)
	}
	s.paused = false
	select {
	case <-s.proc.exited:
		return nil
	case <-time.After(stopLimit):
		s.proc.kill()
		return s.errorf("stop", fmt.Errorf("still running after %v, killed", stopLimit))
	}
}

// Start starts a stopped or killed server with its old ports and data. It returns when the server
// serves clients. While too few servers run for a quorum it returns when the server answers at all;
// use [Ensemble.WaitLeader] to wait for the quorum.
func (s *Server) Start() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.launch(); err != nil {
		return s.errorf("start", err)
	}
	for {
		if err := s.poll(ctx, !s.quorum()); err == nil {
			return nil
		} else if !errors.Is(err, errQuorumChanged) {
			return s.errorf("start", err)
		}
	}
}

// Wipe removes the data of a server that does not run.
func (s *Server) Wipe() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runningLocked() {
		return s.errorf("wipe", errors.New("it is running"))
	}
	if err := os.RemoveAll(filepath.Join(s.dataDir(), "version-2")); err != nil {
		return s.errorf("wipe", err)
	}
	return nil
}

// Pause suspends the server's process: connections stay open and nothing answers, as on a machine
// that hangs. It returns when the process has stopped. On a paused server it does nothing.
func (s *Server) Pause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runningLocked() {
		return s.errorf("pause", ErrNotRunning)
	}
	if s.paused {
		return nil
	}
	if err := s.proc.pause(); err != nil {
		return s.errorf("pause", err)
	}
	s.paused = true
	return nil
}

// Resume continues a paused server. On a server that is not paused it does nothing.
func (s *Server) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runningLocked() {
		return s.errorf("resume", ErrNotRunning)
	}
	if err := s.proc.resume(); err != nil {
		return s.errorf("resume", err)
	}
	s.paused = false
	return nil
}

// Leader reports whether the server leads. A standalone server does. It fails if the server does
// not answer within 5 s; a server without a quorum answers and does not lead.
func (s *Server) Leader() (bool, error) {
	reply, err := s.Command("srvr")
	return leads(reply), err
}

// Command sends one of ZooKeeper's four-letter words and returns the answer: "wchs" counts watches,
// "cons" lists connections, "mntr" has counts. It fails if the server does not answer within 5 s.
func (s *Server) Command(word string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	return s.command(ctx, word)
}

func (s *Server) command(ctx context.Context, word string) (string, error) {
	reply, err := fourLetter(ctx, s.plain, word)
	if err != nil {
		return "", s.errorf(word, err)
	}
	return reply, nil
}

func (s *Server) runningLocked() bool { return s.proc != nil && s.proc.running() }

// state reports whether the process exists and whether it may answer.
func (s *Server) state() (running, paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runningLocked(), s.paused
}

// launch starts the process and does not wait for it to serve.
func (s *Server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errors.New("the ensemble is stopped")
	case s.runningLocked():
		return errors.New("already running")
	}
	proc, err := startProcess(s.janitor, s.dir, s.logFile(), s.argv)
	if err != nil {
		return err
	}
	s.proc, s.paused = proc, false
	return nil
}

// close ends the server for good.
func (s *Server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.runningLocked() {
		s.proc.kill()
	}
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "server.log") }

// logTail returns the end of the server's log, for errors.
func (s *Server) logTail() string {
	const size = 4 << 10
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	if len(text) > size {
		text = text[len(text)-size:]
		if i := strings.IndexByte(string(text), '\n'); i >= 0 {
			text = text[i+1:]
		}
	}
	return strings.TrimSpace(string(text))
}

func (s *Server) errorf(op string, err error) error {
	return fmt.Errorf("zktest: %s %v: %w", op, s, err)
}

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }
