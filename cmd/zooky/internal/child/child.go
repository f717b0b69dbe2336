//go:build unix

// Package child runs a command for as long as a lock is certainly held.
//
// Two processes see to that: this one, which keeps the lock, and a guard, which is the command's
// parent. The command is in this process's group and session, as if a shell had started it in its
// place: the terminal, its signals and job control reach it by themselves. The guard is in a
// session of its own, so that no terminal stops it.
//
// This process tells the guard again and again until when the hold is certain. If no later time
// comes, because this process is stopped, has died or cannot prove the hold any more, the guard
// ends the command before that time is over. If the guard dies, the kernel kills the command, and
// this process what the command has started.
package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Child is a command that runs.
type Child struct {
	guard   *exec.Cmd
	conn    *os.File
	orders  *json.Encoder
	reports *json.Decoder
	ended   chan struct{}
	report  report // the last one; read after ended
}

// ErrGuard is returned by Start and Status if the guard died before the command had ended. Nothing
// of the command is left then.
var ErrGuard = errors.New("the guard process was killed, and the command with it")

// Start starts a command. guard is the command line of a process that calls Guard with the last
// argument, which Start adds, and has the standard streams of the command. certain returns until
// when the hold is certain. If the command cannot be executed the error is an *os.PathError.
func Start(guard *exec.Cmd, command Command, certain func() time.Time) (*Child, error) {
	adopt() // what the command leaves behind if the guard dies
	conn, far, err := connection()
	if err != nil {
		return nil, err
	}
	guard.Args = append(guard.Args, strconv.Itoa(far))
	err = guard.Start()
	_ = syscall.Close(far)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("start guard: %w", err)
	}
	c := &Child{
		guard: guard, conn: conn, orders: json.NewEncoder(conn), reports: json.NewDecoder(conn),
		ended: make(chan struct{}),
	}
	if err := c.begin(command, certain); err != nil {
		Kill() // the command may have begun
		conn.Close()
		_ = guard.Wait()
		return nil, err
	}
	go c.attend() // ended by the command's end, which the caller awaits
	return c, nil
}

// connection returns both ends of the connection to the guard. The guard inherits the far one under
// a number that is free in this process: all others are what this process has inherited, and the
// command's.
func connection() (near *os.File, far int, err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, 0, os.NewSyscallError("socketpair", err)
	}
	syscall.CloseOnExec(pair[0]) // the guard alone is started between these lines
	err = syscall.SetNonblock(pair[0], true)
	return os.NewFile(uintptr(pair[0]), "guard"), pair[1], err
}

func (c *Child) begin(command Command, certain func() time.Time) error {
	// However long that takes: a guard that dies breaks the connection.
	if c.orders.Encode(order{Command: &command, Until: lasts(certain)}) != nil {
		return ErrGuard
	}
	if c.reports.Decode(&c.report) != nil {
		return ErrGuard
	}
	if !c.report.Started {
		return &os.PathError{Op: "exec", Path: command.Path, Err: c.report.Errno}
	}
	return nil
}

// lasts returns until when the hold is certain, 0 if it is not. The clock is read first: if the
// machine is suspended in between, the result is too early.
func lasts(certain func() time.Time) time.Duration {
	now := bootTime()
	until := certain()
	if until.IsZero() {
		return 0
	}
	return now + time.Until(until)
}

// tellLimit bounds how long the guard may take to read: it may have been stopped.
const tellLimit = time.Second

func (c *Child) tell(o order) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(tellLimit)) // it is a socket
	return c.orders.Encode(o)
}

// attend waits for the guard's end.
func (c *Child) attend() {
	defer close(c.ended)
	for c.reports.Decode(&c.report) == nil {
	}
	if !c.report.Ended {
		Kill()
	}
	_ = c.guard.Wait() // how the guard has ended says nothing
	c.conn.Close()
}

// Hold tells the guard until when the hold is certain. If it is not certain at all, nothing is
// told: the last time stands.
func (c *Child) Hold(certain func() time.Time) {
	if until := lasts(certain); until > 0 {
		_ = c.tell(order{Until: until}) // a guard that hears nothing ends the command
	}
}

// Signal sends a signal to the command and what it has started.
func (c *Child) Signal(s syscall.Signal) {
	_ = c.tell(order{Signal: s}) // the error is that the command has ended
}

// End asks the command to end, and kills it after grace or when the hold is over, whatever is
// earlier.
func (c *Child) End(grace time.Duration) {
	_ = c.tell(order{End: &grace}) // the error is that the command has ended
}

// Ended returns a channel that is closed when the command has ended. If it had to end, nothing of
// it is left.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Status returns how the command has ended, after its end.
func (c *Child) Status() (syscall.WaitStatus, error) {
	if !c.report.Ended {
		return 0, ErrGuard
	}
	return c.report.Status, nil
}

// Kill kills the guard, and the kernel the command with it, and then what the command has started.
// It is for a guard that does not act.
func (c *Child) Kill() {
	_ = c.guard.Process.Kill() // the error is that it has ended
	Kill()
}

// Kill kills every process that this one has started, directly or not, the guard included, and
// returns when none is left that can be killed.
func Kill() { killThose(children) }

// killThose is Kill for the processes that list returns. A list can lack a process, because it is
// read one process after the other: the parent of one that was read can end before it is read
// itself. So it is the kernel that says when no child is left.
func killThose(list func() processTree) {
	for {
		processes := below(list(), os.Getpid())
		denied := signalAll(processes, syscall.SIGKILL)
		left := reap()
		if !left || len(processes) > 0 && len(denied) == len(processes) {
			return
		}
		time.Sleep(killPoll) // sleep ok: no event reports that the last of them has ended
	}
}

// killPoll is how often killed processes are looked at.
const killPoll = 10 * time.Millisecond

// Reap waits for the children that come to this process because their parents have ended, as those
// of process 1 do.
func Reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	for range ended {
		reap()
	}
}

// reap waits for those children that have ended, and reports whether there are others.
func reap() (others bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if pid <= 0 && !errors.Is(err, syscall.EINTR) {
			return err == nil
		}
	}
}

// below returns the living processes that a process has started, directly or not.
func below(tree processTree, root int) []int {
	processes := slices.Clone(tree[root])
	for i := 0; i < len(processes); i++ {
		processes = append(processes, tree[processes[i]]...)
	}
	return processes
}

// signalAll sends a signal to processes and returns those to which this one must not send any. A
// stopped process does not go on.
func signalAll(processes []int, s syscall.Signal) (denied []int) {
	for _, pid := range processes {
		if errors.Is(unix.Kill(pid, s), unix.EPERM) {
			denied = append(denied, pid)
		}
	}
	return denied
}
