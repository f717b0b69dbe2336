package zktest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// janitorScript makes the ensemble's folder and prints its name. Then it reads "+ pid" and "- pid"
// until its input ends, because this process closes the pipe or has ended. It kills the processes
// that are left then, by SIGKILL because a paused server would not act on another signal. A dying
// server may write one more file while its folder is removed, hence the second attempts.
const janitorScript = `
trap '' HUP INT QUIT TERM
dir=$(mktemp -d "${TMPDIR:-/tmp}/zktest.XXXXXXXX") || exit 1
echo "$dir"
exec >/dev/null
pids=
while read -r op pid; do
	case $op in
	+) pids="$pids $pid" ;;
	-)
		left=
		for p in $pids; do
			[ "$p" = "$pid" ] || left="$left $p"
		done
		pids=$left
		;;
	esac
done
for p in $pids; do kill -9 "$p"; done
n=0
until rm -rf "$dir"; do
	n=$((n + 1))
	[ $n -lt 50 ] || exit 1
	sleep 0.1
done
`

// janitor outlives this process by the time that it takes to kill the servers and remove their
// files. Stop and a kill -9 of this process end in the same lines of shell, so the second is as
// well tested as the first.
type janitor struct {
	cmd *exec.Cmd
	dir string

	mu   sync.Mutex // guards pipe: one line a write
	pipe io.WriteCloser
}

func startJanitor() (*janitor, error) {
	cmd := exec.Command("/bin/sh", "-c", janitorScript)
	cmd.Dir = "/" // keep no directory in use
	cmd.Env = append(os.Environ(), "PATH=/usr/bin:/bin:"+os.Getenv("PATH"))
	detach(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		in.Close()
		cmd.Wait()
		return nil, fmt.Errorf("zktest: no temporary folder for the servers: %w", err)
	}
	return &janitor{cmd: cmd, dir: strings.TrimSuffix(dir, "\n"), pipe: in}, nil
}

// add makes the janitor kill pid if this process dies. It fails if the janitor is dead, so that no
// server runs without this protection.
func (j *janitor) add(pid int) error { return j.tell("+", pid) }

// remove must be called as soon as pid has ended, because the number may be used again.
func (j *janitor) remove(pid int) error { return j.tell("-", pid) }

func (j *janitor) tell(op string, pid int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err := fmt.Fprintf(j.pipe, "%s %d\n", op, pid)
	return err
}

// stop kills the processes that are left, removes the folder, and waits for both.
func (j *janitor) stop() error {
	j.mu.Lock()
	j.pipe.Close()
	j.mu.Unlock()
	if err := j.cmd.Wait(); err != nil {
		return fmt.Errorf("zktest: remove %s: %w", j.dir, err)
	}
	return nil
}
