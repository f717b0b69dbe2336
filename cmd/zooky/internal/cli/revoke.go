package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// look is how often a queue is looked at while something is waited for.
const look = 100 * time.Millisecond

// revocation is what became of a request to release. Contenders are named as whoIs does.
type revocation struct {
	Asked    []string `json:"asked"`
	Released []string `json:"released"`
	Removed  []string `json:"removed"`
	Remain   []string `json:"remain"`
}

func newRevoke(streams Streams) *cobra.Command {
	var t target
	var wait, thenForce time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Ask everybody in a lock's queue to release it",
		Long: `Revoke asks every contender of a lock to release it, those that wait included. Holders may take the time that they
need. With --wait it waits until all of them are gone, and reports who is. With --then-force it waits for that long, and
then removes those that are left. A holder that is removed is told, but the next one can begin before that: it is told
within 50 ms and one trip to its server if it is connected. Give it the time that it needs to stop.

The exit status is 0 if all were asked and, with --wait or --then-force, are gone; 1 if some are left or there is no
such lock; and 2 if something went wrong.`,
		Example: `  zooky revoke fred --wait 10s
  zooky revoke fred --then-force 30s`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if wait < 0 || thenForce < 0 {
				return errors.New("a time to wait is not negative")
			}
			force := cmd.Flags().Changed("then-force")
			if force {
				wait = max(wait, thenForce)
			}
			name := args[0]
			return t.with(cmd.Context(), func(ctx context.Context, s *zklock.Session) error {
				m, err := s.Mutex(name)
				if err != nil {
					return err
				}
				r, err := t.revoke(ctx, s, m, wait, force)
				if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
					return err
				}
				if asJSON {
					err = errors.Join(err, printJSON(streams.Out, r))
				} else {
					_, err = io.WriteString(streams.Out, r.String())
				}
				if n := len(r.Remain); err == nil && n > 0 && wait > 0 {
					return &exitError{status: exitNo, err: fmt.Errorf("%s: %d have not released it within %v", name, n, wait)}
				}
				return err
			})
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait that long for them to go")
	cmd.Flags().DurationVar(&thenForce, "then-force", 0, "wait that long for them to go, then remove those that are left")
	addJSON(cmd, &asJSON)
	return cmd
}

// revoke asks, waits, and removes those that are left if it must. With an error that matches zklock.ErrIncomplete it tells of
// some of those that it has asked.
func (t *target) revoke(ctx context.Context, s *zklock.Session, m *zklock.Mutex, wait time.Duration, force bool) (*revocation, error) {
	asking, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	if _, err := listLock(asking, s, m); err != nil {
		return nil, err
	}
	// Those that come between this look and the request are asked too, and are not reported.
	asked, incomplete := m.Contenders(asking)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return nil, incomplete
	}
	if _, err := m.RevokeAll(asking); err != nil {
		return nil, err
	}
	left, err := t.awaitGone(ctx, m, asked, wait)
	if err != nil {
		return nil, err
	}
	r := &revocation{Asked: whoAre(asked), Released: []string{}, Removed: []string{}, Remain: []string{}}
	remain := places(left)
	for _, c := range asked {
		if !remain[placeOf(c)] {
			r.Released = append(r.Released, whoIs(c))
		}
	}
	if !force {
		r.Remain = whoAre(left)
		return r, incomplete
	}
	removing, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	for _, c := range left {
		_, err := answer(removing, func() (struct{}, error) {
			return struct{}{}, s.Conn().Delete(m.Path()+"/"+c.Znode, -1)
		})
		switch {
		case errors.Is(err, zk.ErrNoNode):
			r.Released = append(r.Released, whoIs(c))
		case err != nil:
			return nil, fmt.Errorf("remove %s/%s: %w", m.Path(), c.Znode, err)
		default:
			r.Removed = append(r.Removed, whoIs(c))
		}
	}
	return r, incomplete
}

// awaitGone waits until those contenders have gone, no longer than wait, and returns who is left.
func (t *target) awaitGone(ctx context.Context, m *zklock.Mutex, asked []zklock.Contender, wait time.Duration) ([]zklock.Contender, error) {
	over := time.After(wait)
	for {
		asking, cancel := context.WithTimeout(ctx, t.timeout)
		present, err := m.Contenders(asking)
		cancel()
		if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
			return nil, err
		}
		there := places(present)
		left := slices.DeleteFunc(slices.Clone(asked), func(c zklock.Contender) bool { return !there[placeOf(c)] })
		if len(left) == 0 {
			return nil, nil
		}
		select {
		case <-time.After(look):
		case <-over:
			return left, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// place is what tells one place in a queue from all others.
type place struct {
	znode string
	zxid  int64
}

func placeOf(c zklock.Contender) place { return place{c.Znode, c.Zxid} }

func places(contenders []zklock.Contender) map[place]bool {
	places := make(map[place]bool, len(contenders))
	for _, c := range contenders {
		places[placeOf(c)] = true
	}
	return places
}

func whoAre(contenders []zklock.Contender) []string {
	names := make([]string, 0, len(contenders))
	for _, c := range contenders {
		names = append(names, whoIs(c))
	}
	return names
}

func (r *revocation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d asked.\n", len(r.Asked))
	for _, one := range r.Released {
		fmt.Fprintln(&b, "released: ", text(one, nameLimit).text)
	}
	for _, one := range r.Removed {
		fmt.Fprintln(&b, "removed:  ", text(one, nameLimit).text)
	}
	for _, one := range r.Remain {
		fmt.Fprintln(&b, "there yet:", text(one, nameLimit).text)
	}
	return b.String()
}
