package cli

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/go-zookeeper/zk"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// choice says which contenders of a lock a command is about: all of them, if nothing is said.
type choice struct {
	holder    bool
	contender string // its znode, session or token; empty for any
}

func (c *choice) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&c.holder, "holder", false, "only the holders of the lock")
	flags.StringVar(&c.contender, "contender", "",
		"only the contender with this znode or fencing token, or the contenders of this session; "+
			"`WHICH` is written as in zooky show")
}

// of returns the contenders of a lock that are chosen. It fails if one was named that is not there.
func (c *choice) of(contenders []zklock.Contender) ([]zklock.Contender, error) {
	var chosen []zklock.Contender
	for _, one := range contenders {
		if (!c.holder || one.Holder) && (c.contender == "" || c.names(one)) {
			chosen = append(chosen, one)
		}
	}
	if c.contender != "" && len(chosen) == 0 {
		return nil,
			&exitError{status: exitNo, err: fmt.Errorf("no such contender: %s", c.contender)}
	}
	return chosen, nil
}

func (c *choice) names(one zklock.Contender) bool {
	return c.contender == one.Znode || c.contender == tokenOf(one) || c.contender == sessionOf(one)
}

func tokenOf(c zklock.Contender) string   { return zklock.Token{Zxid: c.Zxid}.String() }
func sessionOf(c zklock.Contender) string { return fmt.Sprintf("%#x", c.SessionID) }

// atOnce is how many requests are under way at a time.
const atOnce = 32

// forEach applies op to the waiters, and then to the holders of the lock: otherwise some waiters
// would be granted the lock in between. It returns those to whom op was applied, and leaves out the
// ones that have gone. If op is not allowed, it goes on with the others.
func forEach(ctx context.Context, contenders []zklock.Contender,
	op func(context.Context, zklock.Contender) error) (
	done []zklock.Contender, err error,
) {
	for _, holders := range []bool{false, true} {
		applied := make([]bool, len(contenders))
		var forbidden atomic.Int64
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for i, c := range contenders {
			if c.Holder != holders {
				continue
			}
			g.Go(func() error {
				err := op(ctx, c)
				switch {
				case err == nil:
					applied[i] = true
				case errors.Is(err, zk.ErrNoAuth):
					forbidden.Add(1)
				case !errors.Is(err, zk.ErrNoNode):
					return err
				}
				return nil
			})
		}
		err = errors.Join(err, g.Wait())
		if n := forbidden.Load(); n > 0 {
			err = errors.Join(err, fmt.Errorf("%d of %d: %w", n, len(contenders), zk.ErrNoAuth))
		}
		for i, c := range contenders {
			if applied[i] {
				done = append(done, c)
			}
		}
	}
	return done, err
}

// deleteZnode deletes a znode. It fails with an error that matches zk.ErrNoNode if it is not there.
func deleteZnode(ctx context.Context, s *zklock.Session, znode string) error {
	_, err := answer(ctx, func() (struct{}, error) {
		return struct{}{}, s.Conn().Delete(znode, -1)
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", znode, err)
	}
	return nil
}
