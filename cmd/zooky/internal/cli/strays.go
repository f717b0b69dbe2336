package cli

import (
	"context"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	names "github.com/zookylock/zklock/internal/queue"
)

// A stray is a znode that is named like a contender and belongs to no session: a client without
// sense has made it, or it is a lock of its own with such a name. It holds nothing, and no client
// of ours waits for it.

// named like a contender.
func likeContender(znode string) bool {
	_, ok := names.Parse(path.Base(znode))
	return ok
}

// findStrays returns the strays among a lock's children.
func findStrays(ctx context.Context, s *zklock.Session, lock string,
	children []string) ([]string, error) {
	stray := make([]bool, len(children))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, child := range children {
		if !likeContender(child) {
			continue
		}
		g.Go(func() (err error) {
			stray[i], err = answer(ctx, func() (bool, error) {
				exists, stat, err := s.Conn().Exists(lock + "/" + child)
				return exists && stat.EphemeralOwner == 0, err
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var strays []string
	for i, child := range children {
		if stray[i] {
			strays = append(strays, child)
		}
	}
	slices.Sort(strays)
	return strays, nil
}
