package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// deadlock is a cycle of waits: each waits for the next, and the last for the first.
type deadlock struct {
	Waits []deadlockWait `json:"waits"`
}

// deadlockWait is one wait of a deadlock.
type deadlockWait struct {
	Lock          string    `json:"lock"`
	Waiter        string    `json:"waiter"`
	WaiterToken   string    `json:"waiter_token"`
	WaiterSession string    `json:"waiter_session,omitempty"`
	Since         time.Time `json:"since"`
	Ahead         string    `json:"ahead"`
	AheadToken    string    `json:"ahead_token"`
	AheadSession  string    `json:"ahead_session,omitempty"`
	AheadHolds    bool      `json:"ahead_holds"`
}

// detective is the command deadlocks.
type detective struct {
	target
	streams  Streams
	apart    time.Duration
	sessions bool
	asJSON   bool
}

func newDeadlocks(streams Streams) *cobra.Command {
	d := detective{streams: streams}
	cmd := &cobra.Command{
		Use:   "deadlocks",
		Short: "Find clients that wait for one another",
		Long: `Deadlocks reads the queues of all locks, and shows cycles of clients in which each client waits for
the next one in the queue of a lock or semaphore. With each cycle it prints a command that would
break it. It reads the queues twice, the time --apart after one another, and shows only the cycles
that were there both times.

A client is a process if its identifier names one, as the identifiers of zklock and zooky run do.
Otherwise a client is a ZooKeeper session. A process can hold a lock in one thread and wait for
another lock in another thread. If the first thread does not wait for the second, that is not a
cycle, but only the program can tell. A client that waits for permits of a semaphore is in a cycle
only if none of the holders of its permits can go on. A client that is in several cycles is shown in
one of them.

The exit status is 0 if there is no cycle, 1 if there is one or there is no root, and 2 if something
went wrong.`,
		Example: `  zooky deadlocks`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.apart < 0 {
				return errors.New("a time to wait is not negative")
			}
			return d.withRoot(cmd.Context(), d.run)
		},
	}
	d.addFlags(cmd.Flags(), streams.Err)
	cmd.Flags().DurationVar(&d.apart, "apart", 2*time.Second, "time between the two readings")
	cmd.Flags().BoolVar(&d.sessions, "sessions", false,
		"show session ids too, from which ZooKeeper derives the sessions' passwords")
	addJSON(cmd, &d.asJSON)
	return cmd
}

func (d *detective) run(ctx context.Context, s *zklock.Session) error {
	stop := patient(d.streams.Err, "reading the queues …")
	cycles, err := d.find(ctx, s)
	stop()
	if err != nil {
		return err
	}
	found := make([]deadlock, 0, len(cycles))
	for _, cycle := range cycles {
		found = append(found, d.describe(cycle))
	}
	if d.asJSON {
		err = printJSON(d.streams.Out, found)
	} else {
		_, err = io.WriteString(d.streams.Out, deadlocksText(found))
	}
	if err == nil && len(found) > 0 {
		err = &exitError{status: exitNo, err: errSaid}
	}
	return err
}

// find returns the cycles of waits that are there at two looks.
func (d *detective) find(ctx context.Context, s *zklock.Session) ([][]wait, error) {
	first, err := d.look(ctx, s)
	if err != nil || len(newGraph(first).cycles()) == 0 {
		return nil, err
	}
	select {
	case <-time.After(d.apart):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	second, err := d.look(ctx, s)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(first))
	for _, w := range first {
		seen[w.id()] = true
	}
	return newGraph(slices.DeleteFunc(second, func(w wait) bool { return !seen[w.id()] })).cycles(),
		nil
}

// look returns who waits for whom.
func (d *detective) look(ctx context.Context, s *zklock.Session) (waits []wait, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*d.timeout)
	defer cancel()
	infos, err := s.Locks(ctx)
	if err != nil {
		return nil, err
	}
	infos = slices.DeleteFunc(infos, func(info zklock.LockInfo) bool { return info.Waiters == 0 })
	err = eachQueue(ctx, s, infos, func(m *zklock.Mutex, queue []zklock.Contender) {
		waits = append(waits, waitsOf(m.Name(), queue)...)
	})
	return waits, err
}

func (d *detective) describe(cycle []wait) deadlock {
	var found deadlock
	for _, w := range cycle {
		one := deadlockWait{
			Lock: w.lock, Since: w.waiter.Created,
			Waiter: whoIs(w.waiter), WaiterToken: tokenOf(w.waiter),
			Ahead: whoIs(w.ahead), AheadToken: tokenOf(w.ahead), AheadHolds: w.ahead.Holder,
		}
		if d.sessions {
			one.WaiterSession, one.AheadSession = sessionOf(w.waiter), sessionOf(w.ahead)
		}
		found.Waits = append(found.Waits, one)
	}
	return found
}

// deadlocksText shows deadlocks to people.
func deadlocksText(found []deadlock) string {
	if len(found) == 0 {
		return "No client waits in a circle.\n"
	}
	var b strings.Builder
	for i, d := range found {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d clients wait for one another:\n", len(d.Waits))
		for _, w := range d.Waits {
			b.WriteString(w.sentence())
		}
		b.WriteString("Any one of these would break it:\n")
		for _, w := range d.Waits {
			fmt.Fprintf(&b, "  zooky revoke %s --contender %s\n", quoted(w.Lock), w.AheadToken)
		}
	}
	return b.String()
}

func (w *deadlockWait) sentence() string {
	does := "is ahead"
	if w.AheadHolds {
		does = "holds it"
	}
	return fmt.Sprintf("  %s%s waits for %s since %s (%s); %s%s %s\n",
		text(w.Waiter, dataLimit).text, inSession(w.WaiterSession), text(w.Lock, nameLimit).text,
		w.Since.Local().Format(time.DateTime), age(w.Since),
		text(w.Ahead, dataLimit).text, inSession(w.AheadSession), does)
}

func inSession(id string) string {
	if id == "" {
		return ""
	}
	return " (session " + id + ")"
}

// quoted is a lock's name as a shell takes it.
func quoted(name string) string {
	return "'" + strings.ReplaceAll(text(name, nameLimit).text, "'", `'\''`) + "'"
}
