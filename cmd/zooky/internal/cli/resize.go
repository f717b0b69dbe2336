package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newResize(streams Streams) *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "resize NAME N",
		Short: "Set how many permits a semaphore has",
		Long: `Resize sets how many permits a semaphore has, and how many commands zooky run --slots runs at a
time under the name, for all who use it and until it is set again, whatever size they are made for.
Those who wait learn of it at once. If more permits are held than there are then, no holder is stopped: the next is
granted one when enough are released. With 0 the users say the size again.

The exit status is 0, or 2 if something went wrong.`,
		Example: `  zooky resize transcode 2`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 0 {
				return fmt.Errorf("%q is no number of permits: want 0 or more", args[1])
			}
			resize := func(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
				ctx, cancel := context.WithTimeout(ctx, t.timeout)
				defer cancel()
				sem, err := semaphoreAt(s, m)
				if err == nil {
					err = sem.Resize(ctx, n)
				}
				if err != nil {
					return err
				}
				has := fmt.Sprintf("%d permits", n)
				if n == 0 {
					has = "the size that its users say"
				}
				_, err = fmt.Fprintf(streams.Out, "%s has %s.\n",
					text(m.Name(), nameLimit).text, has)
				return err
			}
			return t.withLock(cmd.Context(), args[0], resize)
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	t.completeLock(cmd)
	return cmd
}
