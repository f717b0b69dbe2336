package zktest

import (
	"io"
	"os"
	"os/exec"
	"time"
)

// stopLimit bounds how long a process may take to end in order, or to stop at a SIGSTOP. Either takes
// milliseconds.
const stopLimit = 10 * time.Second

// process is one run of a server's JVM, a child of this process. Its pid is not used again until it
// has been waited for, so a signal reaches it or no process.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once it has ended and the janitor forgot it
}

// startProcess starts argv in dir and appends its output to the file log. A shell waits until the
// janitor knows its pid and then becomes the JVM by exec, with the same pid. So this process can
// die at any moment without leaving the JVM behind.
func startProcess(j *janitor, dir, log string, argv []string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command("/bin/sh",
		append([]string{"-c", `read -r go && exec "$@" </dev/null`, "sh"}, argv...)...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = out, out
	detach(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	err = j.add(cmd.Process.Pid)
	if err == nil {
		_, err = io.WriteString(in, "go\n")
	}
	in.Close()
	// Ends with the process, which kill ends; Ensemble.Stop waits for exited.
	go func() {
		cmd.Wait()
		j.remove(cmd.Process.Pid)
		close(p.exited)
	}()
	if err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process, paused or not, and waits for its end.
func (p *process) kill() {
	p.cmd.Process.Kill() // the only error is that it has ended
	<-p.exited
}
