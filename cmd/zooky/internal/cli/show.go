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
	var asJSON, sessions bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show who holds a lock and who waits for it",
		Long: `Show prints the queue of one lock in queue order, its holders first. WHO is the data of the
contender's znode: its identifier, until a client of another library overwrites it with a request to
release. HELD is how long the contender has held the lock, by the servers' clock. Holders that use
zklock report that once it is ten seconds; before that, and for other holders, HELD is "?". QUEUED
is when the contender came into the queue. TOKEN is the fencing token with which the hold began. If
a process passes the lock on inside itself, the tokens of the next holds are greater, and are not
shown. For a semaphore show prints how many permits are in use, and by which clients. A znode that
is named like a contender and belongs to no session is not a contender: no client waits for it, and
zooky clear removes it.

The exit status is 0 if the lock exists, held or not; 1 if it does not, or if its name is only the
beginning of other locks' names; and 2 if that could not be found out. A script that only needs to
know whether a lock is held can use zooky held.`,
		Example: `  zooky show fred`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.withLock(cmd.Context(), args[0],
				func(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
					ctx, cancel := context.WithTimeout(ctx, t.timeout)
					defer cancel()
					q, incomplete := readQueue(ctx, s, m)
					if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
						return incomplete
					}
					if q.isSegment() {
						return &exitError{status: exitNo,
							err: fmt.Errorf("%s: %w: it is the beginning of other names, as %s/%s; "+
								"zooky list '%[1]s/**' shows them", q.Name, errNoLock, q.Name,
								q.segments()[0])}
					}
					if !sessions {
						q.hideSessions()
					}
					if asJSON {
						return errors.Join(incomplete, printJSON(streams.Out, q))
					}
					_, err := io.WriteString(streams.Out, q.describe(queueTable(streams.Out, q)))
					return errors.Join(incomplete, err)
				})
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	t.completeLock(cmd)
	cmd.Flags().BoolVar(&sessions, "sessions", false,
		"show session ids too, from which ZooKeeper derives the sessions' passwords")
	addJSON(cmd, &asJSON)
	return cmd
}

// describe shows a queue to people.
func (q *queue) describe(contenders *table) string {
	var b strings.Builder
	if q.Permits > 0 {
		used := 0
		for _, c := range q.Contenders {
			used += c.Permits
		}
		name := text(q.Name, nameLimit).text
		fmt.Fprintf(&b, "%s: %d of %d permits are in use\n", name, used, q.Permits)
	}
	if len(q.Contenders) > 0 {
		b.WriteString(contenders.String())
	} else if q.Permits == 0 {
		fmt.Fprintf(&b, "%s is free.\n", text(q.Name, nameLimit).text)
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
