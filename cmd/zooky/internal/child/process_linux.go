package child

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// adopt makes this process the parent of what its descendants leave behind: nothing that they have
// started gets out of sight.
func adopt() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // every Linux since 3.4 has it
}

// attributes makes the kernel kill the command if the thread ends that starts it.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// children returns the living processes of the machine by their parents.
func children() processTree {
	children := make(processTree)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if parent, ok := parentOf(path); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	return children
}

// parentOf reads a process's parent, if the process lives. Its name comes before, in parentheses,
// and may have some itself.
func parentOf(path string) (parent int, ok bool) {
	stat, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return parent, err == nil
}
