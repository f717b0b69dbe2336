package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// messageLimit is how many characters of an error are shown; what strangers wrote may be part of
// it.
const messageLimit = 1000

// Streams are the standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// complain prints an error as one line.
func complain(w io.Writer, err error) {
	fmt.Fprintln(w, "zooky:", message(strings.ReplaceAll(err.Error(), "\n", "; ")))
}

// message makes a sentence fit to be shown.
func message(s string) string {
	return escape.Cut(escape.Message(s[:min(len(s), 4*messageLimit)]), messageLimit)
}

// size returns the size of the terminal that w writes to, 0 if w is no terminal.
func size(w io.Writer) (width, height int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width == 0 || height == 0 {
		return 80, 24
	}
	return width, height
}

// onTerminal reports whether w is a terminal.
func onTerminal(w io.Writer) bool {
	width, _ := size(w)
	return width > 0
}
