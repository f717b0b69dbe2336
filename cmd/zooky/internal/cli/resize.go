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
		Long: `Resize sets how many permits a semaphore has, and so how many commands zooky run --slots runs at a
time under the name. The size applies to all clients, whatever size they give, until it is set
again. Waiting clients learn of it at once. If more than N permits are held, no holder is stopped:
no permit is granted until enough are released. With N = 0, the next client that acquires a permit
sets the size again.

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
				sem, err := lookAtSemaphore(s, m)
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
