package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"
	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newRemove(streams Streams) *cobra.Command {
	var t target
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a lock that is not in use",
		Long: `Remove deletes the znode of a lock. It refuses if the lock has holders or waiters, and names them.

The exit status is 0 if the lock was removed, 1 if it is in use or does not exist, and 2 if
something went wrong.`,
		Example: `  zooky remove fred`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			return t.withLock(cmd.Context(), name,
				func(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
					ctx, cancel := context.WithTimeout(ctx, t.timeout)
					defer cancel()
					err := s.Remove(ctx, name)
					switch {
					case errors.Is(err, zk.ErrNoNode):
						return noLock(name)
					case errors.Is(err, zklock.ErrLocked):
						return &exitError{status: exitNo, err: inUse(ctx, m)}
					case errors.Is(err, zk.ErrNotEmpty):
						return &exitError{status: exitNo, err: notEmpty(ctx, s, m)}
					case err != nil:
						return err
					case asJSON:
						return printJSON(streams.Out, map[string]string{"removed": name})
					}
					_, err = fmt.Fprintf(streams.Out, "%s is removed.\n",
						text(name, nameLimit).text)
					return err
				})
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	t.completeLock(cmd)
	addJSON(cmd, &asJSON)
	return cmd
}

// notEmpty is the error that says what is below a lock.
func notEmpty(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
	if q, err := readQueue(ctx, s, m); err == nil && len(q.Strays) > 0 {
		return fmt.Errorf("%s: znodes below it are named like contenders and belong to no session; zooky clear --force removes them",
			m.Name())
	}
	return fmt.Errorf("%s: there are other znodes below it; zooky list '%[1]s/**' shows them",
		m.Name())
}

// inUse is the error that says who uses a lock, as far as that can be read.
func inUse(ctx context.Context, m *zklock.Mutex) error {
	err := fmt.Errorf("%s: it is in use", m.Name())
	if contenders, listErr := m.Contenders(ctx); listErr == nil && len(contenders) > 0 {
		return fmt.Errorf("%w by %s", err, who(contenders))
	}
	return err
}
