//go:build unix

package child

// This is how the guard ends a command and what that has started.

import (
	"os"
	"slices"
	"syscall"
	"time"
)

// processTree is the machine's living processes by their parents.
type processTree map[int][]int

// orphanPoll is how often the guard looks whether processes that end leave others behind.
const orphanPoll = 50 * time.Millisecond

// deniedPoll is how often the guard tries to kill processes that it may not kill.
const deniedPoll = time.Second

// look does what is due.
func (g *guard) look() {
	now := bootTime()
	switch {
	case g.phase == running && now < g.until-g.command.Lead: // a word came just now
	case g.phase == running:
		g.say("ending the command: there is no word any more that the lock is held")
		g.ask(g.command.Grace)
	case g.phase == asked && now < min(g.limit, g.until):
		g.poll()
	default:
		g.kill()
	}
}

// ask sends the command its signal. One that is stopped gets it when it is continued.
func (g *guard) ask(grace time.Duration) {
	limit := bootTime() + grace
	if g.phase == running || limit < g.limit {
		g.limit = limit
	}
	if g.phase == running {
		g.phase = asked
		g.send([]int{g.pid}, g.command.Signal)
		g.told = []int{g.pid}
		g.poll()
	}
}

// kill kills the command, and has what it has started looked for.
func (g *guard) kill() {
	g.phase = killed
	g.send([]int{g.pid}, syscall.SIGKILL)
	g.poll()
}

// list lists the processes, and calls do with the list. On a busy machine that can take longer than
// the hold lasts: what the command itself is sent must not wait for it.
func (g *guard) list(do func(processTree)) {
	go func() { // its result is received by attend, or it is ended with the process
		tree := children()
		g.listed <- func() { do(tree) }
	}()
}

// poll looks what is left, unless that is being done.
func (g *guard) poll() {
	if !g.polls {
		g.polls = true
		g.list(g.see)
	}
}

// see does what has to be done to the processes that are left.
func (g *guard) see(tree processTree) {
	g.polls = false
	now := bootTime()
	switch g.phase {
	case asked:
		g.askThose(tree)
		g.again = now + orphanPoll
	case killed:
		g.send(g.processes(tree), syscall.SIGKILL)
		g.again = now + killPoll
		if g.denied {
			g.again = now + deniedPoll
		}
	}
}

// askThose asks the processes that the command has started, and later the processes whose parents
// have ended since: they were started just when the others were asked. What a process that still
// lives has started to clean up is left to it.
func (g *guard) askThose(tree processTree) {
	others := g.processes(tree)
	if g.seen {
		others = tree[os.Getpid()]
	}
	g.seen = true
	others = slices.DeleteFunc(slices.Clone(others), func(pid int) bool {
		return slices.Contains(g.told, pid)
	})
	g.told = append(g.told, others...)
	g.send(others, g.command.Signal)
}

// send sends a signal to processes. It tells once which do not end because they are another user's.
func (g *guard) send(processes []int, s syscall.Signal) {
	denied := signalAll(slices.DeleteFunc(processes, func(pid int) bool { return pid == 0 }), s)
	if len(denied) == 0 || g.denied {
		return
	}
	g.denied = true
	g.say("cannot end the command: process %d is another user's (%v): it runs on, also without the lock",
		denied[0], syscall.EPERM)
}

// signal passes a signal on. Only the command is continued by SIGCONT: what it has stopped is its
// own business.
func (g *guard) signal(s syscall.Signal) {
	if s == syscall.SIGCONT {
		if g.pid > 0 {
			_ = syscall.Kill(g.pid, s) // the error is that it is another user's
		}
		return
	}
	command := g.pid
	if command > 0 {
		signalAll([]int{command}, s)
	}
	g.list(func(tree processTree) {
		signalAll(slices.DeleteFunc(g.processes(tree), func(pid int) bool {
			return pid == command
		}), s)
	})
	if g.stopped {
		g.signal(syscall.SIGCONT)
	}
}

// processes are the command, as long as it lives, and what it has started. The command is there
// also where the list does not show the processes of other users.
func (g *guard) processes(tree processTree) []int {
	processes := below(tree, os.Getpid())
	if g.pid > 0 && !slices.Contains(processes, g.pid) {
		processes = append(processes, g.pid)
	}
	return processes
}
