package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// change is one difference between two looks, as watch tells it where there is no terminal.
type change struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // added, changed or removed; held, queued, revoked or left
	Lock string    `json:"lock"`
	Now  any       `json:"now,omitempty"` // the lock or the contender
	line string    // two things that stand alike have the same
	// since when it is held, behind the line; it becomes known after a while, which is no change
	since string
}

func newWatch(streams Streams) *cobra.Command {
	var t target
	var every time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "watch [NAME]",
		Short: "Watch the locks, or one lock's queue",
		Long: `Watch shows all locks, or the queue of one lock, until Ctrl-C: live on a terminal, and otherwise or
with --json as one line for each change. It reads them at the interval --every and shows what has
changed. If it watches all locks, it reads only the locks that have changed; if it watches one, it
reads the queue each time. Rows and columns that do not fit the terminal are left out. If the
servers do not answer, watch says since when, on the screen or in a line on standard error, and ends
with status 2 after ten times --timeout.`,
		Example: `  zooky watch
  zooky watch fred | tee fred.log`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every < look {
				return fmt.Errorf("--every %v: it is at least %v", every, look)
			}
			err := t.with(cmd.Context(), func(ctx context.Context, s *zklock.Session) error {
				locks := s.NewLister()
				defer locks.Close()
				w := &watch{out: streams.Out, err: streams.Err,
					live:   onTerminal(streams.Out) && os.Getenv("TERM") != "dumb" && !asJSON,
					asJSON: asJSON}
				return w.run(ctx, every, func(ctx context.Context) (view, error) {
					ctx, cancel := context.WithTimeout(ctx, 10*t.timeout)
					defer cancel()
					if len(args) > 0 {
						return viewQueue(ctx, s, streams.Out, args[0])
					}
					return viewLocks(ctx, locks.Locks, streams.Out)
				})
			})
			return endedBySignal(err)
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	t.completeLock(cmd)
	cmd.Flags().DurationVar(&every, "every", time.Second, "refresh interval")
	addJSON(cmd, &asJSON)
	return cmd
}

// view is one look at the locks or at a queue.
type view struct {
	table *table // for people
	// by what tells one from another: how each stands, as the change that led there
	things map[string]change
}

// differs returns the changes since an earlier view, in the order of their keys.
func (v view) differs(before view) []change {
	var changes []change
	for _, key := range slices.Sorted(maps.Keys(before.things)) {
		if _, ok := v.things[key]; !ok {
			gone := before.things[key]
			gone.What, gone.Now = "removed", nil
			if _, ok := before.things[key].Now.(contender); ok {
				gone.What = "left"
			}
			gone.At = time.Now()
			changes = append(changes, gone)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.things)) {
		now := v.things[key]
		if was, ok := before.things[key]; !ok || was.line != now.line || was.What != now.What {
			if ok && now.What == "added" {
				now.What = "changed"
			}
			changes = append(changes, now)
		}
	}
	return changes
}

func viewLocks(ctx context.Context, list lister, out io.Writer) (view, error) {
	locks, err := readLocks(ctx, list, func(string) bool { return true })
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return view{}, err
	}
	v := view{table: locksTable(out, locks), things: make(map[string]change)}
	for _, l := range locks {
		v.things[l.Name] = change{
			At: time.Now(), What: "added", Lock: l.Name, Now: l,
			line: l.sentence(), since: heldSince(l.HeldSince),
		}
	}
	v.addIncomplete(err)
	return v, nil
}

// sentence says how a lock stands.
func (l *lock) sentence() string {
	s := fmt.Sprintf("%s: %s, %d holders, %d waiters", text(l.Name, nameLimit).text,
		l.Status, l.Holders, l.Waiters)
	if l.Permits > 0 {
		s += fmt.Sprintf(", %d permits in use", l.Permits)
	}
	if l.HeldBy != "" {
		s += ", held by " + text(l.HeldBy, dataLimit).text
	}
	return s
}

// heldSince says since when, behind a sentence.
func heldSince(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", since " + at.Local().Format(time.DateTime)
}

// addIncomplete says what is left out.
func (v view) addIncomplete(err error) {
	if err == nil {
		return
	}
	v.table.add(cell{text(err.Error(), nameLimit).text, red})
	const nobodysName = ""
	v.things[nobodysName] = change{At: time.Now(), What: "incomplete",
		line: text(err.Error(), nameLimit).text}
}

func viewQueue(ctx context.Context, s *zklock.Session, out io.Writer, name string) (view, error) {
	m, err := s.Mutex(name)
	if err != nil {
		return view{}, err
	}
	q, err := readQueue(ctx, s, m)
	if errors.Is(err, errNoLock) {
		q, err = &queue{Name: name, Status: free}, nil // it may come
	}
	if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
		return view{}, err
	}
	q.hideSessions()
	v := view{table: queueTable(out, q), things: make(map[string]change)}
	for _, c := range q.Contenders {
		what := "queued"
		switch {
		case c.Revoked:
			what = "revoked"
		case c.Holder:
			what = "held"
		}
		line := fmt.Sprintf("%s: %s, %s, token %s",
			text(name, nameLimit).text, text(c.Identifier, dataLimit).text, c.Kind, c.Token)
		if by := byWhom(c.RevokedBy, c.Reason); by != "" {
			line += ", asked " + by
		}
		// Tokens sort as the queue does, as good as always, and are not used twice.
		v.things[c.Token] = change{At: time.Now(), What: what, Lock: name, Now: c, line: line,
			since: heldSince(c.HeldSince)}
	}
	v.addIncomplete(err)
	return v, nil
}
