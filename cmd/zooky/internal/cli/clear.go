package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-zookeeper/zk"
	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// cleared is how many znodes clear has removed: contenders, and such that belonged to no session.
type cleared struct {
	Removed int `json:"removed"`
	Strays  int `json:"strays,omitempty"`
}

// clearer is the command clear.
type clearer struct {
	target
	streams Streams
	choice  choice
	yes     bool
	asJSON  bool
}

func newClear(streams Streams) *cobra.Command {
	c := clearer{streams: streams}
	cmd := &cobra.Command{
		Use:   "clear NAME [flags]",
		Short: "Free a lock by removing contenders from its queue",
		Long: `Clear removes the contenders of a lock: all of them, or the ones that --holder or --contender
selects. It is for locks whose holders no longer respond. A holder that is alive is told that it has
lost the lock, but another client can be granted the lock before that: a holder that is connected is
told within 50 ms and one round trip to its server, a holder that is cut off within about half its
session timeout. It is better to ask first, and to remove only holders that do not release in time:
zooky revoke NAME --then-force 30s.

On a terminal clear shows the contenders that it is about to remove and asks for confirmation;
elsewhere it needs --yes. It removes waiters before holders, and does not remove contenders that
came later.

Without --holder it also removes znodes that are named like contenders, belong to no session, and
have no children.

The exit status is 0 if they were removed, 1 if there is no such lock or contender, or if removal
was not confirmed, and 2 if something went wrong.`,
		Example: `  zooky clear fred --yes
  zooky clear fred --contender 00000000000000a3.00000000`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !c.yes && !streams.interactive() {
				return errors.New("clear takes the lock from its holder, which may be working still: say --yes (or --force), or ask first with " +
					"zooky revoke --then-force")
			}
			return c.withLock(cmd.Context(), args[0], c.run)
		},
	}
	c.addFlags(cmd.Flags(), streams.Err)
	c.completeLock(cmd)
	c.choice.addFlags(cmd.Flags())
	addYes(cmd, &c.yes)
	cmd.Flags().BoolVar(&c.yes, "force", false, "like --yes")
	addJSON(cmd, &c.asJSON)
	return cmd
}

// addYes adds the flag of the commands that ask whether they are meant.
func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

func (c *clearer) run(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
	doomed, incomplete := c.choose(ctx, s, m)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return incomplete
	}
	if !c.yes {
		question := fmt.Sprintf("Remove that from the queue of %s?", text(m.Name(), nameLimit).text)
		if err := c.streams.confirm(ctx, doomed.preview(c.streams.Err), question); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*c.timeout) // there may be many
	defer cancel()
	removed, err := forEach(ctx, doomed.contenders,
		func(ctx context.Context, one zklock.Contender) error {
			return deleteZnode(ctx, s, m.Path()+"/"+one.Znode)
		})
	if err != nil {
		return err
	}
	strays, err := removeStrays(ctx, s, m.Path(), doomed.strays)
	if err != nil {
		return err
	}
	return errors.Join(incomplete, c.tell(m.Name(), cleared{len(removed), strays}))
}

// selection is what a command is about to change.
type selection struct {
	contenders []zklock.Contender
	strays     []string
}

// choose looks at a lock's queue. With an error that matches zklock.ErrIncomplete it returns what
// it has seen of it.
func (c *clearer) choose(ctx context.Context, s *zklock.Session,
	m *zklock.Mutex) (*selection, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*c.timeout)
	defer cancel()
	children, err := listLock(ctx, s, m)
	if err != nil {
		return nil, err
	}
	contenders, incomplete := contendersOf(ctx, s, m)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return nil, incomplete
	}
	chosen := &selection{}
	if !c.choice.holder {
		if chosen.strays, err = findStrays(ctx, s, m.Path(),
			c.choice.strays(children)); err != nil {
			return nil, err
		}
	}
	if chosen.contenders, err = c.choice.of(contenders); err != nil && len(chosen.strays) == 0 {
		return nil, err
	}
	return chosen, incomplete
}

// strays returns the children of a lock that may be removed as strays.
func (c *choice) strays(children []string) []string {
	if c.contender == "" {
		return children
	}
	for _, child := range children {
		if child == c.contender {
			return []string{child}
		}
	}
	return nil
}

// preview shows a selection to people.
func (s *selection) preview(w io.Writer) fmt.Stringer {
	q := &queue{Contenders: make([]contender, 0, len(s.contenders))}
	for _, c := range s.contenders {
		q.Contenders = append(q.Contenders, newContender(c))
	}
	q.hideSessions()
	t := queueTable(w, q)
	for _, stray := range s.strays {
		t.add(cell{text: "no session"}, cell{}, cell{}, cell{}, cell{}, cell{},
			text(stray, nameLimit))
	}
	return t
}

func (c *clearer) tell(name string, done cleared) error {
	if c.asJSON {
		return printJSON(c.streams.Out, done)
	}
	line := fmt.Sprintf("%d removed from the queue of %s.\n", done.Removed,
		text(name, nameLimit).text)
	if done.Strays > 0 {
		line += fmt.Sprintf("%d removed that belonged to no session.\n", done.Strays)
	}
	_, err := io.WriteString(c.streams.Out, line)
	return err
}

// removeStrays removes the strays of a lock that have no children. It returns how many.
func removeStrays(ctx context.Context, s *zklock.Session, lock string,
	strays []string) (removed int, err error) {
	for _, stray := range strays {
		err := deleteZnode(ctx, s, lock+"/"+stray)
		switch {
		case err == nil:
			removed++
		case !errors.Is(err, zk.ErrNoNode) && !errors.Is(err, zk.ErrNotEmpty):
			// gone, or a lock that is in use
			return removed, err
		}
	}
	return removed, nil
}
