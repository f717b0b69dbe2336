package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newClear(streams Streams) *cobra.Command {
	var t target
	var force, asJSON bool
	cmd := &cobra.Command{
		Use:   "clear NAME --force",
		Short: "Free a lock by removing everybody from its queue",
		Long: `Clear removes every contender of a lock, holders included. It is for locks whose holders are beyond being asked. A
holder that is alive is told that it has lost the lock, but the next one can begin before that: a holder that is
connected is told within 50 ms and one trip to its server, one that is cut off within about half its session
timeout. Rather ask first, and remove those that do not release in time: zooky revoke NAME --then-force 30s.`,
		Example: `  zooky clear fred --force`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !force {
				return errors.New("clear takes the lock from whoever holds it, who may be working still: say --force, or ask first with " +
					"zooky revoke --then-force")
			}
			name := args[0]
			return t.with(cmd.Context(), func(ctx context.Context, s *zklock.Session) error {
				ctx, cancel := context.WithTimeout(ctx, t.timeout)
				defer cancel()
				if _, err := readQueue(ctx, s, name); err != nil {
					return err
				}
				m, err := s.Mutex(name)
				if err != nil {
					return err
				}
				n, err := m.Clear(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(streams.Out, map[string]int{"removed": n})
				}
				fmt.Fprintf(streams.Out, "%d removed from the queue of %s.\n", n, text(name, nameLimit).text)
				return nil
			})
		},
	}
	t.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&force, "force", false, "say that this is meant")
	addJSON(cmd, &asJSON)
	return cmd
}
