//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// guardName is the hidden command that run starts. It outlives run.
const guardName = "run-guard"

func newGuard(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:    guardName + " FD",
		Short:  "Starts the command of run, and ends it when the lock may be lost",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			fd, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("file descriptor %q: %w", args[0], err)
			}
			return child.Guard(fd, streams.Err)
		},
	}
}

// guard is the command line of the guard.
func (r *runner) guard() *exec.Cmd {
	cmd := exec.Command(program(), guardName)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.streams.In, r.streams.Out, r.streams.Err
	return cmd
}

// program is the path of this program. On Linux it is the path of the file that runs, also if
// another has taken its place since.
func program() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe"
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}
