package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/go-zookeeper/zk"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// cleared is how many znodes clear has removed: contenders, and such that belonged to no session.
type cleared struct {
	Removed int `json:"removed"`
	Strays  int `json:"strays,omitempty"`
}

func newClear(streams Streams) *cobra.Command {
	var t target
	var force, asJSON bool
	cmd := &cobra.Command{
		Use:   "clear NAME --force",
		Short: "Free a lock by removing everybody from its queue",
		Long: `Clear removes every contender of a lock, holders included. It is for locks whose holders are beyond being asked. A
holder that is alive is told that it has lost the lock, but the next one can begin before that: a holder that is
connected is told within 50 ms and one trip to its server, one that is cut off within about half its session
timeout. Rather ask first, and remove those that do not release in time: zooky revoke NAME --then-force 30s.

It also removes znodes that are named like contenders, belong to no session, and have nothing below them.`,
		Example: `  zooky clear fred --force`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !force {
				return errors.New("clear takes the lock from whoever holds it, who may be working still: say --force, or ask first with " +
					"zooky revoke --then-force")
			}
			name := args[0]
			return t.with(cmd.Context(), func(ctx context.Context, s *zklock.Session) error {
				ctx, cancel := context.WithTimeout(ctx, 10*t.timeout) // there may be many
				defer cancel()
				m, err := s.Mutex(name)
				if err != nil {
					return err
				}
				children, err := listLock(ctx, s, m)
				if err != nil {
					return err
				}
				n, err := m.Clear(ctx)
				if err != nil {
					return err
				}
				strays, err := removeStrays(ctx, s, m.Path(), children)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(streams.Out, cleared{n, strays})
				}
				done := fmt.Sprintf("%d removed from the queue of %s.\n", n, text(name, nameLimit).text)
				if strays > 0 {
					done += fmt.Sprintf("%d removed that belonged to no session.\n", strays)
				}
				_, err = io.WriteString(streams.Out, done)
				return err
			})
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	cmd.Flags().BoolVar(&force, "force", false, "say that this is meant")
	addJSON(cmd, &asJSON)
	return cmd
}

// removeStrays removes those of a lock's children that are strays, see isStray, and have nothing below them. It returns how many.
func removeStrays(ctx context.Context, s *zklock.Session, lock string, children []string) (int, error) {
	const atOnce = 32
	var removed atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, child := range children {
		g.Go(func() error {
			znode := lock + "/" + child
			stray, err := isStray(ctx, s, znode)
			if !stray || err != nil {
				return err
			}
			_, err = answer(ctx, func() (struct{}, error) { return struct{}{}, s.Conn().Delete(znode, -1) })
			switch {
			case err == nil:
				removed.Add(1)
				return nil
			case errors.Is(err, zk.ErrNoNode), errors.Is(err, zk.ErrNotEmpty): // gone, or a lock that is in use
				return nil
			default:
				return fmt.Errorf("remove %s: %w", znode, err)
			}
		})
	}
	err := g.Wait()
	return int(removed.Load()), err
}
