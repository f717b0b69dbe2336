//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// Exit statuses of run, besides the command's own.
const (
	runLost          = 123
	runNotAcquired   = 124
	runTrouble       = 125
	runNotExecutable = 126
	runNotFound      = 127
)

// The hidden commands that run starts.
const (
	guardName = "run-guard" // outlives zooky run
	execName  = "run-exec"  // becomes the command: its arguments are a path and what the command sees, from its name on
)

// unixCommands are those that need process groups.
func unixCommands(streams Streams) []*cobra.Command {
	return []*cobra.Command{newRun(streams), {
		Use:    guardName,
		Short:  "Ends the command of run if zooky dies",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return child.Guard(streams.In, streams.Out) },
	}, {
		Use:                execName,
		Short:              "Becomes the command of run when that may begin",
		Hidden:             true,
		Args:               cobra.MinimumNArgs(2),
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			err := child.Exec(args[0], args[1:])
			if errors.Is(err, fs.ErrNotExist) { // it may be the interpreter
				return status(runNotFound, err)
			}
			return status(runNotExecutable, err)
		},
	}}
}

// runner is one run of a command under a lock.
type runner struct {
	target
	streams   Streams
	shared    bool
	try       bool
	wait      time.Duration
	how       string // of revocation; empty for none
	onRevoke  string
	killAfter time.Duration

	signal syscall.Signal // of onRevoke
}

func newRun(streams Streams) *cobra.Command {
	r := runner{streams: streams}
	cmd := &cobra.Command{
		Use:   "run NAME [flags] -- COMMAND [ARG]…",
		Short: "Run a command under a lock",
		Long: `Run waits for the lock, runs the command, and releases the lock when the command has ended. Standard streams pass
through and signals are forwarded. The command gets a process group of its own, which has the terminal, if there is one.

When somebody asks for the lock, the group is sent the signal of --on-revoke, and SIGKILL after --kill-after. When the
lock is lost, because the servers were silent for too long or the lock was removed by force, the same happens, but
SIGKILL comes after an eighth of the session timeout at the latest: the servers give the lock to somebody else soon. If
zooky itself is killed, a guard process does that. Processes that the command leaves behind at its own end are left
alone.

Ctrl-Z stops the command and zooky, which does not keep the lock then: others get it when the session times out. If
zooky is continued after the lock was lost, the command is not: it is killed, and the status is 123. SIGSTOP, which no
process can heed, must not be sent to zooky alone: its command would go on without the lock.

The command's environment has ZOOKY_LOCK, the lock's name; ZOOKY_TOKEN, the fencing token, to be stored beside what the
lock protects: a write with a smaller token than the stored one comes from a holder that has lost the lock; and
ZOOKY_SESSION, the ZooKeeper session.

The exit status is that of the command, 128 and the signal's number if a signal ended it or the wait for the lock, and
otherwise

  123  the lock was lost while the command ran
  124  the lock was not acquired in time, or with --try not at once
  125  zooky itself failed
  126  the command was found but cannot be run
  127  the command was not found`,
		Example: `  zooky run nightly-backup --wait 1h -- /usr/local/bin/backup --full
  zooky run report --shared --try -- make report`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return &exitError{runTrouble, errors.New("run needs the lock's name and a command")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args[0], args[1:]) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{runTrouble, err} })
	flags := cmd.Flags()
	flags.SetInterspersed(true)
	r.addFlags(flags)
	flags.DurationVar(&r.sessionTimeout, "session-timeout", 10*time.Second,
		"how long the servers wait for a silent zooky before they give the lock to others")
	flags.BoolVar(&r.shared, "shared", false, "share the lock with others that say so")
	flags.BoolVar(&r.try, "try", false, "do not wait for the lock")
	flags.DurationVar(&r.wait, "wait", 0, "wait no longer than that for the lock (default for ever)")
	flags.StringVar(&r.how, "revoke", "", "make those ahead release the lock; `HOW` is ask, force, or a duration: ask, and force after that")
	flags.StringVar(&r.onRevoke, "on-revoke", "TERM", "`SIGNAL` for the command when the lock is asked for, or lost")
	flags.DurationVar(&r.killAfter, "kill-after", 5*time.Second, "time from that signal to SIGKILL")
	return cmd
}

// status gives an error one of run's statuses, unless it has one.
func status(status int, err error) error {
	var exit *exitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return &exitError{status, err}
}

func (r *runner) run(ctx context.Context, name string, command []string) error {
	if err := r.check(); err != nil {
		return status(runTrouble, err)
	}
	// Looked for before the lock is taken: nobody should wait for a command that is not there.
	path, err := exec.LookPath(command[0])
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return status(runNotFound, err)
	case err != nil:
		return status(runNotExecutable, err)
	}
	program, err := os.Executable()
	if err != nil {
		return status(runTrouble, err)
	}
	cmd := exec.Command(program, append([]string{execName, path}, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.streams.In, r.streams.Out, r.streams.Err

	waiting, stop := interruptible(ctx)
	defer stop()
	s, err := r.dial(waiting)
	if err != nil {
		return status(runTrouble, cmpCause(waiting, err))
	}
	m, err := r.mutex(s, name)
	if err == nil {
		err = r.acquire(waiting, m)
	}
	if err != nil {
		return status(runTrouble, errors.Join(cmpCause(waiting, err), s.Close()))
	}
	cmd.Env = append(os.Environ(),
		"ZOOKY_LOCK="+name, "ZOOKY_TOKEN="+m.Token().String(), fmt.Sprintf("ZOOKY_SESSION=%#x", s.ID()))
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, heeded(append(forwarded, syscall.SIGTSTP)...)...)
	defer signal.Stop(signals)
	if waiting.Err() != nil { // a signal came in the moment in which the lock did
		return status(runTrouble, errors.Join(context.Cause(waiting), s.Close()))
	}
	stop() // from here on signals are the command's
	err = r.under(m, s.Timeout(), cmd, exec.Command(program, guardName), signals)
	releasing, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	if unlockErr := m.UnlockContext(releasing); unlockErr != nil && !errors.Is(unlockErr, zklock.ErrLost) {
		complain(r.streams.Err, unlockErr) // the command's status is of more use than this
	}
	_ = s.Close() // without an answer the servers end the session by themselves
	return err
}

// cmpCause is why ctx has ended, if it has, and else err.
func cmpCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
