package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errDeclined is the answer of a user who does not want what was asked.
var errDeclined = errors.New("nothing was changed")

// interactive reports whether there is a user who can be asked a question.
func (s Streams) interactive() bool {
	in, ok := s.In.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && onTerminal(s.Err)
}

// confirm shows what is about to be done and asks whether it is meant. It fails with errDeclined,
// or with ctx.
func (s Streams) confirm(ctx context.Context, preview fmt.Stringer, question string) error {
	fmt.Fprintf(s.Err, "%s%s [y/N] ", preview, question)
	line, err := answer(ctx, func() (string, error) {
		return bufio.NewReader(s.In).ReadString('\n')
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return &exitError{status: exitNo, err: errDeclined}
}
