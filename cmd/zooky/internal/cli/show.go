package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

func newShow(streams Streams) *cobra.Command {
	var t target
	var asJSON, withSessions bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show who holds a lock and who waits for it",
		Long: `Show prints the queue of one lock in queue order, its holders first. WHO is the data of the contender's znode: its
identifier, until a request to release overwrites it. The fencing token is that of the hold when it began; it counts on
while a process passes the lock on inside itself. A znode that is named like a contender and belongs to no session is
none: nobody waits for it, and zooky clear removes it.

The exit status is 0 if the lock exists, held or not, 1 if it does not, and 2 if that could not be found out.`,
		Example: `  zooky show fred`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(ctx context.Context, s *zklock.Session) error {
				ctx, cancel := context.WithTimeout(ctx, t.timeout)
				defer cancel()
				ids := hidden
				if withSessions {
					ids = shown
				}
				q, incomplete := readQueue(ctx, s, args[0], ids)
				if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
					return incomplete
				}
				if asJSON {
					return errors.Join(incomplete, printJSON(streams.Out, q))
				}
				_, err := io.WriteString(streams.Out, q.describe(queueTable(streams.Out, q, ids)))
				return errors.Join(incomplete, err)
			})
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	addJSON(cmd, &asJSON)
	cmd.Flags().BoolVar(&withSessions, "sessions", false,
		"show the contenders' ZooKeeper sessions; who knows a session's id can end it, so keep the output to yourself")
	return cmd
}

// describe shows a queue to people.
func (q *queue) describe(contenders *table) string {
	var b strings.Builder
	if len(q.Contenders) == 0 {
		fmt.Fprintf(&b, "%s is free.\n", text(q.Name, nameLimit).text)
	} else {
		b.WriteString(contenders.String())
	}
	for _, other := range q.Others {
		what := "no contender"
		if slices.Contains(q.Strays, other) {
			what = "no contender, belongs to no session"
		}
		fmt.Fprintf(&b, "%s: %s\n", what, text(other, nameLimit).text)
	}
	if q.OthersMore > 0 {
		fmt.Fprintf(&b, "and %d more that are none\n", q.OthersMore)
	}
	return b.String()
}
