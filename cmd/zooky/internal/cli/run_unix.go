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
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// unixCommands are the commands that need signals and process groups.
func unixCommands(streams Streams) []*cobra.Command {
	return []*cobra.Command{newRun(streams), newGuard(streams)}
}

func newRun(streams Streams) *cobra.Command {
	r := runner{streams: streams}
	cmd := &cobra.Command{
		Use:   "run {NAME | --lock NAME…} [flags] -- COMMAND [ARG]…",
		Short: "Run a command under a lock",
		Long: `Run waits for the lock, runs the command, and releases the lock when the command has ended.
The command runs as under flock: it has zooky's standard streams and other open files, its process
group and its terminal, and ignores the signals that zooky was started to ignore. Ctrl-C, Ctrl-Z,
pipes into a pager and programs that ask on the terminal work as without zooky. If Ctrl-C or Ctrl-\
ends the command or the wait, it ends zooky by the same signal, and so the script or make around it.

With several --lock flags, run takes all of these locks or none. Commands that do so never deadlock
with each other, whatever the order of the flags. --try, --wait 0, --revoke, --once-per and --slots
are for one lock.

While zooky waits on a terminal, it shows for each lock who holds it and how many contenders are
ahead; with --quiet it does not. If it is not on a terminal, it prints that every ten seconds with
--verbose.

When another client asks for the lock, zooky sends the signal of --on-revoke to the command and all
processes that it has started, and SIGKILL after --kill-after. When the lock is lost because it was
removed by force, or because the session has expired, it does the same, but SIGKILL follows after an
eighth of the session timeout at the latest, because the servers soon give the lock to another
client. Processes that the command leaves behind at its own end are left alone. Zooky cannot end
processes of other users, as with sudo; it reports them.

The command runs no longer than the lock is certain to be held. A guard process, in a session of its
own, ensures that: zooky regularly tells it until when the hold is certain. If no later time comes,
because the servers are silent or zooky was stopped or killed, the guard sends the signal a
sixteenth of the session timeout before that time, and SIGKILL just before it. So Ctrl-Z and SIGSTOP
do not keep the lock: after about half of a session timeout the command is killed, and the status is
123. If the guard itself is killed, the command is killed too, and the status is 125.

Limits: while zooky is in the foreground of a terminal it assumes that SIGINT and SIGQUIT come from
the terminal, and does not pass them on if they come from kill. SIGHUP, SIGTERM, SIGUSR1, SIGUSR2
and SIGALRM are passed to all processes of the command; a signal that was sent to the whole process
group reaches them twice. On systems other than Linux, processes whose parents have ended cannot be
reached. If zooky and its guard are killed at the same time, the kernel kills the command, but not
the processes that it has started. A zooky binary without symbols passes on only SIGHUP and SIGINT
of the ignored signals.

Other clients see who holds the lock or waits for it: the user, host, process and the first 200
bytes of the command line, or the text of --identity. Every client with read access to the lock's
znodes can read it: do not put secrets on a command line.

Two flags are for cron on several machines, whose clocks differ. With --at-least the lock is held
for at least that time, even if the command ends earlier, so that a late zooky run --try on another
machine finds it taken. A request for the lock ends the hold earlier, and so does a signal, also if
it came while the command ran. With --once-per the command is not run if another was started under
the lock less than that time ago by the servers' clock, whatever its outcome. The time of the start
is kept in a znode beside the root, whose name is the root's with "-started" appended.

With --slots N up to N commands run at a time under the name, on all machines together, in the order
in which they asked. Then ZOOKY_TOKEN is not a fencing token: commands that run together have
different ones.

The environment of the command has three variables. ZOOKY_LOCK is the name of the lock, or the names
of several, one per line. ZOOKY_TOKEN is the fencing token. Store it with the data that the lock
protects: a write with a smaller token than the stored one comes from a holder that has lost the
lock. ZOOKY_IDENTITY gives a zooky run within the command the same identity.

The exit status is the status of the command, 128 plus the signal's number if a signal ended the
command or the wait for the lock, and otherwise

  123  the lock was lost while the command ran
  124  the lock was not acquired in time, or not at once with --try or --wait 0, or --once-per
       forbids it; -E sets another status
  125  zooky itself failed
  126  the command was found but cannot be run
  127  the command was not found`,
		Example: `  zooky run nightly-backup --wait 1h -- /usr/local/bin/backup --full
  zooky run report --shared --try -- make report
  zooky run -l accounts/ann -l accounts/ben -- ./transfer ann ben 10
  zooky run cron-job -E 0 --wait 0 -- /usr/local/bin/job
  zooky run transcode --slots 4 -- /usr/local/bin/transcode film.mkv
  zooky run hourly -E 0 -q --once-per 50m -- /usr/local/bin/job`,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return withStatus(runTrouble, setFromEnvironment(cmd.Flags()))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.timeoutGiven = cmd.Flags().Changed("session-timeout")
			if cmd.Flags().Changed("wait") && r.wait == 0 {
				r.try = true
			}
			command, err := r.nameLocks(args)
			if err != nil {
				return withStatus(runTrouble, err)
			}
			return r.run(cmd.Context(), command)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return withStatus(runTrouble, err)
	})
	flags := cmd.Flags()
	flags.SetInterspersed(true)
	r.addFlags(flags, streams.Err)
	r.completeLock(cmd)
	flags.DurationVar(&r.sessionTimeout, "session-timeout", 10*time.Second,
		"how long the servers wait for a silent zooky before they give the lock to others")
	flags.StringArrayVarP(&r.locks, "lock", "l", nil,
		"a lock's `NAME`, instead of the argument; with several, all or none are taken")
	flags.BoolVar(&r.shared, "shared", false, "take a shared (read) lock")
	flags.IntVar(&r.slots, "slots", 0,
		"run at most `N` commands at a time under that name; all must give the same N")
	flags.BoolVar(&r.try, "try", false, "do not wait for the lock")
	flags.DurationVar(&r.wait, "wait", 0,
		"how long to wait for the servers and the lock; 0 is --try (default forever)")
	flags.IntVarP(&r.notAcquired, "conflict-exit-code", "E", runNotAcquired,
		"exit `STATUS` if the lock was not acquired")
	flags.StringVar(&r.how, "revoke", "",
		"revoke the holders and waiters ahead; `HOW` is ask, force, or a duration: ask, and force "+
			"after that")
	addReason(flags, &r.reason)
	flags.StringVar(&r.onRevoke, "on-revoke", "TERM",
		"`SIGNAL` for the command when the lock is revoked or lost: a name or a number")
	flags.DurationVar(&r.killAfter, "kill-after", 5*time.Second, "time from that signal to SIGKILL")
	flags.StringVar(&r.identity, "identity", "",
		"`TEXT` shown as the holder to other clients (default $ZOOKY_IDENTITY, or USER@HOST/PID "+
			"and the command)")
	flags.DurationVar(&r.oncePer, "once-per", 0,
		"do not run the command if one was started under the lock within this time")
	flags.DurationVar(&r.atLeast, "at-least", 0,
		"hold the lock for at least this time, even if the command ends earlier")
	flags.BoolVarP(&r.quiet, "quiet", "q", false,
		"do not show who holds the lock while waiting on a terminal, nor why the command is not run")
	flags.BoolVarP(&r.verbose, "verbose", "v", false,
		"show who holds the lock while waiting, on a terminal or not")
	return cmd
}

