package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newList(streams Streams) *cobra.Command {
	var t target
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [PATTERN]",
		Short: "List the locks",
		Long: `List prints all locks, or the locks whose names match PATTERN: * stands for any characters but /, ?
for one, [a-z] for one of several, and the segment ** for any number of segments, so jobs/** matches
all locks below jobs. A lock is Locked if it has holders or waiters, and Free otherwise. A lock that
may not be read is listed as No permission, or as Unreadable if the servers' answer is too large. No
session marks a znode that is named like a contender of the lock above it and belongs to no session:
it holds nothing, and zooky clear removes it. HELD is how long the first holder has held the lock.
Holders that use zklock report that once it is ten seconds; for other holders, list prints when they
came into the queue. HELD BY is the holder's identifier.

The exit status is 0; 1 if the root does not exist although --root, $ZOOKY_ROOT or a chroot names
it, which may be mistyped; or 2 if the locks could not be read, or are too many to list all. The
error says how many locks are left out.

Names are printed escaped, as in a Go or C string, if they have characters that a terminal would not
show as they are.`,
		Example: `  zooky list
  zooky list 'jobs/**' --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := anySegments
			if len(args) > 0 {
				names = args[0]
			}
			wanted, err := newPattern(names)
			if err != nil {
				return err
			}
			var locks []lock
			stop := patient(streams.Err, "reading the locks …")
			err = t.withRoot(cmd.Context(),
				func(ctx context.Context, s *zklock.Session) (err error) {
					// A look at many locks takes longer than an answer; still it has to end when
					// the servers are gone.
					ctx, cancel := context.WithTimeout(ctx, 10*t.timeout)
					defer cancel()
					locks, err = readLocks(ctx, s.Locks, wanted.matches)
					return err
				})
			stop()
			if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
				return err
			}
			if asJSON {
				return errors.Join(err, printJSON(streams.Out, locks))
			}
			_, printErr := fmt.Fprint(streams.Out, locksTable(streams.Out, locks))
			return errors.Join(err, printErr)
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	addJSON(cmd, &asJSON)
	return cmd
}

func addJSON(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// patient shows on a terminal that something takes longer than a second, with the seconds. stop
// takes it away.
func patient(w io.Writer, message string) (stop func()) {
	if !onTerminal(w) {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() { // ended and waited for by stop
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for seconds := 1; ; seconds++ {
			select {
			case <-tick.C:
				fmt.Fprintf(w, "\r%s %d s", message, seconds)
			case <-end:
				if seconds > 1 {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}
