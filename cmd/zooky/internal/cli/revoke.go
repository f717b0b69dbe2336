package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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

// revoker is the command revoke.
type revoker struct {
	target
	streams   Streams
	choice    choice
	yes       bool
	wait      time.Duration
	thenForce time.Duration
	force     bool
	reason    string
	identity  string
	asJSON    bool
}

func newRevoke(streams Streams) *cobra.Command {
	r := revoker{streams: streams}
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Ask the contenders of a lock to release it",
		Long: `Revoke asks the contenders of a lock to release it: all of them, waiters included, or the ones that
--holder or --contender selects. A holder may take the time that it needs. With --wait revoke waits
until all of them are gone, and reports each as it goes. With --then-force it waits for that long,
and then removes the contenders that are left. A holder that is removed is told, but another client
can be granted the lock before that: the holder is told within 50 ms and one round trip to its
server if it is connected. Give it the time that it needs to stop.

Clients of zklock are told who asks, and with --reason why; zooky show and zooky watch show both.
Clients of other libraries are told neither.

On a terminal revoke shows which contenders it is about to ask, and asks for confirmation; with
--yes, and elsewhere, it does not. Contenders that come later are not asked.

The exit status is 0 if all were asked and, with --wait or --then-force, are gone; 1 if some are
left, if there is no such lock or contender, or if the request was not confirmed; and 2 if something
went wrong.`,
		Example: `  zooky revoke fred --holder --wait 10s --reason 'node maintenance, see OPS-77'
  zooky revoke fred --then-force 30s
  zooky revoke fred --contender 0x100000a3f2d0004`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.wait < 0 || r.thenForce < 0 {
				return errors.New("a time to wait is not negative")
			}
			if r.force = cmd.Flags().Changed("then-force"); r.force {
				r.wait = max(r.wait, r.thenForce)
			}
			return r.withLock(cmd.Context(), args[0], r.run)
		},
	}
	r.addFlags(cmd.Flags(), streams.Err)
	r.completeLock(cmd)
	r.choice.addFlags(cmd.Flags())
	addYes(cmd, &r.yes)
	cmd.Flags().DurationVar(&r.wait, "wait", 0, "how long to wait for the lock to be released")
	cmd.Flags().DurationVar(&r.thenForce, "then-force", 0,
		"how long to wait, before the contenders that are left are removed")
	addReason(cmd.Flags(), &r.reason)
	cmd.Flags().StringVar(&r.identity, "identity", "",
		"`TEXT` that names the asker (default $ZOOKY_IDENTITY, or USER@HOST/PID zooky revoke)")
	addJSON(cmd, &r.asJSON)
	return cmd
}

// addReason adds the flag of the commands that ask for a lock.
func addReason(flags *pflag.FlagSet, reason *string) {
	flags.StringVar(reason, "reason", "",
		"`TEXT` that says why, for the contenders that are asked and for zooky show")
}

// because returns what says why a lock is asked for, if that is said.
func because(reason string) []zklock.RevokeOption {
	if reason == "" {
		return nil
	}
	return []zklock.RevokeOption{zklock.WithReason(reason)}
}

func (r *revoker) run(ctx context.Context, s *zklock.Session, m *zklock.Mutex) error {
	who := cmp.Or(r.identity, identity([]string{"zooky", "revoke"}))
	m, err := s.Mutex(m.Name(), zklock.WithIdentifier(who))
	if err != nil {
		return err
	}
	chosen, incomplete := r.choose(ctx, s, m)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return incomplete
	}
	if !r.yes && r.streams.interactive() && len(chosen) > 0 {
		preview := (&selection{contenders: chosen}).preview(r.streams.Err)
		if err := r.streams.confirm(ctx, preview, r.question(m.Name())); err != nil {
			return err
		}
	}
	done, err := r.revoke(ctx, s, m, chosen)
	if err != nil {
		return err
	}
	if r.asJSON {
		err = printJSON(r.streams.Out, done)
	} else {
		_, err = io.WriteString(r.streams.Out, done.String())
	}
	if n := len(done.Remain); err == nil && n > 0 && r.wait > 0 {
		err = &exitError{status: exitNo,
			err: fmt.Errorf("%s: not released by %d within %v", m.Name(), n, r.wait)}
	}
	return errors.Join(incomplete, err)
}

func (r *revoker) question(name string) string {
	after := ""
	if r.force {
		after = fmt.Sprintf(", and remove after %v the ones that have not", r.wait)
	}
	return fmt.Sprintf("Ask to release %s%s?", text(name, nameLimit).text, after)
}

// choose looks at a lock's queue. With an error that matches zklock.ErrIncomplete it returns what
// it has seen of it.
func (r *revoker) choose(ctx context.Context, s *zklock.Session,
	m *zklock.Mutex) ([]zklock.Contender, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if _, err := listLock(ctx, s, m); err != nil {
		return nil, err
	}
	contenders, incomplete := contendersOf(ctx, s, m)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return nil, incomplete
	}
	chosen, err := r.choice.of(contenders)
	if err != nil {
		return nil, err
	}
	return chosen, incomplete
}

// revoke asks, waits, and with --then-force removes the contenders that are left.
func (r *revoker) revoke(ctx context.Context, s *zklock.Session, m *zklock.Mutex,
	asked []zklock.Contender) (*revocation, error) {
	asking, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	ask := func(ctx context.Context, c zklock.Contender) error {
		return m.Revoke(ctx, c, because(r.reason)...)
	}
	if _, err := forEach(asking, asked, ask); err != nil {
		return nil, err
	}
	left, err := r.awaitGone(ctx, s, m, asked, r.wait)
	if err != nil {
		return nil, err
	}
	done := &revocation{Asked: whoAre(asked), Removed: []string{}, Remain: []string{}}
	if r.force {
		removing, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		removed, err := forEach(removing, left,
			func(ctx context.Context, c zklock.Contender) error {
				return deleteZnode(ctx, s, m.Path()+"/"+c.Znode)
			})
		if err != nil {
			return nil, err
		}
		done.Removed, left = whoAre(removed), removed
	} else {
		done.Remain = whoAre(left)
	}
	done.Released = whoAre(without(asked, left))
	return done, nil
}

// without returns the contenders that are not among others.
func without(contenders, others []zklock.Contender) []zklock.Contender {
	there := places(others)
	return slices.DeleteFunc(slices.Clone(contenders), func(c zklock.Contender) bool {
		return there[placeOf(c)]
	})
}

// awaitGone waits until those contenders have gone, no longer than wait, and returns who is left.
func (t *target) awaitGone(
	ctx context.Context, s *zklock.Session, m *zklock.Mutex, asked []zklock.Contender,
	wait time.Duration,
) ([]zklock.Contender, error) {
	over := time.After(wait)
	for {
		asking, cancel := context.WithTimeout(ctx, t.timeout)
		present, err := contendersOf(asking, s, m)
		cancel()
		if err != nil && !errors.Is(err, zklock.ErrIncomplete) {
			return nil, err
		}
		gone := without(asked, present)
		left := without(asked, gone)
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
		fmt.Fprintln(&b, "still there:", text(one, nameLimit).text)
	}
	return b.String()
}
