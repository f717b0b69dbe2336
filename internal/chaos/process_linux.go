package chaos

import "syscall"

// workerAttributes keep a terminal's Ctrl-C from the worker, and end it with the harness even if it
// is stopped then.
func workerAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
