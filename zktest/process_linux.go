package zktest

import (
	"os"
	"syscall"
	"unsafe"
)

// stopped reports whether every thread has stopped since the last SIGSTOP. The kernel reports a
// child's stop once, to a caller that waits for it. The call does not ask for the child's end,
// which is left to cmd.Wait.
func (p *process) stopped() (bool, error) {
	const pPID = 1     // P_PID of waitid(2)
	var info [128]byte // siginfo_t, whose first field is si_signo
	_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(p.cmd.Process.Pid),
		uintptr(unsafe.Pointer(&info)), syscall.WSTOPPED|syscall.WNOHANG, 0, 0)
	switch errno {
	case 0:
		// With WNOHANG and no change of state, waitid succeeds and si_signo is zero.
		return *(*int32)(unsafe.Pointer(&info)) != 0, nil
	case syscall.EINTR:
		return false, nil
	default:
		return false, os.NewSyscallError("waitid", errno)
	}
}
