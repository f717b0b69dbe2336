package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// completionLimit bounds how long a shell waits for the names of locks.
const completionLimit = 2 * time.Second

// completeLock completes a command's first argument to the name of a lock, and leaves the others to
// the shell.
func (t *target) completeLock(cmd *cobra.Command) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string,
		cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		names, err := t.namesBeginning(cmd, begun)
		if err != nil {
			cobra.CompErrorln(message(err.Error()))
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// namesBeginning lists the names that begin with some text. It leaves out names that a terminal
// would not show as they are.
func (t *target) namesBeginning(cmd *cobra.Command, begun string) (names []string, err error) {
	if err := setFromEnvironment(cmd.Flags()); err != nil {
		return nil, err
	}
	t.timeout = min(t.timeout, completionLimit)
	ctx, cancel := context.WithTimeout(context.Background(), completionLimit)
	defer cancel()
	err = t.with(ctx, func(ctx context.Context, s *zklock.Session) error {
		infos, err := s.Locks(ctx)
		for _, info := range infos {
			if strings.HasPrefix(info.Name, begun) && escape.Text(info.Name) == info.Name {
				names = append(names, info.Name)
			}
		}
		return err
	})
	return names, err
}
