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
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

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

// guardName is the hidden command that outlives zooky run.
const guardName = "run-guard"

// unixCommands are those that need process groups.
func unixCommands(streams Streams) []*cobra.Command {
	guard := &cobra.Command{
		Use:    guardName,
		Short:  "Ends the command of run if zooky dies",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return child.Guard(streams.In) },
	}
	return []*cobra.Command{newRun(streams), guard}
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

The command's environment has ZOOKY_LOCK, the lock's name; ZOOKY_TOKEN, the fencing token, to be stored beside what the
lock protects: a write with a smaller token than the stored one comes from a holder that has lost the lock; and
ZOOKY_SESSION, the ZooKeeper session.

The exit status is that of the command, 128 and the signal's number if a signal ended it, and otherwise

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
	cmd := exec.Command(path, command[1:]...)
	cmd.Args[0] = command[0]
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
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)
	if waiting.Err() != nil { // a signal came in the moment in which the lock did
		return status(runTrouble, errors.Join(context.Cause(waiting), s.Close()))
	}
	stop() // from here on signals are the command's
	err = r.under(m, cmd, signals)
	releasing, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	if unlockErr := m.UnlockContext(releasing); unlockErr != nil && !errors.Is(unlockErr, zklock.ErrLost) {
		fmt.Fprintln(r.streams.Err, "zooky:", unlockErr) // the command's status is of more use than this
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

func (r *runner) check() error {
	name := strings.TrimPrefix(strings.ToUpper(r.onRevoke), "SIG")
	r.signal = unix.SignalNum("SIG" + name)
	if r.signal == 0 {
		return fmt.Errorf("--on-revoke %s: no such signal", r.onRevoke)
	}
	if r.wait < 0 || r.killAfter < 0 {
		return errors.New("a time to wait is not negative")
	}
	if r.try && (r.wait > 0 || r.how != "") {
		return errors.New("--try does not wait: it goes with neither --wait nor --revoke")
	}
	_, err := r.revocation()
	return err
}

func (r *runner) revocation() (zklock.Revocation, error) {
	switch r.how {
	case "", "ask":
		return zklock.Ask, nil
	case "force":
		return zklock.Force, nil
	}
	grace, err := time.ParseDuration(r.how)
	if err != nil || grace <= 0 {
		return 0, fmt.Errorf("--revoke %s: it is ask, force or a duration", r.how)
	}
	return zklock.AskThenForce(grace), nil
}

func (r *runner) mutex(s *zklock.Session, name string) (*zklock.Mutex, error) {
	if !r.shared {
		return s.Mutex(name)
	}
	rw, err := s.RWMutex(name)
	if err != nil {
		return nil, err
	}
	return rw.Reader(), nil
}

// acquire takes the lock in the way that the flags say.
func (r *runner) acquire(ctx context.Context, m *zklock.Mutex) (err error) {
	if r.wait > 0 || r.try {
		limit := r.wait
		if r.try {
			limit = r.timeout // for the servers' answer
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	switch {
	case r.try:
		_, err = m.TryLockContext(ctx)
	case r.how != "":
		how, _ := r.revocation() // checked
		_, err = m.LockRevoking(ctx, how)
	default:
		_, err = m.LockContext(ctx)
	}
	switch {
	case errors.Is(err, zklock.ErrLocked):
		return status(runNotAcquired, fmt.Errorf("%s is taken", m.Name()))
	case errors.Is(err, context.DeadlineExceeded) && r.try:
		return fmt.Errorf("no answer from the servers within %v", r.timeout)
	case errors.Is(err, context.DeadlineExceeded):
		return status(runNotAcquired, fmt.Errorf("%s was not to be had within %v", m.Name(), r.wait))
	}
	return err
}

// forwarded are the signals that the command gets if zooky does. Those of the terminal reach it by themselves, because
// it is in the foreground there.
var forwarded = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}

// lossGrace is how long a command may take to end after a loss. The lease leaves at least about this much until another
// client can be granted the lock, if the session timeout is four of the servers' ticks or longer.
func (r *runner) lossGrace() time.Duration { return min(r.killAfter, r.sessionTimeout/8) }

// under runs the command while the lock is held. Its error has the exit status.
func (r *runner) under(m *zklock.Mutex, cmd *exec.Cmd, signals <-chan os.Signal) error {
	program, err := os.Executable()
	if err != nil {
		return status(runTrouble, err)
	}
	if err := m.Err(); errors.Is(err, zklock.ErrLost) {
		return status(runLost, err)
	}
	// Should zooky die, the servers free the lock after half the session timeout at the earliest.
	c, err := child.Start(cmd, exec.Command(program, guardName), r.signal, min(r.killAfter, r.sessionTimeout/2))
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC):
		return status(runNotExecutable, err)
	case errors.Is(err, fs.ErrNotExist):
		return status(runNotFound, err)
	case err != nil:
		return status(runTrouble, err)
	}
	defer c.Release()
	over := r.attend(m, c, signals)
	if err := m.Err(); errors.Is(err, zklock.ErrLost) {
		over = err
	}
	if errors.Is(over, zklock.ErrLost) {
		return status(runLost, fmt.Errorf("%s: %w", m.Name(), over))
	}
	if n := c.Status(); n != 0 {
		return &exitError{n, errors.New("")} // the command has said what there is to say
	}
	return nil
}

// groupPoll is how often a group is looked at: nobody tells when its last process ends.
const groupPoll = 10 * time.Millisecond

// attend forwards signals until the command has ended. If the hold has to end first it ends the whole group, and
// returns why.
func (r *runner) attend(m *zklock.Mutex, c *child.Child, signals <-chan os.Signal) error {
	revoked, lost, ended := m.Revoked(), m.Lost(), c.Ended()
	var kill, poll <-chan time.Time
	killed := false
	for {
		select {
		case s := <-signals:
			c.Signal(s.(syscall.Signal))
		case <-revoked:
			revoked = nil
			c.Signal(r.signal)
			kill = time.After(r.killAfter)
		case <-lost:
			lost = nil
			if revoked != nil { // which is closed too, but its turn has not come
				revoked = nil
				c.Signal(r.signal)
			}
			if !killed {
				kill = time.After(r.lossGrace())
			}
		case <-kill:
			killed = true
			c.Signal(syscall.SIGKILL)
			if ended == nil {
				return m.Err()
			}
		case <-ended:
			ended = nil
			if m.Err() == nil || killed {
				return m.Err()
			}
			// Nothing of the group may go on once somebody else has the lock.
			tick := time.NewTicker(groupPoll)
			defer tick.Stop()
			poll = tick.C
		case <-poll:
			if !c.Alive() {
				return m.Err()
			}
		}
	}
}