func (r *runner) run(ctx context.Context, command []string) error {
	if err := r.check(); err != nil {
		return withStatus(runTrouble, err)
	}
	ignored := child.Ignored()
	child.Ignore(ignored)
	if os.Getpid() == 1 {
		go child.Reap() // ended with the process: in a container, what others leave behind is ours
	}
	// Looked for before the lock is taken: zooky should not wait for the lock if the command does
	// not exist.
	path, err := lookPath(command[0])
	if err != nil {
		return err
	}
	if r.identity == "" {
		r.identity = identity(command)
	}
	waiting, stop := interruptible(ctx)
	defer stop()
	s, m, err := r.acquire(waiting)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, heeded(caught...)...)
	defer signal.Stop(signals)
	if waiting.Err() != nil { // a signal came in the moment in which the lock did
		return withStatus(runTrouble, errors.Join(context.Cause(waiting), s.Close()))
	}
	granted := time.Now()
	stop() // from here on signals are the command's
	a := &attendance{
		mutex: m, granted: s.Timeout(), signals: signals, seen: make(map[os.Signal]bool),
		onRevoke: r.signal, killAfter: r.killAfter, err: r.streams.Err,
	}
	err = a.run(r.guard(), child.Command{
		Path: path, Args: command, Ignored: ignored, Signal: r.signal, Grace: r.killAfter,
		Lead: min(r.killAfter, a.granted/16),
		Env: append(os.Environ(),
			"ZOOKY_LOCK="+strings.Join(r.locks, "\n"), "ZOOKY_TOKEN="+m.Token().String(),
			"ZOOKY_IDENTITY="+r.identity),
	})
	if !a.askedToEnd() {
		r.keep(m, granted, signals)
	}
	r.release(s, m)
	return err
}

// release gives the lock back. The command's status is of more use than what may go wrong now.
func (r *runner) release(s *zklock.Session, m tenure) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), r.timeout,
		fmt.Errorf("no answer within %v: the servers release it when the session times out",
			r.timeout))
	defer cancel()
	if err := m.UnlockContext(ctx); err != nil && !errors.Is(err, zklock.ErrLost) {
		complain(r.streams.Err, fmt.Errorf("release %s: %w", m.Name(), cmpCause(ctx, err)))
	}
	_ = s.Close() // without an answer the servers end the session by themselves
}

// lookPath looks for a command as the shell does, which takes one in the current directory if PATH
// has that.
func lookPath(command string) (string, error) {
	path, err := exec.LookPath(command)
	switch {
	case err == nil, errors.Is(err, exec.ErrDot):
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", withStatus(runNotFound, err)
	default:
		return "", withStatus(runNotExecutable, err)
	}
}
