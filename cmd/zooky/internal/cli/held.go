package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newHeld(streams Streams) *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "held NAME",
		Short: "Report by the exit status whether a lock is held",
		Long: `Held prints nothing and has one of these exit statuses:

  0  the lock is held, or a permit of the semaphore
  1  it is free, or there is no such lock
  2  it is not known: the servers do not answer, the lock may not be read, or there is no root,
     which may be mistyped

The answer may be out of date at once. To do something while a lock is free, take the lock: zooky
run NAME --try.`,
		Example: `  if zooky held nightly-backup; then echo "still at it"; fi`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := t.withLock(cmd.Context(), args[0],
				func(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
					ctx, cancel := context.WithTimeout(ctx, t.timeout)
					defer cancel()
					contenders, err := contendersOf(ctx, s, m)
					// the holders come first
					if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
						return err
					}
					if !slices.ContainsFunc(contenders, func(c zklock.Contender) bool {
						return c.Holder
					}) {
						return &exitError{status: exitNo, err: errSaid}
					}
					return nil
				})
			if errors.Is(err, errNoRoot) {
				return &exitError{status: exitTrouble, err: err}
			}
			return err
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	t.completeLock(cmd)
	return cmd
}
