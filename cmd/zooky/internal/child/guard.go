//go:build unix

package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// phase is how far the guard is with ending the command.
type phase uint8

const (
	running phase = iota // the hold is certain, and the command was not asked to end
	asked                // it was sent its signal
	killed               // it was sent SIGKILL
)

// guard is the parent of a command.
type guard struct {
	parent int // the process that keeps the lock
	// that process has one, and with it perhaps a shell that continues what is stopped
	terminal bool
	reports  *json.Encoder
	out      io.Writer // for people
	alarm    *alarm

	command Command
	pid     int           // the command's; 0 after its end
	until   time.Duration // the hold is certain until then
	phase   phase
	limit   time.Duration // when it is killed that was asked
	told    []int         // the processes that were asked
	seen    bool          // a list has shown what was there to ask
	again   time.Duration // when it is looked next what is left
	stopped bool          // the command, by a signal
	denied  bool          // and that was told

	polls  bool        // the processes are being listed for what is due next
	listed chan func() // what was to be done with a list of the processes
}

// change is a child of the guard that has ended, was stopped or continued.
type change struct {
	pid    int
	status syscall.WaitStatus
}

// Guard is what the guard's process does. fd is the connection to the process that keeps the lock,
// which has to be this one's parent. It returns when the command has ended, and if that had to end,
// all that it has started.
func Guard(fd int, out io.Writer) error {
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	conn := os.NewFile(uintptr(fd), "zooky")
	orders := json.NewDecoder(conn)
	var first order
	if err := orders.Decode(&first); err != nil || first.Command == nil {
		return errors.New("no command came")
	}
	alarm, err := newAlarm()
	if err != nil {
		return err
	}
	g := &guard{
		parent: os.Getppid(), terminal: hasTerminal(), reports: json.NewEncoder(conn),
		out: out, alarm: alarm,
		command: *first.Command, until: first.Until, listed: make(chan func()),
	}
	if err := g.start(); err != nil {
		var errno syscall.Errno
		if !errors.As(err, &errno) {
			return err
		}
		return g.reports.Encode(report{Errno: errno})
	}
	if err := g.reports.Encode(report{Started: true}); err != nil {
		g.forsaken() // there is no reader any more
	}
	return g.attend(orders)
}

// start starts the command in the group and session of the process that keeps the lock, and leaves
// both.
func (g *guard) start() error {
	runtime.LockOSThread() // see attributes
	adopt()
	withstand(g.command.Ignored)
	attr := &syscall.ProcAttr{Env: g.command.Env, Files: []uintptr{0, 1, 2}, Sys: attributes()}
	path, args := g.command.Path, g.command.Args
	pid, err := syscall.ForkExec(path, args, attr)
	if errors.Is(err, syscall.ENOEXEC) { // a script without #!, which execvp runs so
		pid, err = syscall.ForkExec("/bin/sh", append([]string{"/bin/sh", path}, args[1:]...), attr)
	}
	if err != nil {
		return err
	}
	g.pid = pid
	_, err = syscall.Setsid()
	return os.NewSyscallError("setsid", err)
}

// withstood are the signals that must not end or stop the guard: what is sent to a group, a session
// or a name reaches it too.
var withstood = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1,
	syscall.SIGUSR2, syscall.SIGPIPE,
	syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGTSTP,
	syscall.SIGTTIN, syscall.SIGTTOU,
}

// withstand catches signals, which the command then finds as usual, and ignores signals that the
// command is to ignore.
func withstand(ignored []syscall.Signal) {
	caught := slices.DeleteFunc(slices.Clone(withstood), func(s os.Signal) bool {
		return slices.Contains(ignored, s.(syscall.Signal))
	})
	signal.Notify(make(chan os.Signal, 1), caught...)
	Ignore(ignored)
}

// attend ends the command when it has to end, and returns when it has ended.
func (g *guard) attend(from *json.Decoder) error {
	orders, changes := make(chan order), make(chan change)
	go receive(from, orders) // ended with the process
	go waitAll(changes)      // ended by the end of the last child
	for {
		if err := g.alarm.set(g.next()); err != nil {
			g.kill()
			return err
		}
		select {
		case o, ok := <-orders:
			if ok {
				g.obey(o)
			} else {
				orders = nil
				g.forsaken()
			}
		case c, ok := <-changes:
			if !ok {
				return nil
			}
			if c.pid == g.pid {
				g.note(c.status)
			}
			if g.pid == 0 && g.phase == running {
				return nil // what the command leaves behind when it ends by itself is left alone
			}
		case <-g.alarm.rings:
			g.look()
		case do := <-g.listed:
			do()
		}
	}
}

func receive(from *json.Decoder, orders chan<- order) {
	defer close(orders)
	for {
		var o order
		if from.Decode(&o) != nil {
			return
		}
		orders <- o
	}
}

func waitAll(changes chan<- change) {
	defer close(changes)
	for {
		var c change
		var err error
		c.pid, err = syscall.Wait4(-1, &c.status, syscall.WUNTRACED|syscall.WCONTINUED, nil)
		switch {
		case err == nil:
			changes <- c
		case !errors.Is(err, syscall.EINTR):
			return
		}
	}
}

// never is later than everything that is due.
const never = time.Duration(math.MaxInt64)

// next is when something is due.
func (g *guard) next() time.Duration {
	again := g.again
	if g.polls {
		again = never // until the list is there
	}
	switch g.phase {
	case running:
		return g.until - g.command.Lead
	case asked:
		return min(g.limit, g.until, again)
	default:
		return again
	}
}

func (g *guard) obey(o order) {
	if o.Until > 0 {
		g.until = o.Until
	}
	if o.Signal > 0 {
		g.signal(o.Signal)
	}
	if o.End != nil {
		g.ask(*o.End)
		g.signal(syscall.SIGCONT)
	}
}

// forsaken is called when the process that keeps the lock has died.
func (g *guard) forsaken() {
	if g.phase != running {
		return
	}
	g.say("ending the command: zooky was killed")
	if g.stopped { // it has no time to clean up if it is continued
		g.kill()
		return
	}
	g.ask(g.command.Grace)
	g.signal(syscall.SIGCONT)
}

// note takes note of what has become of the command.
func (g *guard) note(status syscall.WaitStatus) {
	switch {
	case status.Stopped():
		g.stopped = true
		g.stopParent(status.StopSignal())
	case status.Continued():
		g.stopped = false
	default:
		g.pid = 0
		// an error means that zooky has gone
		_ = g.reports.Encode(report{Ended: true, Status: status})
	}
}

// stopParent stops the process that a shell waits for, if the command was stopped: the shell takes
// the terminal back, and continues both. Where no shell is, the kernel does not let SIGTSTP stop a
// process.
func (g *guard) stopParent(s syscall.Signal) {
	if !g.terminal || os.Getppid() != g.parent {
		return
	}
	if s == syscall.SIGSTOP {
		s = syscall.SIGTSTP
	}
	_ = syscall.Kill(g.parent, s) // the error is that it has just ended
}

func hasTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = tty.Close() // only looked at
	return true
}

func (g *guard) say(format string, args ...any) {
	fmt.Fprintf(g.out, "zooky: "+format+"\n", args...)
}
