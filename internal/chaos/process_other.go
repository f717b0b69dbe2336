//go:build unix && !linux

package chaos

import "syscall"

// workerAttributes keep a terminal's Ctrl-C from the worker. If the harness dies it ends with its
// standard input; one that is stopped just then stays.
func workerAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
