//go:build unix

package cli

import (
	"context"
	"syscall"
	"time"
)

// Exit statuses of run, besides the command's own.
const (
	runLost          = 123
	runNotAcquired   = 124 // unless -E says otherwise
	runTrouble       = 125
	runNotExecutable = 126
	runNotFound      = 127
)

// runner is one run of a command under a lock.
type runner struct {
	target
	streams     Streams
	locks       []string
	shared      bool
	slots       int // of a semaphore; 0 for a lock
	try         bool
	wait        time.Duration
	how         string // of revocation; empty for none
	reason      string // of revocation
	onRevoke    string
	killAfter   time.Duration
	notAcquired int // exit status
	quiet       bool
	verbose     bool
	identity    string
	oncePer     time.Duration
	atLeast     time.Duration

	signal       syscall.Signal // of onRevoke
	timeoutGiven bool           // the session timeout was, on the command line
}

// cmpCause is why ctx has ended, if it has, and else err.
func cmpCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
