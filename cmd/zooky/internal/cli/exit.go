package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Exit statuses of every command but run, which has its own.
const (
	exitOK = 0
	// the answer is no: no such lock, a lock that is in use, an update that was lost
	exitNo      = 1
	exitTrouble = 2 // no answer: a wrong command line, no server
)

// exitError is an error that has an exit status of its own.
type exitError struct {
	status int
	signal os.Signal // that ends the process instead; nil for none
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errSaid is an error that zooky, or the command itself, has reported to the user already.
var errSaid = errors.New("")

// withStatus gives an error an exit status, unless it has one.
func withStatus(status int, err error) error {
	var exit *exitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return &exitError{status: status, err: err}
}

// endedBy is the error of a command that a signal has ended. A shell goes on with its loop or
// script if what it waited for exits, whatever the status, and stops if SIGINT or SIGQUIT has ended
// that: so they do.
func endedBy(s os.Signal, err error) error {
	exit := &exitError{status: 128 + number(s), err: err}
	if s == os.Interrupt || s == syscall.SIGQUIT {
		exit.signal = s
	}
	return exit
}

func said(s os.Signal) error { return fmt.Errorf("%v", s) }

func number(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return int(n)
	}
	return 0
}
