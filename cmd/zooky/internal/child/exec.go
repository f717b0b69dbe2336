//go:build unix

package child

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// errNotTold is returned by Exec if the process that started it died before the guard knew of the command.
var errNotTold = errors.New("nobody says that the command may begin")

// Exec is what the command's process does first: once it is told, it becomes the command. It returns only if it cannot.
func Exec(path string, args []string) error {
	const fd = 3 // the first of ExtraFiles
	syscall.CloseOnExec(fd)
	if word, err := io.ReadAll(os.NewFile(fd, "go")); err != nil || string(word) != "go" {
		return errNotTold
	}
	return &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, args, os.Environ())}
}
